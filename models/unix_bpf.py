"""The protocol tables of AF_UNIX sockets in a map, and how one reads from such a socket.

Source: net/unix/unix_bpf.c, v6.12.117; the same in 7.1.5 and 6.1.192 (there with an address as argument).
"""

from psockmc.kernel.mutex import mutex_lock, mutex_unlock
from psockmc.lang import Ptr, instance, kernel, list_empty, omits, rcu_dereference, wait_event

from models.af_unix import __unix_dgram_recvmsg, __unix_stream_recvmsg, unix_peer
from models.skbuff import skb_queue_empty
from models.skmsg import sk_psock, sk_psock_get, sk_psock_put
from models.skmsg_ingress import sk_msg_is_readable, sk_msg_recvmsg, sk_psock_queue_empty
from models.sock import (
    EAGAIN,
    EINVAL,
    EOPNOTSUPP,
    MSG_DONTWAIT,
    RCV_SHUTDOWN,
    SOCK_DGRAM,
    bytes_t,
    int_t,
    msg_flags_t,
    proto,
    sock,
    sock_hold,
    sock_replace_proto,
)
from models.sock_map_proto import sock_map_close, sock_map_unhash


@kernel("net/unix/unix_bpf.c")
def unix_sk_has_data(sk: Ptr[sock], psock: Ptr[sk_psock]) -> bool:
    """Something on any of three queues, of which the backlog's may hold data that is to be sent."""
    return (
        not skb_queue_empty(sk.sk_receive_queue)
        or not skb_queue_empty(psock.ingress_skb)
        or not list_empty(psock.ingress_msg)
    )


@kernel("net/unix/unix_bpf.c")
def unix_msg_wait_data(sk: Ptr[sock], psock: Ptr[sk_psock], flags: msg_flags_t) -> bool:
    """Sleep without iolock until woken; whether there is something then. When there is something already it does not
    sleep, and says no. The caller holds iolock.
    """
    omits("time-outs and signals while waiting for data")
    if sk.sk_shutdown & RCV_SHUTDOWN:
        return True
    if flags & MSG_DONTWAIT:
        return False
    ret = False
    if not unix_sk_has_data(sk, psock):
        wq = rcu_dereference(sk.sk_wq)
        mutex_unlock(sk.unix.iolock)
        wait_event(
            wq.wq,
            not list_empty(psock.ingress_msg)
            or not list_empty(sk.sk_receive_queue.list)
            or sk.sk_shutdown & RCV_SHUTDOWN,
        )
        mutex_lock(sk.unix.iolock)
        ret = unix_sk_has_data(sk, psock)
    return ret


@kernel("net/unix/unix_bpf.c")
def __unix_recvmsg(sk: Ptr[sock], len: bytes_t, flags: msg_flags_t) -> int_t:
    """The native read."""
    if sk.sk_type == SOCK_DGRAM:
        return __unix_dgram_recvmsg(sk, len, flags)
    return __unix_stream_recvmsg(sk, len, flags)


@kernel("net/unix/unix_bpf.c")
def unix_bpf_recvmsg(sk: Ptr[sock], len: bytes_t, flags: msg_flags_t) -> int_t:
    """recvmsg of a socket in a map: its messages, or, when there are none, its native data."""
    if not len:
        return 0
    psock = sk_psock_get(sk)
    if not psock:
        return __unix_recvmsg(sk, len, flags)
    mutex_lock(sk.unix.iolock)
    if not skb_queue_empty(sk.sk_receive_queue) and sk_psock_queue_empty(psock):
        mutex_unlock(sk.unix.iolock)
        sk_psock_put(sk, psock)
        return __unix_recvmsg(sk, len, flags)
    copied = sk_msg_recvmsg(sk, psock, len, flags)
    while not copied:
        if not unix_msg_wait_data(sk, psock, flags):
            copied = -EAGAIN
        elif sk_psock_queue_empty(psock):
            mutex_unlock(sk.unix.iolock)
            sk_psock_put(sk, psock)
            return __unix_recvmsg(sk, len, flags)
        else:
            copied = sk_msg_recvmsg(sk, psock, len, flags)
    mutex_unlock(sk.unix.iolock)
    sk_psock_put(sk, psock)
    return copied


@kernel("net/unix/unix_bpf.c")
def unix_dgram_bpf_update_proto(sk: Ptr[sock], psock: Ptr[sk_psock], restore: bool) -> int_t:
    """Put the table of datagram sockets in, or give the original one back."""
    omits("the tables are built at boot, not on first use")
    if sk.sk_type != SOCK_DGRAM:
        return -EOPNOTSUPP
    if restore:
        psock.restores += 1
        sk.sk_write_space = psock.saved_write_space
        sock_replace_proto(sk, psock.sk_proto)
        return 0
    sock_replace_proto(sk, unix_dgram_bpf_prot)
    return 0


@kernel("net/unix/unix_bpf.c")
def unix_stream_bpf_update_proto(sk: Ptr[sock], psock: Ptr[sk_psock], restore: bool) -> int_t:
    """Put the table of stream sockets in, or give the original one back.

    The first time the psock takes a reference on the peer, for those who send on this socket without holding it: the
    backlog. The restore keeps it; it goes with the psock, a grace period later.
    """
    omits("the tables are built at boot, not on first use")
    if restore:
        psock.restores += 1
        sk.sk_write_space = psock.saved_write_space
        sock_replace_proto(sk, psock.sk_proto)
        return 0
    if not psock.sk_pair:
        sk_pair = unix_peer(sk)
        if not sk_pair:
            return -EINVAL
        sock_hold(sk_pair)
        psock.pair_holds += 1
        psock.sk_pair = sk_pair
    sock_replace_proto(sk, unix_stream_bpf_prot)
    return 0


unix_dgram_bpf_prot = instance(
    proto,
    close=sock_map_close,
    recvmsg=unix_bpf_recvmsg,
    sock_is_readable=sk_msg_is_readable,
    psock_update_sk_prot=unix_dgram_bpf_update_proto,
)

unix_stream_bpf_prot = instance(
    proto,
    close=sock_map_close,
    unhash=sock_map_unhash,
    recvmsg=unix_bpf_recvmsg,
    sock_is_readable=sk_msg_is_readable,
    psock_update_sk_prot=unix_stream_bpf_update_proto,
)
