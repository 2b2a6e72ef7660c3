"""Sending: what a verdict says is pushed to TCP, redirected, corked or dropped, and how the bytes are accounted.

Source: net/ipv4/tcp_bpf.c of 7.2 (kernel-patches/bpf 014f07a97d29).

Left out everywhere: locks, references of sockets, wake-ups, flags. The socket lock is given up during a redirect; what
other threads do meanwhile is in the transition-system models, here nobody else comes.
"""

from psockmc.lang import NULL, Ptr, Struct, check, kernel, omits, s32, u32, user

from models.ring.skmsg import sk_msg_alloc, sk_msg_free, sk_msg_memcopy_from_iter, sk_msg_trim
from models.ring.skmsg_h import (
    kzalloc_sk_msg,
    sk_msg_apply_bytes,
    sk_msg_assign,
    sk_msg_full,
    sk_msg_init,
    sk_msg_iter_var_next,
    sk_msg_iter_var_prev,
    sk_msg_xfer,
    sk_psock_queue_msg,
)
from models.ring.sock import (
    __sk_rmem_schedule,
    as_int,
    get_page,
    note_sent,
    put_page,
    rmem_alloc_add,
    rmem_alloc_sub,
    sg_init_table,
    sk_mem_charge,
    sk_mem_uncharge,
)
from models.ring.types import (
    EACCES,
    ENOMEM,
    ENOSPC,
    EPIPE,
    SK_NONE,
    SK_PASS,
    SK_REDIRECT,
    iov_iter,
    sk_msg,
    sk_psock,
    sock,
)


class verdict(Struct):
    """What the program does with the message in its next run; the message itself it changes through the helpers.

    popped, pushed: how many bytes fewer or more it leaves; only the numbers are changed here, and only the last
    element. runs: how often it ran.
    """

    eval: u32
    apply_bytes: u32
    cork_bytes: u32
    sk_redir: Ptr[sock]
    redir_ingress: bool
    popped: u32
    runs: u32


class sending(Struct):
    """The variables of one sendmsg(): copied counts the bytes that it will report, err is its error.

    enospc, cork, delta: of tcp_bpf_send_verdict(). msg: its message, NULL once it is freed. more: there is a next turn.
    """

    copied: s32
    err: s32
    enospc: bool
    cork: bool
    delta: u32
    msg: Ptr[sk_msg]
    more: bool


# ---------------------------------------------------------------- redirect to ingress


@kernel("net/ipv4/tcp_bpf.c")
def bpf_tcp_ingress(sk: Ptr[sock], psock: Ptr[sk_psock], msg: Ptr[sk_msg], apply_bytes: u32) -> s32:
    """Moves the first `apply_bytes` bytes of the message (0: all) to the receive queue of sk.

    Returns 0, also when fewer bytes were moved because the socket takes no more; -ENOMEM when none was.
    """
    apply: bool = apply_bytes != 0
    copied: u32 = 0
    ret: s32 = 0
    tmp = kzalloc_sk_msg()
    if tmp == NULL:
        return -ENOMEM
    tmp.sg.start = msg.sg.start
    i: s32 = msg.sg.start
    while True:
        sge: s32 = i
        size: u32 = apply_bytes if apply and apply_bytes < msg.sg.data[sge].length else msg.sg.data[sge].length
        if not __sk_rmem_schedule(sk, size):
            if copied == 0:
                ret = -ENOMEM
            break
        sk_mem_charge(sk, size)
        rmem_alloc_add(sk, size)
        sk_msg_xfer(tmp, msg, i, size)
        copied += size
        if msg.sg.data[sge].length != 0:
            get_page(tmp.sg.data[i].page)
        i = sk_msg_iter_var_next(i)
        tmp.sg.end = i
        if apply:
            apply_bytes -= size
            if apply_bytes == 0:
                if msg.sg.data[sge].length != 0:
                    i = sk_msg_iter_var_prev(i)
                break
        if i == msg.sg.end:
            break
    if ret == 0:
        msg.sg.start = i
        if not sk_psock_queue_msg(psock, tmp):
            rmem_alloc_sub(sk, copied)
    else:
        sk_msg_free(sk, tmp)
        tmp.freed = True
    return ret


# ---------------------------------------------------------------- push to TCP


@kernel("net/ipv4/tcp.c")
def tcp_sendmsg_locked(sk: Ptr[sock], page: u32, offset: u32, size: s32) -> s32:
    """TCP takes bytes of the page; returns how many, or an error. It takes references of its own."""
    omits("TCP takes fewer bytes than it is asked for at two places of the stream at most, and fails at one of them")
    check(page != 0 or size == 0, "page: data are sent from a page")
    if sk.write_seq >= sk.send_fail_at:
        return -as_int(sk.send_error)
    taken: u32 = size
    if sk.write_seq < sk.send_fail_at and sk.send_fail_at < sk.write_seq + taken:
        taken = sk.send_fail_at - sk.write_seq
    if sk.write_seq < sk.send_short_at and sk.send_short_at < sk.write_seq + taken:
        taken = sk.send_short_at - sk.write_seq
    note_sent(sk.write_seq, page, offset, taken)
    sk.write_seq += taken
    return taken


@kernel("net/ipv4/tcp_bpf.c")
def tcp_bpf_push(sk: Ptr[sock], msg: Ptr[sk_msg], apply_bytes: u32, uncharge: bool) -> s32:
    """Sends the first `apply_bytes` bytes of the message (0: all); 0, or TCP's error with what was sent gone.

    The jump back to `retry` is the inner loop.
    """
    apply: bool = apply_bytes != 0
    while True:
        sge: u32 = msg.sg.start
        size: s32 = apply_bytes if apply and apply_bytes < msg.sg.data[sge].length else msg.sg.data[sge].length
        off: u32 = msg.sg.data[sge].offset
        page: u32 = msg.sg.data[sge].page
        while True:
            ret: s32 = tcp_sendmsg_locked(sk, page, off, size)
            if ret <= 0:
                return ret
            if apply:
                apply_bytes -= ret
            msg.sg.size -= ret
            msg.sg.data[sge].offset += ret
            msg.sg.data[sge].length -= ret
            if uncharge:
                sk_mem_uncharge(sk, ret)
            if ret == size:
                break
            size -= ret
            off += ret
        if msg.sg.data[sge].length == 0:
            put_page(page)
            msg.sg.start = sk_msg_iter_var_next(msg.sg.start)
            sg_init_table(msg.sg.data[sge])
            if msg.sg.start == msg.sg.end:
                break
        if apply and apply_bytes == 0:
            break
    return 0


@kernel("net/ipv4/tcp_bpf.c")
def tcp_bpf_sendmsg_redir(sk: Ptr[sock], ingress: bool, msg: Ptr[sk_msg], bytes: u32) -> s32:
    """The first `bytes` bytes go to another socket: to its receive queue or out through it."""
    psock = sk.psock
    if psock == NULL:
        return -EPIPE
    if ingress:
        return bpf_tcp_ingress(sk, psock, msg, bytes)
    return tcp_bpf_push(sk, msg, bytes, False)


# ---------------------------------------------------------------- one sendmsg()


@kernel("net/core/skmsg.c")
def sk_psock_msg_verdict(sk: Ptr[sock], psock: Ptr[sk_psock], msg: Ptr[sk_msg], prog: Ptr[verdict]) -> u32:
    """Runs the program: it may take bytes from the end of the message, and says what becomes of the rest."""
    omits("what programs do to messages through the helpers, but for removing bytes at the end: the helpers are apart")
    if prog.popped != 0 and prog.popped <= msg.sg.size:
        sk_msg_trim(sk, msg, as_int(msg.sg.size - prog.popped))
    prog.runs += 1
    msg.cork_bytes = prog.cork_bytes
    psock.apply_bytes = prog.apply_bytes
    if prog.eval == SK_REDIRECT:
        psock.redir_ingress = prog.redir_ingress
        psock.sk_redir = prog.sk_redir
    return prog.eval


@user
def page_link(msg: Ptr[sk_msg], i: u32) -> bool:
    """Whether page_link of the slot is not 0."""
    return msg.sg.data[i].page != 0 or msg.sg.data[i].is_last or msg.sg.data[i].is_chain


@kernel("net/ipv4/tcp_bpf.c")
def tcp_bpf_redirect(sk: Ptr[sock], psock: Ptr[sk_psock], call: Ptr[sending], tosend: u32) -> s32:
    """The part of tcp_bpf_send_verdict() that redirects."""
    msg = call.msg
    redir_ingress: bool = psock.redir_ingress
    sk_redir = psock.sk_redir
    sk_msg_apply_bytes(psock, tosend)
    if psock.apply_bytes == 0:
        psock.eval = SK_NONE
        psock.sk_redir = NULL
    if psock.cork != NULL:
        call.cork = True
        psock.cork = NULL
    origsize: u32 = msg.sg.size
    ret: s32 = tcp_bpf_sendmsg_redir(sk_redir, redir_ingress, msg, tosend)
    sent: u32 = origsize - msg.sg.size
    sk_mem_uncharge(sk, sent)
    if ret < 0:
        free: s32 = sk_msg_free(sk, msg)
        if not call.cork:
            call.copied -= free
    if call.cork:
        sk_msg_free(sk, msg)
        msg.freed = True
        call.msg = NULL
        ret = 0
    return ret


@kernel("net/ipv4/tcp_bpf.c")
def tcp_bpf_drop(sk: Ptr[sock], psock: Ptr[sk_psock], call: Ptr[sending], tosend: u32) -> s32:
    """The part of tcp_bpf_send_verdict() that drops."""
    sk_msg_free(sk, call.msg)
    sk_msg_apply_bytes(psock, tosend)
    call.copied -= as_int(tosend + call.delta)
    return -EACCES


@kernel("net/ipv4/tcp_bpf.c")
def tcp_bpf_cork(sk: Ptr[sock], psock: Ptr[sk_psock], call: Ptr[sending]) -> s32:
    """The part of tcp_bpf_send_verdict() that keeps the message until there are enough bytes."""
    psock.cork_bytes = call.msg.cork_bytes - call.msg.sg.size
    if psock.cork == NULL:
        psock.cork = kzalloc_sk_msg()
        if psock.cork == NULL:
            sk_msg_free(sk, call.msg)
            call.copied = 0
            return -ENOMEM
    if psock.cork != call.msg:
        sk_msg_assign(psock.cork, call.msg)
    return 0


@kernel("net/ipv4/tcp_bpf.c")
def tcp_bpf_send_verdict_turn(sk: Ptr[sock], psock: Ptr[sk_psock], call: Ptr[sending], prog: Ptr[verdict]) -> s32:
    """One turn of tcp_bpf_send_verdict(), from more_data to the jump back there, which call.more asks for."""
    msg = call.msg
    call.more = False
    if psock.eval == SK_NONE:
        before: u32 = msg.sg.size
        psock.eval = sk_psock_msg_verdict(sk, psock, msg, prog)
        call.delta = before - msg.sg.size
    if msg.cork_bytes != 0 and msg.cork_bytes > msg.sg.size and not call.enospc:
        return tcp_bpf_cork(sk, psock, call)
    tosend: u32 = msg.sg.size
    if psock.apply_bytes != 0 and psock.apply_bytes < tosend:
        tosend = psock.apply_bytes
    ret: s32 = 0
    if psock.eval == SK_PASS:
        ret = tcp_bpf_push(sk, msg, tosend, True)
        if ret != 0:
            call.copied -= sk_msg_free(sk, msg)
        else:
            sk_msg_apply_bytes(psock, tosend)
    elif psock.eval == SK_REDIRECT:
        ret = tcp_bpf_redirect(sk, psock, call, tosend)
    else:
        return tcp_bpf_drop(sk, psock, call, tosend)
    if ret == 0:
        if psock.apply_bytes == 0:
            psock.eval = SK_NONE
            psock.sk_redir = NULL
        if call.msg != NULL:
            call.more = page_link(msg, msg.sg.start) and msg.sg.data[msg.sg.start].length != 0
    return ret


@kernel("net/ipv4/tcp_bpf.c")
def tcp_bpf_sendmsg_copy(
    sk: Ptr[sock], psock: Ptr[sk_psock], frm: Ptr[iov_iter], call: Ptr[sending], tmp: Ptr[sk_msg], size: u32
) -> bool:
    """One turn of tcp_bpf_sendmsg() up to the verdict: copies what the user has left; whether a verdict is due.

    tmp: the message on its stack. size: of the whole sendmsg(). call.err says why there is no verdict.
    """
    omits("waiting for memory: an allocation that fails ends the call")
    call.enospc = False
    call.cork = False
    call.delta = 0
    copy: u32 = frm.count
    if psock.cork != NULL:
        call.msg = psock.cork
    else:
        call.msg = tmp
        sk_msg_init(tmp)
    osize: u32 = call.msg.sg.size
    first: s32 = -1
    if call.msg.sg.end != 0:
        first = call.msg.sg.end - 1
    call.err = sk_msg_alloc(sk, call.msg, as_int(osize + copy), first)
    if call.err != 0:
        if call.err != -ENOSPC:
            if call.msg != psock.cork:
                sk_msg_free(sk, call.msg)
            return False
        call.enospc = True
        copy = call.msg.sg.size - osize
    ret: s32 = sk_msg_memcopy_from_iter(sk, frm, call.msg, copy)
    if ret < 0:
        sk_msg_trim(sk, call.msg, osize)
        return False
    call.copied += ret
    if psock.cork_bytes != 0:
        if size > psock.cork_bytes:
            psock.cork_bytes = 0
        else:
            psock.cork_bytes -= size
        if psock.cork_bytes != 0 and not call.enospc:
            return False
        psock.eval = SK_NONE
        psock.cork_bytes = 0
    call.enospc = sk_msg_full(call.msg)
    return True


@kernel("net/ipv4/tcp_bpf.c")
def tcp_bpf_sendmsg_result(call: Ptr[sending]) -> s32:
    """What tcp_bpf_sendmsg() returns: the bytes that it took, or its error."""
    return call.copied if call.copied > 0 else call.err
