"""AF_UNIX: what a psock meets of it.

Source: net/unix/af_unix.c and include/net/af_unix.h, v6.12.117, and 6.1.192 beside it (both have the later fixes to
sockmap that are in mainline).

Who sends puts the data on the receive queue of the peer by himself and then calls the peer's sk_data_ready(), with no
lock: so the verdict of a socket runs in the senders' processes, in several at once. Readers, the verdict among them,
keep each other out by `iolock`, a mutex. The pointer to the peer is written under the state lock and owns a
reference, and is given back by who clears it: close() of its own socket, or a datagram sender that finds the peer
dead. The socket lock plays no role, except towards maps.

Left out everywhere: SOCK_SEQPACKET, passed file descriptors and credentials and their garbage collection, limits of
buffers and queues, addresses, MSG_PEEK.
"""

from psockmc.kernel.mutex import mutex, mutex_lock, mutex_unlock
from psockmc.kernel.refcount import refcount_set
from psockmc.kernel.socklock import lock_sock
from psockmc.kernel.spinlock import (
    spin_lock,
    spin_lock_irqsave,
    spin_unlock,
    spin_unlock_irqrestore,
    spinlock_t,
)
from psockmc.lang import (
    GFP_KERNEL,
    NULL,
    READ_ONCE,
    WRITE_ONCE,
    Array,
    Callable,
    Ghost,
    Ptr,
    Struct,
    instance,
    kernel,
    kzalloc,
    list_add_tail,
    list_del,
    list_empty,
    omits,
    rcu_dereference,
    rcu_read_lock,
    rcu_read_unlock,
    wait_event,
)

from models.skbuff import (
    __skb_unlink,
    alloc_skb,
    consume_skb,
    kfree_skb,
    seq_t,
    sk_buff,
    skb_dequeue,
    skb_peek,
    skb_queue_tail,
)
from models.sock import (
    EAGAIN,
    ECONNREFUSED,
    ECONNRESET,
    EINVAL,
    EISCONN,
    ENOMEM,
    ENOTCONN,
    EOPNOTSUPP,
    EPIPE,
    MSG_DONTWAIT,
    RCV_SHUTDOWN,
    SEND_SHUTDOWN,
    SHUTDOWN_MASK,
    SOCK_STREAM,
    TCP_CLOSE,
    TCP_ESTABLISHED,
    bytes_t,
    hash_t,
    int_t,
    msg_flags_t,
    proto,
    proto_ops,
    release_sock_and_backlog,
    shutdown_t,
    sock,
    sock_def_wakeup,
    sock_error,
    sock_flag_dead,
    sock_hold,
    sock_orphan,
    sock_put,
    socket,
    timeout_t,
)
from models.unix_bpf import unix_dgram_bpf_update_proto, unix_stream_bpf_update_proto


class unix_sock(Struct):
    """What AF_UNIX adds to a socket.

    peer: owns a reference. oob_skb: the last urgent byte, which is on the receive queue; no reference. lock: the
    state lock. iolock: of those who read. sending_to, for properties: the peer that a sender uses just now.
    """

    peer: Ptr[sock]
    oob_skb: Ptr[sk_buff]
    lock: spinlock_t
    iolock: mutex
    sending_to: Ghost[Ptr[sock]]


class unix_table(Struct, name="unix_table"):
    """The table of sockets, where iterators find them. Holds no references. One lock for all of its buckets here."""

    buckets: Array[Ptr[sock], 2]
    lock: spinlock_t


unix_sockets = instance(unix_table)


@kernel("include/net/af_unix.h")
def unix_peer(sk: Ptr[sock]) -> Ptr[sock]:
    """The socket at the other end: a plain load, whoever asks."""
    return sk.unix.peer


@kernel("include/net/af_unix.h")
def unix_state_lock(sk: Ptr[sock]) -> None:
    """Keep the peer, the state and SOCK_DEAD as they are. Softirqs do not take it."""
    spin_lock(sk.unix.lock)


@kernel("include/net/af_unix.h")
def unix_state_unlock(sk: Ptr[sock]) -> None:
    """Undo unix_state_lock()."""
    spin_unlock(sk.unix.lock)


@kernel("net/unix/af_unix.c")
def unix_peer_get(sk: Ptr[sock]) -> Ptr[sock]:
    """The peer with a reference."""
    unix_state_lock(sk)
    peer = unix_peer(sk)
    if peer:
        sock_hold(peer)
    unix_state_unlock(sk)
    return peer


@kernel("net/unix/af_unix.c")
def unix_write_space(sk: Ptr[sock]) -> None:
    """Wake who waits for room to send."""
    omits("nobody waits for room to send, so there is nobody to wake")


# ---------------------------------------------------------------- connecting


@kernel("net/unix/af_unix.c")
def unix_stream_connect(sock: Ptr[socket]) -> int_t:
    """Connect to a listening socket: its end of the connection is made here, and waits there for accept()."""
    omits("the listening socket, which is locked meanwhile and gets the new end on its queue")
    sk = sock.sk
    newsk = kzalloc(sock, GFP_KERNEL)
    if not newsk:
        return -ENOMEM
    refcount_set(newsk.sk_refcnt, 1)
    unix_state_lock(sk)
    if sk.sk_state != TCP_CLOSE:
        unix_state_unlock(sk)
        return -EISCONN
    sock_hold(sk)
    newsk.unix.peer = sk
    newsk.sk_state = TCP_ESTABLISHED
    WRITE_ONCE(sk.sk_state, TCP_ESTABLISHED)
    sock_hold(newsk)
    sk.unix.peer = newsk
    unix_state_unlock(sk)
    return 0


# ---------------------------------------------------------------- sending


@kernel("net/unix/af_unix.c")
def unix_stream_send(sock: Ptr[socket], seq: seq_t) -> int_t:
    """unix_stream_sendmsg() of one unit of data. The peer is used without a reference: the caller keeps the socket
    from being closed, and so its peer.
    """
    sk = sock.sk
    other = unix_peer(sk)
    if not other:
        return -ENOTCONN
    sk.unix.sending_to = other
    if READ_ONCE(sk.sk_shutdown) & SEND_SHUTDOWN:
        sk.unix.sending_to = NULL
        return -EPIPE
    skb = alloc_skb(seq)
    if not skb:
        sk.unix.sending_to = NULL
        return -ENOMEM
    unix_state_lock(other)
    if sock_flag_dead(other) or other.sk_shutdown & RCV_SHUTDOWN:
        unix_state_unlock(other)
        sk.unix.sending_to = NULL
        kfree_skb(skb)
        return -EPIPE
    skb_queue_tail(other.sk_receive_queue, skb)
    unix_state_unlock(other)
    data_ready = READ_ONCE(other.sk_data_ready)
    data_ready(other)
    sk.unix.sending_to = NULL
    return 1


@kernel("net/unix/af_unix.c")
def queue_oob(sock: Ptr[socket], seq: seq_t) -> int_t:
    """unix_stream_sendmsg() of an urgent byte."""
    other = unix_peer(sock.sk)
    if not other:
        return -ENOTCONN
    skb = alloc_skb(seq)
    if not skb:
        return -ENOMEM
    unix_state_lock(other)
    if sock_flag_dead(other) or other.sk_shutdown & RCV_SHUTDOWN:
        unix_state_unlock(other)
        kfree_skb(skb)
        return -EPIPE
    spin_lock(other.sk_receive_queue.lock)
    WRITE_ONCE(other.unix.oob_skb, skb)
    list_add_tail(skb, other.sk_receive_queue.list)
    spin_unlock(other.sk_receive_queue.lock)
    unix_state_unlock(other)
    data_ready = READ_ONCE(other.sk_data_ready)
    data_ready(other)
    return 1


@kernel("net/unix/af_unix.c")
def unix_stream_sendmsg(sock: Ptr[socket], len: bytes_t) -> int_t:
    """ops->sendmsg. What is sent on behalf of others is not numbered."""
    return unix_stream_send(sock, 0)


@kernel("net/unix/af_unix.c")
def unix_dgram_forget_peer(sk: Ptr[sock], other: Ptr[sock]) -> int_t:
    """The part of unix_dgram_sendmsg() for a peer that was found dead: who clears the pointer puts its reference."""
    sock_put(other)
    unix_state_lock(sk)
    if unix_peer(sk) != other:
        unix_state_unlock(sk)
        return -ECONNRESET
    sk.unix.peer = NULL
    WRITE_ONCE(sk.sk_state, TCP_CLOSE)
    unix_state_unlock(sk)
    sock_put(other)
    return -ECONNREFUSED


@kernel("net/unix/af_unix.c")
def unix_dgram_send(sock: Ptr[socket], seq: seq_t) -> int_t:
    """unix_dgram_sendmsg() of one datagram to the peer, on which it has a reference of its own."""
    omits("destinations by address, with which a sender whose peer is dead tries again; what it has not read is purged")
    sk = sock.sk
    other = unix_peer_get(sk)
    if not other:
        return -ENOTCONN
    skb = alloc_skb(seq)
    if not skb:
        sock_put(other)
        return -ENOMEM
    unix_state_lock(other)
    if sock_flag_dead(other):
        unix_state_unlock(other)
        kfree_skb(skb)
        return unix_dgram_forget_peer(sk, other)
    if other.sk_shutdown & RCV_SHUTDOWN:
        unix_state_unlock(other)
        kfree_skb(skb)
        sock_put(other)
        return -EPIPE
    skb_queue_tail(other.sk_receive_queue, skb)
    unix_state_unlock(other)
    data_ready = READ_ONCE(other.sk_data_ready)
    data_ready(other)
    sock_put(other)
    return 1


@kernel("net/unix/af_unix.c")
def unix_dgram_sendmsg(sock: Ptr[socket], len: bytes_t) -> int_t:
    """ops->sendmsg. What is sent on behalf of others is not numbered."""
    return unix_dgram_send(sock, 0)


# ---------------------------------------------------------------- the verdict reads


@kernel("net/unix/af_unix.c")
def unix_read_skb(sk: Ptr[sock], recv_actor: Callable[[Ptr[sock], Ptr[sk_buff]], int_t]) -> int_t:
    """Hand one datagram to recv_actor, which runs without iolock."""
    mutex_lock(sk.unix.iolock)
    err = sock_error(sk)
    if err:
        mutex_unlock(sk.unix.iolock)
        return err
    skb = skb_dequeue(sk.sk_receive_queue)
    mutex_unlock(sk.unix.iolock)
    if not skb:
        return -EAGAIN
    return recv_actor(sk, skb)


@kernel("net/unix/af_unix.c")
def unix_stream_read_skb(sk: Ptr[sock], recv_actor: Callable[[Ptr[sock], Ptr[sk_buff]], int_t]) -> int_t:
    """Hand one skb to recv_actor, which runs without iolock. An urgent byte is dropped."""
    if READ_ONCE(sk.sk_state) != TCP_ESTABLISHED:
        return -ENOTCONN
    err = sock_error(sk)
    if err:
        return err
    mutex_lock(sk.unix.iolock)
    spin_lock(sk.sk_receive_queue.lock)
    skb = skb_peek(sk.sk_receive_queue)
    if not skb:
        spin_unlock(sk.sk_receive_queue.lock)
        mutex_unlock(sk.unix.iolock)
        return -EAGAIN
    __skb_unlink(skb, sk.sk_receive_queue)
    urgent = skb == sk.unix.oob_skb
    if urgent:
        WRITE_ONCE(sk.unix.oob_skb, NULL)
    spin_unlock(sk.sk_receive_queue.lock)
    mutex_unlock(sk.unix.iolock)
    if urgent:
        kfree_skb(skb)
        return -EAGAIN
    return recv_actor(sk, skb)


# ---------------------------------------------------------------- users read


@kernel("net/unix/af_unix.c")
def __unix_dgram_recvmsg(sk: Ptr[sock], len: bytes_t, flags: msg_flags_t) -> int_t:
    """The native read of a datagram of one unit; looks at the native queue only."""
    while True:
        mutex_lock(sk.unix.iolock)
        skb = skb_dequeue(sk.sk_receive_queue)
        if skb:
            consume_skb(skb)
            mutex_unlock(sk.unix.iolock)
            return 1
        mutex_unlock(sk.unix.iolock)
        if flags & MSG_DONTWAIT:
            return -EAGAIN
        wq = rcu_dereference(sk.sk_wq)
        sk.native_readers += 1
        wait_event(wq.wq, not list_empty(sk.sk_receive_queue.list))
        sk.native_readers -= 1


@kernel("net/unix/af_unix.c")
def manage_oob(sk: Ptr[sock], skb: Ptr[sk_buff]) -> Ptr[sk_buff]:
    """What a native read makes of an urgent byte at the head of the queue: it is skipped, and so is the place of one
    that was read. The caller holds iolock and the state lock.
    """
    if not skb.consumed and skb != READ_ONCE(sk.unix.oob_skb):
        return skb
    spin_lock(sk.sk_receive_queue.lock)
    if skb == sk.unix.oob_skb:
        WRITE_ONCE(sk.unix.oob_skb, NULL)
    __skb_unlink(skb, sk.sk_receive_queue)
    rest = skb_peek(sk.sk_receive_queue)
    spin_unlock(sk.sk_receive_queue.lock)
    kfree_skb(skb)
    return rest


@kernel("net/unix/af_unix.c")
def unix_stream_read_generic(sk: Ptr[sock], len: bytes_t, flags: msg_flags_t) -> int_t:
    """The native read of a stream, one skb; looks at the native queue only. 0 at the end of the stream."""
    omits("unix_stream_data_wait() tests under the state lock; errors do not end the wait")
    if READ_ONCE(sk.sk_state) != TCP_ESTABLISHED:
        return -EINVAL
    while True:
        mutex_lock(sk.unix.iolock)
        unix_state_lock(sk)
        skb = skb_peek(sk.sk_receive_queue)
        if skb:
            skb = manage_oob(sk, skb)
        if skb:
            unix_state_unlock(sk)
            spin_lock_irqsave(sk.sk_receive_queue.lock)
            list_del(skb, sk.sk_receive_queue.list)
            spin_unlock_irqrestore(sk.sk_receive_queue.lock)
            consume_skb(skb)
            mutex_unlock(sk.unix.iolock)
            return 1
        err = sock_error(sk)
        end = sk.sk_shutdown & RCV_SHUTDOWN != 0
        unix_state_unlock(sk)
        mutex_unlock(sk.unix.iolock)
        if err or end:
            return err
        if flags & MSG_DONTWAIT:
            return -EAGAIN
        wq = rcu_dereference(sk.sk_wq)
        sk.native_readers += 1
        wait_event(wq.wq, not list_empty(sk.sk_receive_queue.list) or sk.sk_shutdown & RCV_SHUTDOWN)
        sk.native_readers -= 1


@kernel("net/unix/af_unix.c")
def __unix_stream_recvmsg(sk: Ptr[sock], len: bytes_t, flags: msg_flags_t) -> int_t:
    """The native read of a stream."""
    return unix_stream_read_generic(sk, len, flags)


@kernel("net/unix/af_unix.c")
def unix_stream_recv_urg(sk: Ptr[sock]) -> int_t:
    """The native read of an urgent byte. It is used after the locks are gone: iolock keeps it on the queue."""
    mutex_lock(sk.unix.iolock)
    unix_state_lock(sk)
    spin_lock(sk.sk_receive_queue.lock)
    oob_skb = sk.unix.oob_skb
    if oob_skb:
        WRITE_ONCE(sk.unix.oob_skb, NULL)
    spin_unlock(sk.sk_receive_queue.lock)
    unix_state_unlock(sk)
    if oob_skb:
        oob_skb.consumed = True
    mutex_unlock(sk.unix.iolock)
    return 1 if oob_skb else -EINVAL


@kernel("net/unix/af_unix.c")
def unix_dgram_recvmsg(sock: Ptr[socket], len: bytes_t, flags: msg_flags_t) -> int_t:
    """ops->recvmsg."""
    sk = sock.sk
    prot = READ_ONCE(sk.sk_prot)
    if prot != unix_dgram_proto:
        return prot.recvmsg(sk, len, flags)
    return __unix_dgram_recvmsg(sk, len, flags)


@kernel("net/unix/af_unix.c")
def unix_stream_recvmsg(sock: Ptr[socket], len: bytes_t, flags: msg_flags_t) -> int_t:
    """ops->recvmsg."""
    sk = sock.sk
    prot = READ_ONCE(sk.sk_prot)
    if prot != unix_stream_proto:
        return prot.recvmsg(sk, len, flags)
    return unix_stream_read_generic(sk, len, flags)


@kernel("net/unix/af_unix.c")
def unix_stream_recvmsg_oob(sock: Ptr[socket]) -> int_t:
    """ops->recvmsg with MSG_OOB. unix_bpf_recvmsg() refuses it at once, so that it is not asked here."""
    sk = sock.sk
    if READ_ONCE(sk.sk_prot) != unix_stream_proto:
        return -EOPNOTSUPP
    return unix_stream_recv_urg(sk)


# ---------------------------------------------------------------- shutdown and close


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


# ---------------------------------------------------------------- iterators


@kernel("net/unix/af_unix.c")
def bpf_iter_unix_seq_show(sk: Ptr[sock], prog: Callable[[Ptr[sock]], None]) -> None:
    """Run an iterator's program on a socket, on which the caller has a reference."""
    lock_sock(sk.sk_lock)
    unix_state_lock(sk)
    if not sock_flag_dead(sk):
        rcu_read_lock()
        prog(sk)
        rcu_read_unlock()
    unix_state_unlock(sk)
    release_sock_and_backlog(sk)


@kernel("net/unix/af_unix.c")
def bpf_iter_unix(hash: hash_t, prog: Callable[[Ptr[sock]], None]) -> None:
    """An iterator comes by a bucket: bpf_iter_unix_hold_batch() and what follows."""
    spin_lock(unix_sockets.lock)
    sk = unix_sockets.buckets[hash]
    if sk:
        sock_hold(sk)
    spin_unlock(unix_sockets.lock)
    if sk:
        bpf_iter_unix_seq_show(sk, prog)
        sock_put(sk)


unix_dgram_proto = instance(proto, close=unix_close, psock_update_sk_prot=unix_dgram_bpf_update_proto)

unix_stream_proto = instance(
    proto, close=unix_close, unhash=unix_unhash, psock_update_sk_prot=unix_stream_bpf_update_proto
)

unix_dgram_ops = instance(proto_ops, release=unix_release, sendmsg=unix_dgram_sendmsg, read_skb=unix_read_skb)

unix_stream_ops = instance(proto_ops, release=unix_release, sendmsg=unix_stream_sendmsg, read_skb=unix_stream_read_skb)
