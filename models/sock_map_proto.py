"""What a map puts in the place of its sockets' close, destroy and unhash.

Source: net/core/sock_map.c, 7.2-rc (incapdns/selinux-kernel b6265f6363c3). Read again beside 7.1.5 (danayer/linux-7.1.5
9d1745cf8134), and beside 6.1.192, which has no loops here: it warns and returns.
"""

from psockmc.kernel.socklock import lock_sock
from psockmc.kernel.work import cancel_delayed_work_sync
from psockmc.lang import (
    NOBODY,
    READ_ONCE,
    Ptr,
    check,
    cover,
    current,
    in_task,
    kernel,
    rcu_read_lock,
    rcu_read_unlock,
)

from models.skmsg import sk_psock, sk_psock_get, sk_psock_put, sk_psock_stop
from models.sock import release_sock_and_backlog, sock, timeout_t
from models.sock_map import sock_map_remove_links


@kernel("net/core/sock_map.c")
def sock_map_destroy(sk: Ptr[sock]) -> None:
    """sk_prot->destroy of a socket with a psock; called with slock held."""
    while True:
        rcu_read_lock()
        psock = sk_psock_get(sk)
        if psock:
            sk.spinner = NOBODY
            saved_destroy = psock.saved_destroy
            sock_map_remove_links(sk, psock)
            rcu_read_unlock()
            sk_psock_stop(psock)
            sk_psock_put(sk, psock)
            check(saved_destroy != sock_map_destroy, "WARN_ON_ONCE(saved_destroy == sock_map_destroy)")
            if saved_destroy == sock_map_destroy:
                return
            break
        rcu_read_unlock()
        saved_destroy = READ_ONCE(sk.sk_prot).destroy
        if saved_destroy != sock_map_destroy:
            sk.spinner = NOBODY
            break
        if not in_task():
            sk.spinner = current()
        cover("sock_map_destroy() tries again: the psock is on its way out")
    if saved_destroy:
        saved_destroy(sk)


@kernel("net/core/sock_map.c")
def sock_map_unhash(sk: Ptr[sock]) -> None:
    """sk_prot->unhash of a socket with a psock. Only AF_UNIX stream sockets have it, and only shutdown() of the peer
    calls it: no lock of this socket is held, a reference on it is. Uses the psock without a reference, under RCU.
    """
    while True:
        rcu_read_lock()
        psock = sk_psock(sk)
        if psock:
            saved_unhash = psock.saved_unhash
            sock_map_remove_links(sk, psock)
            rcu_read_unlock()
            check(saved_unhash != sock_map_unhash, "WARN_ON_ONCE(saved_unhash == sock_map_unhash)")
            if saved_unhash == sock_map_unhash:
                return
            break
        rcu_read_unlock()
        saved_unhash = READ_ONCE(sk.sk_prot).unhash
        if saved_unhash != sock_map_unhash:
            break
        cover("sock_map_unhash() tries again: the psock is on its way out")
    if saved_unhash:
        saved_unhash(sk)


@kernel("net/core/sock_map.c")
def sock_map_close(sk: Ptr[sock], timeout: timeout_t) -> None:
    """sk_prot->close of a socket with a psock."""
    while True:
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
            psock.close_cancelled = True
            sk_psock_put(sk, psock)
            check(saved_close != sock_map_close, "WARN_ON_ONCE(saved_close == sock_map_close)")
            if saved_close == sock_map_close:
                return
            break
        saved_close = READ_ONCE(sk.sk_prot).close
        rcu_read_unlock()
        release_sock_and_backlog(sk)
        if saved_close != sock_map_close:
            break
        cover("sock_map_close() tries again: the psock is on its way out")
    saved_close(sk, timeout)
