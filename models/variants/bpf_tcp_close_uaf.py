"""close() as it was before 5028027844cf (v4.19): it leaves the RCU section before it goes through the psock's entries.

In names of today: the psock is found without a reference, and its links are removed after rcu_read_unlock().
"""

from psockmc.kernel.socklock import lock_sock
from psockmc.lang import READ_ONCE, Ptr, rcu_read_lock, rcu_read_unlock, replaces

from models.skmsg import sk_psock
from models.sock import release_sock_and_backlog, sock, timeout_t
from models.sock_map import sock_map_remove_links
from models.sock_map_proto import sock_map_close


@replaces(sock_map_close)
def sock_map_close(sk: Ptr[sock], timeout: timeout_t) -> None:
    """Nothing keeps the psock when another process deletes its last entry."""
    lock_sock(sk.sk_lock)
    rcu_read_lock()
    psock = sk_psock(sk)
    rcu_read_unlock()
    if psock:
        saved_close = psock.saved_close
        sock_map_remove_links(sk, psock)
    else:
        saved_close = READ_ONCE(sk.sk_prot).close
    release_sock_and_backlog(sk)
    if saved_close != sock_map_close:
        saved_close(sk, timeout)
