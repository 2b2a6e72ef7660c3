"""poll() of AF_VSOCK as it was before 9f0fc9814521 (v6.13): it does not look at the psock's queue."""

from psockmc.kernel.socklock import lock_sock
from psockmc.lang import Ptr, replaces

from models.sock import RCV_SHUTDOWN, release_sock_and_backlog, socket
from models.vsock import vsock_connectible_has_data, vsock_poll


@replaces(vsock_poll)
def vsock_poll(sock: Ptr[socket]) -> bool:
    """Looks at the transport's queue only."""
    sk = sock.sk
    mask = False
    lock_sock(sk.sk_lock)
    if sk.vsk.transport and not sk.sk_shutdown & RCV_SHUTDOWN:
        if vsock_connectible_has_data(sk):
            mask = True
    if sk.sk_shutdown & RCV_SHUTDOWN:
        mask = True
    release_sock_and_backlog(sk)
    return mask
