"""Sending on a TCP socket with an SK_MSG program: verdicts, redirects, corks.

Source: net/ipv4/tcp_bpf.c of 7.2-rc (kernel-patches/bpf 014f07a97d29), with the two fixes of 7.2 that it does not have
and 6.1.192 has: the corked message is compared with the sender's own (2d66a033864e), and the target of a redirect is
held while the socket lock is dropped (a76624733730). 7.1.5 has neither.

The socket lock is given up around a redirect and while waiting for room. Everything that a psock remembers for
senders (cork, apply_bytes, eval, sk_redir) may then be changed by another sender. The count of bytes that sendmsg()
reports, and the arithmetic of the ring, are proved in checks/ring.
"""

from psockmc.kernel.socklock import lock_sock
from psockmc.lang import (
    GFP_ATOMIC,
    GFP_KERNEL,
    NULL,
    Ptr,
    assume,
    atomic_add,
    atomic_sub,
    choose,
    cover,
    kernel,
    kfree,
    kzalloc,
    omits,
)

from models.skmsg import sk_msg, sk_psock, sk_psock_get, sk_psock_put
from models.skmsg_ingress import sk_msg_free, sk_psock_data_ready, sk_psock_queue_msg
from models.skmsg_send import (
    memcpy_msg,
    put_pages,
    sk_msg_alloc,
    sk_msg_apply_bytes,
    sk_msg_full,
    sk_msg_init,
    sk_msg_xfer,
    sk_psock_msg_verdict,
)
from models.skmsg_verdict import __SK_NONE, __SK_PASS, __SK_REDIRECT
from models.sock import (
    EACCES,
    ENOMEM,
    ENOSPC,
    EPIPE,
    bytes_t,
    int_t,
    release_sock_and_backlog,
    sk_mem_charge,
    sk_mem_uncharge,
    sock,
    sock_hold,
    sock_put,
)
from models.tcp_send import (
    msghdr,
    sk_stream_memory_free,
    sk_stream_wait_memory,
    tcp_sendmsg,
    tcp_sendmsg_locked,
)

MSG_IS_GONE = 1

# ---------------------------------------------------------------- to the reader of another socket


@kernel("net/ipv4/tcp_bpf.c")
def bpf_tcp_ingress(sk: Ptr[sock], psock: Ptr[sk_psock], msg: Ptr[sk_msg], apply_bytes: bytes_t) -> int_t:
    """Move bytes from the front of a message to a new one on this socket's queue. -ENOMEM when it takes none.

    The kernel goes from fragment to fragment, under the socket lock of the target; here they are charged together.
    """
    tmp = kzalloc(sk_msg, GFP_KERNEL)
    if not tmp:
        return -ENOMEM
    lock_sock(sk.sk_lock)
    copied: bytes_t = apply_bytes
    if sk.mem_short and copied:
        if choose():
            copied -= 1
    ret: int_t = 0
    if copied:
        sk_mem_charge(sk, copied)
        atomic_add(copied, sk.sk_rmem_alloc)
        tmp.charged_to = sk
        sk_msg_xfer(tmp, msg, copied)
        if not sk_psock_queue_msg(psock, tmp):
            atomic_sub(copied, sk.sk_rmem_alloc)
        sk_psock_data_ready(sk, psock)
        cover("a message was redirected to a reader")
    else:
        ret = -ENOMEM
        sk_msg_free(sk, tmp)
        kfree(tmp)
    release_sock_and_backlog(sk)
    return ret


# ---------------------------------------------------------------- to TCP


@kernel("net/ipv4/tcp_bpf.c")
def tcp_bpf_push(sk: Ptr[sock], msg: Ptr[sk_msg], apply_bytes: bytes_t, hdr: Ptr[msghdr], uncharge: bool) -> int_t:
    """Send bytes from the front of a message. The caller owns the socket, which TCP gives up to wait for room."""
    left: bytes_t = apply_bytes
    while True:
        msg.held_unlocked += 1
        ret = tcp_sendmsg_locked(sk, hdr)
        msg.held_unlocked -= 1
        if ret <= 0:
            return ret
        left -= 1
        size = msg.sg.size
        put_pages(msg, 1)
        assume(size > 0)
        msg.sg.size = size - 1
        if uncharge:
            sk_mem_uncharge(sk, 1)
        if size == 1 or not left:
            return 0


@kernel("net/ipv4/tcp_bpf.c")
def tcp_bpf_push_locked(sk: Ptr[sock], msg: Ptr[sk_msg], apply_bytes: bytes_t, hdr: Ptr[msghdr]) -> int_t:
    """Send on another socket. What is sent stays charged to the socket of the sender for now."""
    lock_sock(sk.sk_lock)
    ret = tcp_bpf_push(sk, msg, apply_bytes, hdr, False)
    release_sock_and_backlog(sk)
    return ret


@kernel("net/ipv4/tcp_bpf.c")
def tcp_bpf_sendmsg_redir(sk: Ptr[sock], ingress: bool, msg: Ptr[sk_msg], bytes: bytes_t, hdr: Ptr[msghdr]) -> int_t:
    """Send to the reader of another socket, or on it; the caller keeps it by a reference and owns no socket."""
    psock = sk_psock_get(sk)
    if not psock:
        return -EPIPE
    if ingress:
        ret = bpf_tcp_ingress(sk, psock, msg, bytes)
    else:
        ret = tcp_bpf_push_locked(sk, msg, bytes, hdr)
    sk_psock_put(sk, psock)
    return ret


# ---------------------------------------------------------------- verdicts


@kernel("net/ipv4/tcp_bpf.c")
def tcp_bpf_cork(sk: Ptr[sock], psock: Ptr[sk_psock], msg: Ptr[sk_msg]) -> int_t:
    """The part of tcp_bpf_send_verdict() that keeps the message until there are enough bytes."""
    psock.cork_bytes = msg.cork_bytes - msg.sg.size
    if not psock.cork:
        psock.cork = kzalloc(sk_msg, GFP_ATOMIC)
        if not psock.cork:
            sk_msg_free(sk, msg)
            return -ENOMEM
    if psock.cork != msg:
        memcpy_msg(psock.cork, msg)
    cover("a message was corked")
    return 0


@kernel("net/ipv4/tcp_bpf.c")
def tcp_bpf_redirect(sk: Ptr[sock], psock: Ptr[sk_psock], msg: Ptr[sk_msg], tosend: bytes_t, hdr: Ptr[msghdr]) -> int_t:
    """The part of tcp_bpf_send_verdict() that redirects, without the socket lock. MSG_IS_GONE: the message was the
    corked one, and is freed.
    """
    cork = False
    eval = __SK_NONE
    redir_ingress = psock.redir_ingress
    psock.wrong_way = psock.wrong_way or redir_ingress != psock.verdict_ingress
    sk_redir = psock.sk_redir
    sock_hold(sk_redir)
    sk_msg_apply_bytes(psock, tosend)
    if not psock.apply_bytes:
        eval = psock.eval
        psock.eval = __SK_NONE
        psock.sk_redir = NULL
        psock.redir_refs -= 1
        psock.redir_taken += 1
    if psock.cork:
        cork = True
        psock.cork = NULL
        msg.claimed = True
    msg.held_unlocked += 1
    release_sock_and_backlog(sk)
    origsize = msg.sg.size
    ret = tcp_bpf_sendmsg_redir(sk_redir, redir_ingress, msg, tosend, hdr)
    sent: bytes_t = origsize - msg.sg.size
    if eval == __SK_REDIRECT:
        sock_put(sk_redir)
        psock.redir_taken -= 1
    sock_put(sk_redir)
    lock_sock(sk.sk_lock)
    msg.held_unlocked -= 1
    sk_mem_uncharge(sk, sent)
    if ret < 0:
        sk_msg_free(sk, msg)
    if cork:
        sk_msg_free(sk, msg)
        kfree(msg)
        ret = MSG_IS_GONE
    return ret


@kernel("net/ipv4/tcp_bpf.c")
def tcp_bpf_send_verdict(sk: Ptr[sock], psock: Ptr[sk_psock], msg: Ptr[sk_msg], hdr: Ptr[msghdr]) -> int_t:
    """Do with the message what the program says, or said for this and the next bytes. The caller owns the socket."""
    enospc = sk_msg_full(msg)
    while True:
        cached = psock.eval != __SK_NONE
        if not cached:
            psock.eval = sk_psock_msg_verdict(sk, psock, msg)
        if msg.cork_bytes and msg.cork_bytes > msg.sg.size and not enospc:
            return tcp_bpf_cork(sk, psock, msg)
        tosend = msg.sg.size
        apply_bytes = psock.apply_bytes
        psock.unjudged = psock.unjudged or (cached and not apply_bytes)
        if apply_bytes and apply_bytes < tosend:
            tosend = apply_bytes
        ret: int_t = 0
        if psock.eval == __SK_PASS:
            ret = tcp_bpf_push(sk, msg, tosend, hdr, True)
            if ret:
                sk_msg_free(sk, msg)
            else:
                sk_msg_apply_bytes(psock, tosend)
        elif psock.eval == __SK_REDIRECT:
            ret = tcp_bpf_redirect(sk, psock, msg, tosend, hdr)
        else:
            sk_msg_free(sk, msg)
            sk_msg_apply_bytes(psock, tosend)
            return -EACCES
        gone = ret == MSG_IS_GONE
        if ret < 0:
            return ret
        if not psock.apply_bytes:
            psock.eval = __SK_NONE
            if psock.sk_redir:
                sock_put(psock.sk_redir)
                psock.redir_refs -= 1
                psock.sk_redir = NULL
        if gone:
            return 0
        if not msg.sg.size:
            return 0


# ---------------------------------------------------------------- sendmsg()


@kernel("net/ipv4/tcp_bpf.c")
def tcp_bpf_sendmsg(sk: Ptr[sock], hdr: Ptr[msghdr]) -> int_t:
    """sendmsg() of a socket with an SK_MSG program: gather bytes in a message, that of the cork if there is one."""
    omits("faults while copying from the user")
    psock = sk_psock_get(sk)
    if not psock:
        return tcp_sendmsg(sk, hdr)
    lock_sock(sk.sk_lock)
    err: int_t = 0
    msg_tx: Ptr[sk_msg] = NULL
    left: bytes_t = hdr.size
    osize: bytes_t = 0
    hdr.tmp.in_use = True
    while left:
        if sk.sk_err:
            err = -sk.sk_err
            break
        err = -ENOMEM
        if sk_stream_memory_free(sk):
            msg_tx = psock.cork
            if not msg_tx:
                msg_tx = hdr.tmp
                sk_msg_init(msg_tx)
            osize = msg_tx.sg.size
            err = sk_msg_alloc(sk, msg_tx, left)
        if err == -ENOMEM:
            err = sk_stream_wait_memory(sk, hdr)
            if err:
                if msg_tx == hdr.tmp:
                    sk_msg_free(sk, msg_tx)
                break
            continue
        left -= msg_tx.sg.size - osize
        if psock.cork_bytes:
            if hdr.size > psock.cork_bytes:
                psock.cork_bytes = 0
            else:
                psock.cork_bytes -= hdr.size
            if psock.cork_bytes and err != -ENOSPC:
                break
            psock.eval = __SK_NONE
            psock.cork_bytes = 0
        err = tcp_bpf_send_verdict(sk, psock, msg_tx, hdr)
        if err < 0:
            break
    hdr.tmp.in_use = False
    release_sock_and_backlog(sk)
    sk_psock_put(sk, psock)
    return err
