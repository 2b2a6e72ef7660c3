"""Reading from an AF_VSOCK socket in a map as it was before f6abafcd32f9 (v6.13): it trusts that there is a transport.

Sockets that are not connected could be put into a map then (until 8fb5bb169d17, v6.14), and a connect() that fails may
take their transport away. Nor did vsock_connectible_has_data() test it.
"""

from psockmc.kernel.socklock import lock_sock
from psockmc.lang import READ_ONCE, Ptr, replaces

from models.skmsg import sk_psock_get, sk_psock_put
from models.skmsg_ingress import sk_msg_recvmsg, sk_psock_queue_empty
from models.sock import (
    TCP_ESTABLISHED,
    TCP_LISTEN,
    bytes_t,
    int_t,
    msg_flags_t,
    release_sock_and_backlog,
    sk_hashed,
    sk_is_stream_unix,
    sk_is_tcp,
    sk_is_udp,
    sock,
)
from models.sock_map import sock_map_sk_state_allowed
from models.vsock import __vsock_connectible_recvmsg, vsock_connectible_has_data
from models.vsock_bpf import vsock_bpf_recvmsg, vsock_has_data, vsock_msg_wait_data


@replaces(sock_map_sk_state_allowed)
def sock_map_sk_state_allowed(sk: Ptr[sock]) -> bool:
    """Does not ask AF_VSOCK sockets."""
    if sk_is_tcp(sk):
        state = sk.sk_state
        return state == TCP_ESTABLISHED or state == TCP_LISTEN
    if sk_is_udp(sk):
        return sk_hashed(sk)
    if sk_is_stream_unix(sk):
        return READ_ONCE(sk.sk_state) == TCP_ESTABLISHED
    return True


@replaces(vsock_connectible_has_data)
def vsock_connectible_has_data(sk: Ptr[sock]) -> bool:
    """No test of the transport."""
    return sk.vsk.transport.stream_has_data(sk)


@replaces(vsock_bpf_recvmsg)
def vsock_bpf_recvmsg(sk: Ptr[sock], len: bytes_t, flags: msg_flags_t) -> int_t:
    """No test of the transport."""
    if not len:
        return 0
    psock = sk_psock_get(sk)
    if not psock:
        return __vsock_connectible_recvmsg(sk, len, flags)
    lock_sock(sk.sk_lock)
    copied: int_t = 0
    native = vsock_has_data(sk, psock) and sk_psock_queue_empty(psock)
    if not native:
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
