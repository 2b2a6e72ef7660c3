"""Urgent bytes as they were before 638f32604385 (v6.11): the verdict takes them off the queue like other data.

The socket remembers the urgent byte, on which that pointer had a reference then; the program sends it elsewhere. Two
sockets have one skb.
"""

from psockmc.kernel.mutex import mutex_lock, mutex_unlock
from psockmc.kernel.spinlock import spin_lock, spin_unlock
from psockmc.lang import NULL, READ_ONCE, WRITE_ONCE, Callable, Ptr, list_add_tail, replaces

from models.af_unix import (
    queue_oob,
    unix_peer,
    unix_read_skb,
    unix_state_lock,
    unix_state_unlock,
    unix_stream_read_skb,
    unix_stream_recv_urg,
)
from models.skbuff import alloc_skb, consume_skb, kfree_skb, seq_t, sk_buff, skb_get
from models.sock import (
    EINVAL,
    ENOMEM,
    ENOTCONN,
    EPIPE,
    RCV_SHUTDOWN,
    TCP_ESTABLISHED,
    int_t,
    sock,
    sock_flag_dead,
    socket,
)


@replaces(queue_oob)
def queue_oob(sock: Ptr[socket], seq: seq_t) -> int_t:
    """The pointer takes a reference; the urgent byte before this one loses its."""
    other = unix_peer(sock.sk)
    if not other:
        return -ENOTCONN
    skb = alloc_skb(seq)
    if not skb:
        return -ENOMEM
    unix_state_lock(other)
    if sock_flag_dead(other) or other.sk_shutdown & RCV_SHUTDOWN:
        unix_state_unlock(other)
        kfree_skb(skb)
        return -EPIPE
    spin_lock(other.sk_receive_queue.lock)
    consume_skb(other.unix.oob_skb)
    WRITE_ONCE(other.unix.oob_skb, skb_get(skb))
    list_add_tail(skb, other.sk_receive_queue.list)
    spin_unlock(other.sk_receive_queue.lock)
    unix_state_unlock(other)
    data_ready = READ_ONCE(other.sk_data_ready)
    data_ready(other)
    return 1


@replaces(unix_stream_read_skb)
def unix_stream_read_skb(sk: Ptr[sock], recv_actor: Callable[[Ptr[sock], Ptr[sk_buff]], int_t]) -> int_t:
    """Reads as from a datagram socket."""
    if READ_ONCE(sk.sk_state) != TCP_ESTABLISHED:
        return -ENOTCONN
    return unix_read_skb(sk, recv_actor)


@replaces(unix_stream_recv_urg)
def unix_stream_recv_urg(sk: Ptr[sock]) -> int_t:
    """Gives the pointer's reference back."""
    mutex_lock(sk.unix.iolock)
    unix_state_lock(sk)
    spin_lock(sk.sk_receive_queue.lock)
    oob_skb = sk.unix.oob_skb
    if oob_skb:
        WRITE_ONCE(sk.unix.oob_skb, NULL)
    spin_unlock(sk.sk_receive_queue.lock)
    unix_state_unlock(sk)
    if oob_skb:
        oob_skb.consumed = True
        consume_skb(oob_skb)
    mutex_unlock(sk.unix.iolock)
    return 1 if oob_skb else -EINVAL
