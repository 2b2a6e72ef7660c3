"""The protocol table of AF_VSOCK sockets in a map, and how one reads from such a socket.

Source: net/vmw_vsock/vsock_bpf.c, 7.2-rc (kernel-patches/bpf 93987391c44e).
"""

from psockmc.kernel.socklock import lock_sock
from psockmc.lang import NULL, Ptr, check, instance, kernel, list_empty, omits, rcu_dereference, wait_event

from models.skbuff import skb_queue_empty
from models.skmsg import sk_psock, sk_psock_get, sk_psock_put
from models.skmsg_ingress import sk_msg_is_readable, sk_msg_recvmsg, sk_psock_queue_empty
from models.sock import (
    EAGAIN,
    ENODEV,
    EOPNOTSUPP,
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
from models.vsock import __vsock_connectible_recvmsg, vsock_connectible_has_data


@kernel("net/vmw_vsock/vsock_bpf.c")
def vsock_has_data(sk: Ptr[sock], psock: Ptr[sk_psock]) -> bool:
    """Something on any queue, of which the backlog's may hold data that is to be sent. The caller owns the socket."""
    if vsock_connectible_has_data(sk):
        return True
    return not skb_queue_empty(psock.ingress_skb) or not list_empty(psock.ingress_msg)


@kernel("net/vmw_vsock/vsock_bpf.c")
def vsock_msg_wait_data(sk: Ptr[sock], psock: Ptr[sk_psock], flags: msg_flags_t) -> int_t:
    """Sleep, without the socket, until there is something (1), an error, or no more to come (0)."""
    omits("time-outs and signals while waiting for data; the peer's shutdown")
    while not vsock_has_data(sk, psock):
        if sk.sk_err:
            return -sk.sk_err
        if sk.sk_shutdown & RCV_SHUTDOWN:
            return 0
        if flags & MSG_DONTWAIT:
            return -EAGAIN
        wq = rcu_dereference(sk.sk_wq)
        release_sock_and_backlog(sk)
        wait_event(wq.wq, not list_empty(psock.ingress_msg) or not list_empty(sk.vsk.rx_queue.list))
        lock_sock(sk.sk_lock)
    return 1


@kernel("net/vmw_vsock/vsock_bpf.c")
def vsock_bpf_recvmsg(sk: Ptr[sock], len: bytes_t, flags: msg_flags_t) -> int_t:
    """recvmsg of a socket in a map: its messages; when there are none but something else is there, native data."""
    if not len:
        return 0
    psock = sk_psock_get(sk)
    if not psock:
        return __vsock_connectible_recvmsg(sk, len, flags)
    lock_sock(sk.sk_lock)
    copied: int_t = 0
    native = False
    transport = sk.vsk.transport
    check(transport != NULL, "WARN_ON_ONCE(!vsk->transport) in vsock_bpf_recvmsg()")
    if not transport:
        copied = -ENODEV
    elif vsock_has_data(sk, psock) and sk_psock_queue_empty(psock):
        native = True
    else:
        copied = sk_msg_recvmsg(sk, psock, len, flags)
        while not copied and not native:
            data = vsock_msg_wait_data(sk, psock, flags)
            if data < 0:
                copied = data
            elif not data:
                break
            elif sk_psock_queue_empty(psock):
                native = True
            else:
                copied = sk_msg_recvmsg(sk, psock, len, flags)
    release_sock_and_backlog(sk)
    sk_psock_put(sk, psock)
    if native:
        copied = __vsock_connectible_recvmsg(sk, len, flags)
    return copied


@kernel("net/vmw_vsock/vsock_bpf.c")
def vsock_bpf_update_proto(sk: Ptr[sock], psock: Ptr[sk_psock], restore: bool) -> int_t:
    """Put our table in, or give the original one back."""
    omits("the table is built at boot, not on first use")
    if restore:
        psock.restores += 1
        sk.sk_write_space = psock.saved_write_space
        sock_replace_proto(sk, psock.sk_proto)
        return 0
    transport = sk.vsk.transport
    if not transport:
        return -ENODEV
    if not transport.read_skb:
        return -EOPNOTSUPP
    sock_replace_proto(sk, vsock_bpf_prot)
    return 0


vsock_bpf_prot = instance(
    proto,
    close=sock_map_close,
    recvmsg=vsock_bpf_recvmsg,
    sock_is_readable=sk_msg_is_readable,
    psock_update_sk_prot=vsock_bpf_update_proto,
)
