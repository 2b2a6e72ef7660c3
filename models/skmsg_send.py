"""What a sender does with its message, before its verdict and after: memory, pages, the program, the corked message.

Sources: include/linux/skmsg.h and net/core/skmsg.c, v6.19 (gregkh/linux 1861d369efd6); the same in 7.1.5 and 6.1.192.

A message has up to MAX_MSG_BYTES bytes, each in a fragment and on a page of its own. The arithmetic of the ring of
fragments is proved in checks/ring.
"""

from psockmc.lang import (
    NULL,
    READ_ONCE,
    Ptr,
    atomic,
    choose,
    kernel,
    kfree,
    omits,
    rcu_read_lock,
    rcu_read_unlock,
    user,
)

from models.skmsg import sk_msg, sk_psock
from models.skmsg_ingress import sk_msg_free
from models.skmsg_verdict import __SK_PASS, __SK_REDIRECT, __sk_action, sk_psock_map_verd
from models.sock import ENOMEM, ENOSPC, bytes_t, int_t, sk_mem_charge, sock, sock_hold, sock_put

MAX_MSG_BYTES = 3

# ---------------------------------------------------------------- pages, which only properties count


@user
def get_pages(msg: Ptr[sk_msg], n: bytes_t) -> None:
    """The message owns n more page references."""
    msg.pages += n


@user
def put_pages(msg: Ptr[sk_msg], n: bytes_t) -> None:
    """The message gives n page references back."""
    msg.pages -= n


@user
def move_pages(to: Ptr[sk_msg], msg: Ptr[sk_msg], n: bytes_t) -> None:
    """n page references change their owner."""
    msg.pages -= n
    to.pages += n


# ---------------------------------------------------------------- messages


@kernel("include/linux/skmsg.h")
def sk_msg_init(msg: Ptr[sk_msg]) -> None:
    """An empty message, for which no program has run."""
    with atomic("memset() of a message that nobody else looks at, or under the socket lock"):
        msg.sg.size = 0
        msg.skb = NULL
        msg.sk_redir = NULL
        msg.ingress = False
        msg.apply_bytes = 0
        msg.cork_bytes = 0


@kernel("include/linux/skmsg.h")
def sk_msg_full(msg: Ptr[sk_msg]) -> bool:
    """Whether the ring has no room for another fragment."""
    return msg.sg.size == MAX_MSG_BYTES


@kernel("net/core/skmsg.c")
def sk_msg_alloc(sk: Ptr[sock], msg: Ptr[sk_msg], bytes: bytes_t) -> int_t:
    """Make room for so many bytes more, as far as the ring has room: -ENOSPC when that is not far enough. Nothing is
    left of a try for which there is no memory.
    """
    if sk.mem_short:
        if choose():
            return -ENOMEM
    size = msg.sg.size
    room: bytes_t = MAX_MSG_BYTES - size
    use: bytes_t = bytes if bytes < room else room
    if use:
        get_pages(msg, use)
        msg.charged_to = sk
        sk_mem_charge(sk, use)
        msg.sg.size = size + use
    return -ENOSPC if use < bytes else 0


@kernel("include/linux/skmsg.h")
def sk_msg_xfer(dst: Ptr[sk_msg], src: Ptr[sk_msg], size: bytes_t) -> None:
    """Move bytes from the front of one message to another one, with their pages."""
    move_pages(dst, src, size)
    dst.sg.size = size
    src.sg.size -= size


@kernel("net/ipv4/tcp_bpf.c")
def memcpy_msg(dst: Ptr[sk_msg], src: Ptr[sk_msg]) -> None:
    """memcpy(psock->cork, msg, sizeof(*msg)). The copy owns the pages now, whatever the original still says."""
    with atomic("memcpy() of messages under the socket lock"):
        dst.sg.size = src.sg.size
        dst.sk_redir = src.sk_redir
        dst.ingress = src.ingress
        dst.apply_bytes = src.apply_bytes
        dst.cork_bytes = src.cork_bytes
        dst.charged_to = src.charged_to
        dst.pages += src.pages
        src.pages = 0


# ---------------------------------------------------------------- verdicts


@kernel("include/linux/skmsg.h")
def sk_msg_apply_bytes(psock: Ptr[sk_psock], bytes: bytes_t) -> None:
    """So many bytes had the verdict applied to them."""
    if psock.apply_bytes:
        if psock.apply_bytes < bytes:
            psock.apply_bytes = 0
        else:
            psock.apply_bytes -= bytes


@kernel("net/core/skmsg.c")
def sk_psock_msg_verdict(sk: Ptr[sock], psock: Ptr[sk_psock], msg: Ptr[sk_msg]) -> __sk_action:
    """Ask the program; the caller owns the socket. For a redirect the psock takes a reference on the target.

    What earlier runs left in the message (a target, bytes to apply or to wait for) stays unless this one changes it.
    """
    omits("msg->sk, which is for the program only; a redirect without a target cannot be")
    rcu_read_lock()
    prog = READ_ONCE(psock.progs.msg_parser)
    if not prog:
        rcu_read_unlock()
        return __SK_PASS
    msg.named = False
    action = prog.run_msg(msg)
    ret = sk_psock_map_verd(action, msg.sk_redir != NULL)
    psock.apply_bytes = msg.apply_bytes
    if ret == __SK_REDIRECT:
        msg.judged = True
        psock.stale_target = psock.stale_target or not msg.named
        if psock.sk_redir:
            sock_put(psock.sk_redir)
            psock.redir_refs -= 1
            psock.sk_redir = NULL
        ingress = msg.ingress
        psock.redir_ingress = ingress
        psock.verdict_ingress = ingress
        psock.sk_redir = msg.sk_redir
        sock_hold(psock.sk_redir)
        psock.redir_refs += 1
        msg.judged = False
    rcu_read_unlock()
    return ret


# ---------------------------------------------------------------- the corked message


@kernel("include/linux/skmsg.h")
def sk_psock_cork_free(psock: Ptr[sk_psock]) -> None:
    """Free the message that waits for more bytes. Also called without the socket lock, by sk_psock_drop()."""
    if psock.cork:
        sk_msg_free(psock.sk, psock.cork)
        kfree(psock.cork)
        psock.cork = NULL
