"""connect() of AF_VSOCK as it was before 002541ef650b (v6.18): a signal resets a connection that is there already.

The socket may have been put into a map meanwhile, as a connected one. It is not connected any more, and the next
connect() may take its transport away.
"""

from psockmc.kernel.socklock import lock_sock
from psockmc.lang import Ptr, choose, replaces

from models.sock import (
    EINVAL,
    SS_UNCONNECTED,
    TCP_CLOSE,
    TCP_ESTABLISHED,
    int_t,
    release_sock_and_backlog,
    sock,
    sock_error,
    socket,
)
from models.vsock import vsock_connect_wait


@replaces(vsock_connect_wait)
def vsock_connect_wait(sock: Ptr[socket], sk: Ptr[sock]) -> int_t:
    """Looks for a signal before it looks at the state."""
    while sk.sk_state != TCP_ESTABLISHED and sk.sk_err == 0:
        release_sock_and_backlog(sk)
        lock_sock(sk.sk_lock)
        if choose():
            sk.sk_state = TCP_CLOSE
            sock.state = SS_UNCONNECTED
            return -EINVAL
    err = sock_error(sk)
    if err:
        sk.sk_state = TCP_CLOSE
        sock.state = SS_UNCONNECTED
    return err
