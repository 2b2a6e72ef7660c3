"""The protocol table of UDP sockets in a map, and how one reads from such a socket.

Source: net/ipv4/udp_bpf.c, 7.2-rc (kernel-patches/bpf 07f4860213db); the same in v6.12.117.
"""

from psockmc.kernel.socklock import lock_sock
from psockmc.lang import WRITE_ONCE, Ptr, instance, kernel, list_empty, omits, rcu_dereference, wait_event

from models.skbuff import skb_queue_empty
from models.skmsg import sk_psock, sk_psock_get, sk_psock_put
from models.skmsg_ingress import sk_msg_is_readable, sk_msg_recvmsg, sk_psock_queue_empty
from models.sock import (
    EAGAIN,
    MSG_DONTWAIT,
    RCV_SHUTDOWN,
    bytes_t,
    int_t,
    msg_flags_t,
    proto,
    release_sock_and_backlog,
    sock,
    sock_replace_proto,
)
from models.sock_map_proto import sock_map_close
from models.tcp_bpf_ioctl import sk_msg_first_len
from models.udp import udp_destroy_sock, udp_lib_unhash, udp_recvmsg


@kernel("net/ipv4/udp_bpf.c")
def udp_sk_has_data(sk: Ptr[sock]) -> bool:
    """Native data."""
    return not skb_queue_empty(sk.sk_receive_queue)


@kernel("net/ipv4/udp_bpf.c")
def psock_has_data(psock: Ptr[sk_psock]) -> bool:
    """A message, or anything that waits for the backlog, be it to be read or to be sent."""
    return not skb_queue_empty(psock.ingress_skb) or not sk_psock_queue_empty(psock)


@kernel("net/ipv4/udp_bpf.c")
def udp_msg_wait_data(sk: Ptr[sock], psock: Ptr[sk_psock], flags: msg_flags_t) -> bool:
    """Sleep, without the socket, unless there is something; whether there is. The caller owns the socket."""
    omits("time-outs and signals while waiting for data")
    if sk.sk_shutdown & RCV_SHUTDOWN:
        return True
    if flags & MSG_DONTWAIT:
        return False
    if udp_sk_has_data(sk) or psock_has_data(psock):
        return True
    wq = rcu_dereference(sk.sk_wq)
    release_sock_and_backlog(sk)
    wait_event(wq.wq, not list_empty(psock.ingress_msg) or not list_empty(sk.sk_receive_queue.list))
    lock_sock(sk.sk_lock)
    return udp_sk_has_data(sk) or psock_has_data(psock)


@kernel("net/ipv4/udp_bpf.c")
def udp_bpf_recvmsg(sk: Ptr[sock], len: bytes_t, flags: msg_flags_t) -> int_t:
    """recvmsg of a socket in a map: its messages; when the psock has nothing, or no more, the native data.

    The native read is without the socket lock, and may sleep with the reference on the psock in hand.
    """
    if not len:
        return 0
    psock = sk_psock_get(sk)
    if not psock:
        return udp_recvmsg(sk, len, flags)
    copied: int_t = 0
    native = not psock_has_data(psock)
    if not native:
        lock_sock(sk.sk_lock)
        copied = sk_msg_recvmsg(sk, psock, len, flags)
        while not copied and not native:
            if not udp_msg_wait_data(sk, psock, flags):
                copied = -EAGAIN
            elif psock_has_data(psock):
                copied = sk_msg_recvmsg(sk, psock, len, flags)
                psock.read_spins = copied == 0
            else:
                native = True
        release_sock_and_backlog(sk)
    if native:
        copied = udp_recvmsg(sk, len, flags)
    sk_psock_put(sk, psock)
    return copied


@kernel("net/ipv4/udp_bpf.c")
def udp_bpf_ioctl(sk: Ptr[sock]) -> int_t:
    """SIOCINQ: the length of the first message. Native data does not count."""
    return sk_msg_first_len(sk)


@kernel("net/ipv4/udp_bpf.c")
def udp_bpf_update_proto(sk: Ptr[sock], psock: Ptr[sk_psock], restore: bool) -> int_t:
    """Put our table in, or give the original one back."""
    omits("IPv6 (a table built on first use)")
    if restore:
        psock.restores += 1
        WRITE_ONCE(sk.sk_write_space, psock.saved_write_space)
        sock_replace_proto(sk, psock.sk_proto)
        return 0
    sock_replace_proto(sk, udp_bpf_prot)
    return 0


udp_bpf_prot = instance(
    proto,
    close=sock_map_close,
    destroy=udp_destroy_sock,
    unhash=udp_lib_unhash,
    recvmsg=udp_bpf_recvmsg,
    ioctl=udp_bpf_ioctl,
    sock_is_readable=sk_msg_is_readable,
    psock_update_sk_prot=udp_bpf_update_proto,
)
