"""How TCP takes data to send, and waits for room.

Sources: net/ipv4/tcp.c (tcp_sendmsg_locked()), net/core/stream.c, include/net/tcp.h (tcp_check_space()), 6.1.192 and
7.1.5.

The send buffer holds `sk_sndbuf` bytes, and what is in it stays charged to the socket until an ACK takes it out. Data
has no content here. Left out everywhere: segments, corking by TCP itself, MSG_MORE, zero copy, fast open.
"""

from psockmc.kernel.socklock import lock_sock
from psockmc.lang import READ_ONCE, WRITE_ONCE, Const, Ptr, Struct, choose, kernel, omits, user, wait_event

from models.skmsg import sk_msg
from models.sock import (
    EAGAIN,
    EINTR,
    EPIPE,
    SEND_SHUTDOWN,
    bytes_t,
    hash_t,
    int_t,
    release_sock_and_backlog,
    sk_mem_charge,
    sk_mem_uncharge,
    sock,
    sock_put,
)
from models.tcp import __inet_lookup_established


class msghdr(Struct, name="send"):
    """One sendmsg(): how much it sends, and its stack.

    size: bytes. dontwait: MSG_DONTWAIT. signal: a signal may come while it sleeps. tmp: the message that is a local
    variable of tcp_bpf_sendmsg().
    """

    size: Const[bytes_t]
    dontwait: Const[bool]
    signal: Const[bool]
    tmp: Const[Ptr[sk_msg]]


# ---------------------------------------------------------------- room to send


@kernel("include/net/sock.h")
def sk_stream_memory_free(sk: Ptr[sock]) -> bool:
    """Whether there is room in the send buffer."""
    omits("TCP_NOTSENT_LOWAT, and the plain load of sk_prot that finds it")
    return READ_ONCE(sk.sk_wmem_queued) < sk.sk_sndbuf


@kernel("net/core/stream.c")
def sk_stream_wait_memory(sk: Ptr[sock], hdr: Ptr[msghdr]) -> int_t:
    """Sleep, without the socket, until there is room to send. When there is room already, it is the machine that has
    no memory: sleep a moment. The caller owns the socket, before and after.

    Who waits holds a reference on the socket, or its file. The queue of sk_wq may go meanwhile; its own entry is on
    its stack, and it does not touch the queue of a dead socket again.
    """
    vm_wait = sk_stream_memory_free(sk)
    signal = False
    while True:
        if sk.sk_err or sk.sk_shutdown & SEND_SHUTDOWN:
            return -EPIPE
        if hdr.dontwait:
            return -EAGAIN
        if signal:
            return -EINTR
        if not vm_wait and sk_stream_memory_free(sk):
            return 0
        if hdr.signal:
            signal = choose()
        release_sock_and_backlog(sk)
        if not vm_wait and not signal:
            wait_event(
                sk.tx_waiters,
                READ_ONCE(sk.sk_err)
                or READ_ONCE(sk.sk_shutdown) & SEND_SHUTDOWN
                or READ_ONCE(sk.sk_wmem_queued) < sk.sk_sndbuf,
            )
        lock_sock(sk.sk_lock)
        vm_wait = False


# ---------------------------------------------------------------- sending


@kernel("net/ipv4/tcp.c")
def tcp_sendmsg_locked(sk: Ptr[sock], hdr: Ptr[msghdr]) -> int_t:
    """Take one byte, and wait for room for it: the socket, which the caller owns, is given up meanwhile."""
    omits("sk_stream_wait_connect(): the connection is established, or over")
    if sk.sk_err or sk.sk_shutdown & SEND_SHUTDOWN:
        return -EPIPE
    while not sk_stream_memory_free(sk):
        err = sk_stream_wait_memory(sk, hdr)
        if err:
            return err
    WRITE_ONCE(sk.sk_wmem_queued, sk.sk_wmem_queued + 1)
    sk_mem_charge(sk, 1)
    return 1


@kernel("net/ipv4/tcp.c")
def tcp_sendmsg(sk: Ptr[sock], hdr: Ptr[msghdr]) -> int_t:
    """The native send."""
    lock_sock(sk.sk_lock)
    left: bytes_t = hdr.size
    ret: int_t = 1
    while left and ret > 0:
        ret = tcp_sendmsg_locked(sk, hdr)
        left -= 1
    release_sock_and_backlog(sk)
    return ret


# ---------------------------------------------------------------- what was sent


@kernel("net/ipv4/tcp.c")
def tcp_write_queue_purge(sk: Ptr[sock]) -> None:
    """Free what was not acknowledged; the caller holds slock or the socket."""
    queued = sk.sk_wmem_queued
    while queued:
        WRITE_ONCE(sk.sk_wmem_queued, queued - 1)
        sk_mem_uncharge(sk, 1)
        queued = sk.sk_wmem_queued


@kernel("net/ipv4/tcp_input.c")
def tcp_ack(sk: Ptr[sock]) -> None:
    """Everything is acknowledged: there is room again. The caller holds slock on a socket that nobody owns."""
    omits("SOCK_NOSPACE: senders are told even if none of them has asked")
    tcp_write_queue_purge(sk)
    if sk.sk_socket:
        write_space = READ_ONCE(sk.sk_write_space)
        write_space(sk)


@user
def net_rx_acks(hash: hash_t) -> None:
    """ACKs of everything that was sent, as many as the peer likes.

    A softirq hands an ACK to whoever owns the socket, by the backlog; here it waits until nobody does. Either way it
    is processed while nobody else has the socket.
    """
    sk = __inet_lookup_established(hash)
    if sk:
        while choose():
            lock_sock(sk.sk_lock)
            tcp_ack(sk)
            release_sock_and_backlog(sk)
        sock_put(sk)
