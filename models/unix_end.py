"""AF_UNIX: how a socket ends.

Source: net/unix/af_unix.c, v6.12.117, and 6.1.192 beside it. What is left out everywhere, and why the pointer to the
peer owns a reference, stands in models/af_unix.py.
"""

from psockmc.kernel.spinlock import spin_lock, spin_unlock
from psockmc.lang import NULL, READ_ONCE, WRITE_ONCE, Ptr, kernel

from models.af_unix import unix_peer, unix_sockets, unix_state_lock, unix_state_unlock
from models.skbuff import kfree_skb, skb_dequeue, skb_peek
from models.sock import (
    ECONNRESET,
    RCV_SHUTDOWN,
    SEND_SHUTDOWN,
    SHUTDOWN_MASK,
    SOCK_STREAM,
    TCP_CLOSE,
    int_t,
    shutdown_t,
    sock,
    sock_def_wakeup,
    sock_hold,
    sock_orphan,
    sock_put,
    socket,
    timeout_t,
)


@kernel("net/unix/af_unix.c")
def unix_shutdown(sock: Ptr[socket], mode: shutdown_t) -> int_t:
    """End one or both directions. The peer, if it is in a map, is taken out of it."""
    sk = sock.sk
    unix_state_lock(sk)
    WRITE_ONCE(sk.sk_shutdown, sk.sk_shutdown | mode)
    other = unix_peer(sk)
    if other:
        sock_hold(other)
    unix_state_unlock(sk)
    sock_def_wakeup(sk)
    if other and sk.sk_type == SOCK_STREAM:
        prot = READ_ONCE(other.sk_prot)
        unhash = prot.unhash
        if unhash:
            unhash(other)
        peer_mode: shutdown_t = 0
        if mode & RCV_SHUTDOWN:
            peer_mode |= SEND_SHUTDOWN
        if mode & SEND_SHUTDOWN:
            peer_mode |= RCV_SHUTDOWN
        unix_state_lock(other)
        WRITE_ONCE(other.sk_shutdown, other.sk_shutdown | peer_mode)
        unix_state_unlock(other)
        sock_def_wakeup(other)
    if other:
        sock_put(other)
    return 0


@kernel("net/unix/af_unix.c")
def unix_remove_socket(sk: Ptr[sock]) -> None:
    """Iterators do not find it any more."""
    spin_lock(unix_sockets.lock)
    unix_sockets.buckets[sk.sk_hash] = NULL
    spin_unlock(unix_sockets.lock)


@kernel("net/unix/af_unix.c")
def unix_release_sock(sk: Ptr[sock]) -> None:
    """The end of a socket: its references on the peer and on itself go."""
    unix_remove_socket(sk)
    unix_state_lock(sk)
    sock_orphan(sk)
    WRITE_ONCE(sk.sk_shutdown, SHUTDOWN_MASK)
    WRITE_ONCE(sk.sk_state, TCP_CLOSE)
    skpair = unix_peer(sk)
    sk.unix.peer = NULL
    unix_state_unlock(sk)
    sk.unix.oob_skb = NULL
    if skpair:
        if sk.sk_type == SOCK_STREAM:
            unread = skb_peek(sk.sk_receive_queue) != NULL
            unix_state_lock(skpair)
            WRITE_ONCE(skpair.sk_shutdown, SHUTDOWN_MASK)
            if unread:
                WRITE_ONCE(skpair.sk_err, ECONNRESET)
            unix_state_unlock(skpair)
            sock_def_wakeup(skpair)
        sock_put(skpair)
    skb = skb_dequeue(sk.sk_receive_queue)
    while skb:
        kfree_skb(skb)
        skb = skb_dequeue(sk.sk_receive_queue)
    sock_put(sk)


@kernel("net/unix/af_unix.c")
def unix_sock_destructor(sk: Ptr[sock]) -> None:
    """sk_destruct of AF_UNIX."""
    skb = skb_dequeue(sk.sk_receive_queue)
    while skb:
        kfree_skb(skb)
        skb = skb_dequeue(sk.sk_receive_queue)


@kernel("net/unix/af_unix.c")
def unix_close(sk: Ptr[sock], timeout: timeout_t) -> None:
    """sk_prot->close; there for sockmap only."""


@kernel("net/unix/af_unix.c")
def unix_unhash(sk: Ptr[sock]) -> None:
    """sk_prot->unhash; there for sockmap only."""


@kernel("net/unix/af_unix.c")
def unix_release(sock: Ptr[socket]) -> None:
    """ops->release."""
    sk = sock.sk
    if sk:
        close = sk.sk_prot.close
        close(sk, 0)
        unix_release_sock(sk)
        sock.sk = NULL
