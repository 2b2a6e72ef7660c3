"""How many bytes there are to read: FIONREAD (SIOCINQ) of TCP sockets, in a map or not.

Sources: net/ipv4/tcp_bpf.c and include/linux/skmsg.h, 7.2-rc (kernel-patches/bpf 014f07a97d29); net/ipv4/tcp.c,
include/net/tcp.h, v6.19.

Left out everywhere: all other commands; urgent data; sockets that are not connected yet.
"""

from psockmc.kernel.socklock import lock_sock_fast
from psockmc.kernel.spinlock import spin_lock_bh, spin_unlock_bh
from psockmc.lang import READ_ONCE, Ptr, kernel, list_first_entry_or_null

from models.skmsg import sk_psock, sk_psock_get, sk_psock_put
from models.sock import EINVAL, TCP_LISTEN, bytes_t, int_t, release_sock_and_backlog, sock

# ---------------------------------------------------------------- the native answer


@kernel("include/net/sock.h")
def unlock_sock_fast_and_backlog(sk: Ptr[sock], slow: bool) -> None:
    """unlock_sock_fast(): undo lock_sock_fast(), which returned slow. (The primitive of that name has no backlog.)"""
    if slow:
        release_sock_and_backlog(sk)
    else:
        spin_unlock_bh(sk.sk_lock.slock)


@kernel("include/net/tcp.h")
def tcp_inq(sk: Ptr[sock]) -> int_t:
    """What has arrived and was not read, without a FIN; the caller holds the socket."""
    answ: int_t = sk.rcv_nxt - sk.copied_seq
    if answ and sk.sock_done:
        answ -= 1
    return answ


@kernel("net/ipv4/tcp.c")
def tcp_ioctl(sk: Ptr[sock]) -> int_t:
    """SIOCINQ of a TCP socket: the number of bytes, or an error."""
    if sk.sk_state == TCP_LISTEN:
        return -EINVAL
    slow = lock_sock_fast(sk.sk_lock)
    answ = tcp_inq(sk)
    unlock_sock_fast_and_backlog(sk, slow)
    return answ


# ---------------------------------------------------------------- the answer of a psock


@kernel("include/linux/skmsg.h")
def sk_psock_get_msg_len_nolock(psock: Ptr[sk_psock]) -> int_t:
    """The number of bytes in unread messages, without a lock."""
    return READ_ONCE(psock.msg_tot_len)


@kernel("include/linux/skmsg.h")
def sk_psock_msg_inq(sk: Ptr[sock]) -> int_t:
    """The number of bytes in unread messages; 0 without a psock."""
    inq: int_t = 0
    psock = sk_psock_get(sk)
    if psock:
        inq = sk_psock_get_msg_len_nolock(psock)
        sk_psock_put(sk, psock)
    return inq


@kernel("include/linux/skmsg.h")
def sk_msg_first_len(sk: Ptr[sock]) -> bytes_t:
    """The size of the first unread message, 0 when there is none: what UDP reports."""
    inq: bytes_t = 0
    psock = sk_psock_get(sk)
    if psock:
        spin_lock_bh(psock.ingress_lock)
        msg = list_first_entry_or_null(psock.ingress_msg)
        if msg:
            inq = msg.sg.size
        spin_unlock_bh(psock.ingress_lock)
        sk_psock_put(sk, psock)
    return inq


@kernel("net/ipv4/tcp_bpf.c")
def tcp_bpf_ioctl(sk: Ptr[sock]) -> int_t:
    """SIOCINQ of a TCP socket in a map: the number of bytes, or an error.

    A socket without a verdict program is read from both queues, so both count.
    """
    if sk.sk_state == TCP_LISTEN:
        return -EINVAL
    slow = lock_sock_fast(sk.sk_lock)
    psock = sk_psock_get(sk)
    if not psock:
        unlock_sock_fast_and_backlog(sk, slow)
        return tcp_ioctl(sk)
    answ: int_t = sk_psock_get_msg_len_nolock(psock)
    if not psock.progs.stream_verdict and not psock.progs.skb_verdict:
        answ += tcp_inq(sk)
    sk_psock_put(sk, psock)
    unlock_sock_fast_and_backlog(sk, slow)
    return answ
