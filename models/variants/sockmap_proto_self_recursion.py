"""close() as it was before 5b4a79ba65a1 (v6.2), on a socket that has our table and no psock: the copy of a listener
with a program, as ddce1e091757 came only after it.

Without a psock close() takes the function that is in the table: itself.
"""

from psockmc.kernel.socklock import lock_sock
from psockmc.kernel.work import cancel_delayed_work_sync
from psockmc.lang import READ_ONCE, Ptr, rcu_read_lock, rcu_read_unlock, replaces

from models.listener import tcp_bpf_clone
from models.skmsg import sk_psock_get, sk_psock_put, sk_psock_stop
from models.sock import release_sock_and_backlog, sock, timeout_t
from models.sock_map import sock_map_remove_links
from models.sock_map_proto import sock_map_close
from models.tcp_bpf import tcp_bpf_prots_base


@replaces(tcp_bpf_clone)
def tcp_bpf_clone(sk: Ptr[sock], newsk: Ptr[sock]) -> None:
    """A copy of a listener with a program keeps one of our tables."""
    if newsk.sk_prot == tcp_bpf_prots_base:
        newsk.sk_prot = sk.sk_prot_creator


@replaces(sock_map_close)
def sock_map_close(sk: Ptr[sock], timeout: timeout_t) -> None:
    """No look at what is called."""
    lock_sock(sk.sk_lock)
    rcu_read_lock()
    psock = sk_psock_get(sk)
    if psock:
        saved_close = psock.saved_close
        sock_map_remove_links(sk, psock)
        rcu_read_unlock()
        sk_psock_stop(psock)
        release_sock_and_backlog(sk)
        cancel_delayed_work_sync(psock.work)
        sk_psock_put(sk, psock)
        saved_close(sk, timeout)
    else:
        rcu_read_unlock()
        release_sock_and_backlog(sk)
        close = READ_ONCE(sk.sk_prot).close
        close(sk, timeout)
