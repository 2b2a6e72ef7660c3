"""AF_VSOCK: what a psock meets of it. The transport is virtio's, as in vsock_loopback.

Sources: net/vmw_vsock/af_vsock.c and virtio_transport_common.c, v6.12.117; in part read again in 7.1.5.

Packets come in a worker, which owns the socket while it handles one: so a verdict runs in process context, with the
socket lock held. A socket has a transport from its first connect() on; one that fails may take it away again.

Left out everywhere: credit, the handshake at the end of a connection (close() ends it at once), datagrams,
SOCK_SEQPACKET, accept(), SO_RCVLOWAT.
"""

from psockmc.kernel.socklock import lock_sock
from psockmc.kernel.spinlock import spin_lock_bh, spin_unlock_bh, spinlock_t
from psockmc.lang import (
    NULL,
    READ_ONCE,
    Array,
    Callable,
    Const,
    Enum,
    Ptr,
    Struct,
    check,
    choose,
    instance,
    kernel,
    list_add_tail,
    list_del,
    list_empty,
    list_first_entry_or_null,
    omits,
    rcu_dereference,
    wait_event,
)

from models.skbuff import (
    __skb_unlink,
    alloc_skb,
    consume_skb,
    kfree_skb,
    seq_t,
    sk_buff,
    sk_buff_head,
    skb_peek,
    skb_set_owner_sk_safe,
)
from models.sock import (
    EAGAIN,
    ECONNRESET,
    EINVAL,
    EISCONN,
    ENODEV,
    ENOTCONN,
    MSG_DONTWAIT,
    RCV_SHUTDOWN,
    SHUTDOWN_MASK,
    SS_CONNECTED,
    SS_CONNECTING,
    SS_UNCONNECTED,
    TCP_CLOSE,
    TCP_ESTABLISHED,
    TCP_LISTEN,
    TCP_SYN_SENT,
    bytes_t,
    hash_t,
    int_t,
    msg_flags_t,
    proto,
    proto_ops,
    release_sock_and_backlog,
    sk_error_report,
    sk_is_readable,
    sock,
    sock_def_wakeup,
    sock_error,
    sock_hold,
    sock_orphan,
    sock_put,
    socket,
    timeout_t,
)
from models.vsock_bpf import vsock_bpf_update_proto


class vsock_op(Enum):
    """What a packet is."""

    OP_REQUEST = 0
    OP_RESPONSE = 1
    OP_RST = 2
    OP_RW = 3


class vsock_transport(Struct, name="transport"):
    """How packets get to the other side. init_fails: it takes no sockets.

    The kernel's functions take the vsock_sock, which is part of the socket.
    """

    stream_has_data: Const[Callable[[Ptr[sock]], bool]]
    read_skb: Const[Callable[[Ptr[sock], Callable[[Ptr[sock], Ptr[sk_buff]], int_t]], int_t]]
    init_fails: Const[bool]


class vsock_sock(Struct):
    """What AF_VSOCK adds to a socket. rx_queue: the transport's queue, with its lock (in virtio_vsock_sock)."""

    transport: Ptr[vsock_transport]
    rx_queue: sk_buff_head


class vsock_table(Struct, name="vsock_table"):
    """The table of bound sockets. Each entry owns a reference."""

    buckets: Array[Ptr[sock], 2]
    lock: spinlock_t


vsock_sockets = instance(vsock_table)


# ---------------------------------------------------------------- tables


@kernel("net/vmw_vsock/af_vsock.c")
def vsock_insert_bound(sk: Ptr[sock]) -> None:
    """Packets find the socket."""
    spin_lock_bh(vsock_sockets.lock)
    sock_hold(sk)
    vsock_sockets.buckets[sk.sk_hash] = sk
    spin_unlock_bh(vsock_sockets.lock)


@kernel("net/vmw_vsock/af_vsock.c")
def vsock_find_bound_socket(hash: hash_t) -> Ptr[sock]:
    """The socket of a packet, with a reference."""
    spin_lock_bh(vsock_sockets.lock)
    sk = vsock_sockets.buckets[hash]
    if sk:
        sock_hold(sk)
    spin_unlock_bh(vsock_sockets.lock)
    return sk


@kernel("net/vmw_vsock/af_vsock.c")
def vsock_remove_sock(sk: Ptr[sock]) -> None:
    """Packets do not find the socket any more. The caller has a reference of its own."""
    spin_lock_bh(vsock_sockets.lock)
    found = vsock_sockets.buckets[sk.sk_hash] == sk
    vsock_sockets.buckets[sk.sk_hash] = NULL
    spin_unlock_bh(vsock_sockets.lock)
    if found:
        sock_put(sk)


# ---------------------------------------------------------------- data


@kernel("net/vmw_vsock/virtio_transport_common.c")
def virtio_transport_stream_has_data(sk: Ptr[sock]) -> bool:
    """Whether there is native data."""
    spin_lock_bh(sk.vsk.rx_queue.lock)
    data = not list_empty(sk.vsk.rx_queue.list)
    spin_unlock_bh(sk.vsk.rx_queue.lock)
    return data


@kernel("net/vmw_vsock/af_vsock.c")
def vsock_connectible_has_data(sk: Ptr[sock]) -> bool:
    """Whether there is native data; the caller owns the socket. (vsock_stream_has_data() is in here.)"""
    transport = sk.vsk.transport
    check(transport != NULL, "WARN_ON(!vsk->transport) in vsock_connectible_has_data()")
    if not transport:
        return False
    return transport.stream_has_data(sk)


@kernel("net/vmw_vsock/virtio_transport_common.c")
def virtio_transport_dequeue(sk: Ptr[sock]) -> Ptr[sk_buff]:
    """Take the first skb off, or NULL."""
    spin_lock_bh(sk.vsk.rx_queue.lock)
    skb = list_first_entry_or_null(sk.vsk.rx_queue.list)
    if skb:
        list_del(skb, sk.vsk.rx_queue.list)
    spin_unlock_bh(sk.vsk.rx_queue.lock)
    return skb


@kernel("net/vmw_vsock/virtio_transport_common.c")
def virtio_transport_read_skb(sk: Ptr[sock], recv_actor: Callable[[Ptr[sock], Ptr[sk_buff]], int_t]) -> int_t:
    """Hand one skb to recv_actor."""
    skb = virtio_transport_dequeue(sk)
    if not skb:
        return -EAGAIN
    return recv_actor(sk, skb)


@kernel("net/vmw_vsock/af_vsock.c")
def vsock_read_skb(sk: Ptr[sock], recv_actor: Callable[[Ptr[sock], Ptr[sk_buff]], int_t]) -> int_t:
    """ops->read_skb: the transport's. The caller owns the socket."""
    transport = sk.vsk.transport
    check(transport != NULL, "WARN_ON_ONCE(!vsk->transport) in vsock_read_skb()")
    if not transport:
        return -ENODEV
    return transport.read_skb(sk, recv_actor)


@kernel("net/vmw_vsock/af_vsock.c")
def vsock_data_ready(sk: Ptr[sock]) -> None:
    """Tell the socket that there is data; the caller owns it."""
    if vsock_connectible_has_data(sk):
        data_ready = sk.sk_data_ready
        data_ready(sk)


# ---------------------------------------------------------------- packets in


@kernel("net/vmw_vsock/virtio_transport_common.c")
def virtio_transport_recv_connected(sk: Ptr[sock], skb: Ptr[sk_buff], op: vsock_op) -> None:
    """A packet on a connection; the caller owns the socket."""
    if op == OP_RW:
        spin_lock_bh(sk.vsk.rx_queue.lock)
        list_add_tail(skb, sk.vsk.rx_queue.list)
        spin_unlock_bh(sk.vsk.rx_queue.lock)
        vsock_data_ready(sk)
        return
    kfree_skb(skb)


@kernel("net/vmw_vsock/virtio_transport_common.c")
def virtio_transport_recv_connecting(sk: Ptr[sock], op: vsock_op) -> None:
    """The answer to a connect(); the caller owns the socket."""
    if op == OP_RESPONSE:
        sk.sk_state = TCP_ESTABLISHED
        sk.sk_socket.state = SS_CONNECTED
        sock_def_wakeup(sk)
    elif op == OP_RST:
        sk.sk_state = TCP_CLOSE
        sk.sk_err = ECONNRESET
        sk_error_report(sk)


@kernel("net/vmw_vsock/virtio_transport_common.c")
def virtio_transport_recv_pkt(t: Ptr[vsock_transport], hash: hash_t, op: vsock_op, seq: seq_t) -> None:
    """A packet comes in by a transport. Runs in its worker, and owns the socket meanwhile."""
    skb = alloc_skb(seq)
    if not skb:
        return
    sk = vsock_find_bound_socket(hash)
    if not sk:
        kfree_skb(skb)
        return
    owned = skb_set_owner_sk_safe(skb, sk)
    check(owned, "WARN_ONCE: receiving vsock socket has sk_refcnt == 0")
    lock_sock(sk.sk_lock)
    state = sk.sk_state
    if sk.sock_done or (state != TCP_LISTEN and sk.vsk.transport != t):
        kfree_skb(skb)
    elif state == TCP_LISTEN:
        omits("the connection that a request makes, and that accept() would return")
        data_ready = sk.sk_data_ready
        data_ready(sk)
        kfree_skb(skb)
    elif state == TCP_SYN_SENT:
        virtio_transport_recv_connecting(sk, op)
        kfree_skb(skb)
    elif state == TCP_ESTABLISHED:
        virtio_transport_recv_connected(sk, skb, op)
    else:
        kfree_skb(skb)
    release_sock_and_backlog(sk)
    sock_put(sk)


# ---------------------------------------------------------------- connecting


@kernel("net/vmw_vsock/af_vsock.c")
def vsock_assign_transport(sk: Ptr[sock], new_transport: Ptr[vsock_transport]) -> int_t:
    """The transport for an address; the caller owns the socket. It gives the old one up before it tries the new.

    The socket stays bound.
    """
    if sk.vsk.transport == new_transport:
        return 0
    if sk.vsk.transport:
        sk.vsk.transport = NULL
        sk.sk_state = TCP_CLOSE
    if new_transport.init_fails:
        return -ENODEV
    sk.vsk.transport = new_transport
    return 0


@kernel("net/vmw_vsock/af_vsock.c")
def vsock_connect_wait(sock: Ptr[socket], sk: Ptr[sock]) -> int_t:
    """Wait for the answer, or for a signal, which may come at any time. The caller owns the socket."""
    omits("sleeping: the loop goes round at any time, not when it is woken")
    while sk.sk_state != TCP_ESTABLISHED and sk.sk_err == 0:
        release_sock_and_backlog(sk)
        lock_sock(sk.sk_lock)
        if sk.sk_state == TCP_ESTABLISHED:
            return 0
        if choose():
            sk.sk_state = TCP_CLOSE
            sock.state = SS_UNCONNECTED
            return -EINVAL
    err = sock_error(sk)
    if err:
        sk.sk_state = TCP_CLOSE
        sock.state = SS_UNCONNECTED
    return err


@kernel("net/vmw_vsock/af_vsock.c")
def vsock_connect(sock: Ptr[socket], new_transport: Ptr[vsock_transport]) -> int_t:
    """connect() to an address that is reached by new_transport."""
    sk = sock.sk
    lock_sock(sk.sk_lock)
    err: int_t = 0
    if sock.state == SS_CONNECTED:
        err = -EISCONN
    elif sk.sk_state == TCP_LISTEN:
        err = -EINVAL
    else:
        err = vsock_assign_transport(sk, new_transport)
    if not err:
        sk.sk_state = TCP_SYN_SENT
        sock.state = SS_CONNECTING
        err = vsock_connect_wait(sock, sk)
    release_sock_and_backlog(sk)
    return err


@kernel("net/vmw_vsock/af_vsock.c")
def vsock_listen(sock: Ptr[socket]) -> int_t:
    """listen()."""
    sk = sock.sk
    lock_sock(sk.sk_lock)
    err: int_t = -EINVAL
    if sock.state == SS_UNCONNECTED:
        sk.sk_state = TCP_LISTEN
        err = 0
    release_sock_and_backlog(sk)
    return err


# ---------------------------------------------------------------- reading and sending


@kernel("net/vmw_vsock/af_vsock.c")
def vsock_stream_wait_data(sk: Ptr[sock], flags: msg_flags_t) -> int_t:
    """Sleep, without the socket, until there is native data; 0 when there is, or no more will come."""
    while not vsock_connectible_has_data(sk):
        if sk.sk_err or sk.sk_shutdown & RCV_SHUTDOWN:
            return 0
        if flags & MSG_DONTWAIT:
            return -EAGAIN
        wq = rcu_dereference(sk.sk_wq)
        release_sock_and_backlog(sk)
        sk.native_readers += 1
        wait_event(wq.wq, not list_empty(sk.vsk.rx_queue.list))
        sk.native_readers -= 1
        lock_sock(sk.sk_lock)
    return 0


@kernel("net/vmw_vsock/af_vsock.c")
def __vsock_connectible_recvmsg(sk: Ptr[sock], len: bytes_t, flags: msg_flags_t) -> int_t:
    """The native read of one skb; looks at the native queue only."""
    err: int_t = 0
    lock_sock(sk.sk_lock)
    if not sk.vsk.transport or sk.sk_state != TCP_ESTABLISHED:
        err = 0 if sk.sock_done else -ENOTCONN
    elif not sk.sk_shutdown & RCV_SHUTDOWN:
        err = vsock_stream_wait_data(sk, flags)
        if not err:
            skb = virtio_transport_dequeue(sk)
            if skb:
                consume_skb(skb)
                err = 1
    release_sock_and_backlog(sk)
    return err


@kernel("net/vmw_vsock/af_vsock.c")
def vsock_connectible_recvmsg(sock: Ptr[socket], len: bytes_t, flags: msg_flags_t) -> int_t:
    """ops->recvmsg."""
    sk = sock.sk
    prot = READ_ONCE(sk.sk_prot)
    if prot != vsock_proto:
        return prot.recvmsg(sk, len, flags)
    return __vsock_connectible_recvmsg(sk, len, flags)


@kernel("net/vmw_vsock/af_vsock.c")
def vsock_connectible_sendmsg(sock: Ptr[socket], len: bytes_t) -> int_t:
    """ops->sendmsg."""
    omits("nothing is sent")
    sk = sock.sk
    lock_sock(sk.sk_lock)
    ret: int_t = len
    if not sk.vsk.transport or sk.sk_state != TCP_ESTABLISHED:
        ret = -ENOTCONN
    release_sock_and_backlog(sk)
    return ret


@kernel("net/vmw_vsock/af_vsock.c")
def vsock_poll(sock: Ptr[socket]) -> bool:
    """Whether there is something to read."""
    sk = sock.sk
    mask = sk_is_readable(sk)
    lock_sock(sk.sk_lock)
    if sk.vsk.transport and not sk.sk_shutdown & RCV_SHUTDOWN:
        if vsock_connectible_has_data(sk):
            mask = True
    if sk.sk_shutdown & RCV_SHUTDOWN:
        mask = True
    release_sock_and_backlog(sk)
    return mask


# ---------------------------------------------------------------- closing


@kernel("net/vmw_vsock/af_vsock.c")
def vsock_close(sk: Ptr[sock], timeout: timeout_t) -> None:
    """sk_prot->close; there for sockmap only."""


@kernel("net/vmw_vsock/af_vsock.c")
def __vsock_release(sk: Ptr[sock]) -> None:
    """The end of a socket."""
    lock_sock(sk.sk_lock)
    sk.sock_dead = True
    vsock_purge(sk)
    vsock_remove_sock(sk)
    sock_orphan(sk)
    sk.sk_shutdown = SHUTDOWN_MASK
    sk.sock_done = True
    sk.sk_state = TCP_CLOSE
    release_sock_and_backlog(sk)
    sock_put(sk)


@kernel("net/vmw_vsock/virtio_transport_common.c")
def vsock_purge(sk: Ptr[sock]) -> None:
    """Free native data that nobody has read: a part of virtio_transport_remove_sock(). The caller owns the socket, and
    takes no lock of the queue.
    """
    skb = skb_peek(sk.vsk.rx_queue)
    while skb:
        __skb_unlink(skb, sk.vsk.rx_queue)
        kfree_skb(skb)
        skb = skb_peek(sk.vsk.rx_queue)


@kernel("net/vmw_vsock/af_vsock.c")
def vsock_release(sock: Ptr[socket]) -> None:
    """ops->release."""
    sk = sock.sk
    if sk:
        close = sk.sk_prot.close
        close(sk, 0)
        __vsock_release(sk)
        sock.sk = NULL


vsock_proto = instance(proto, close=vsock_close, psock_update_sk_prot=vsock_bpf_update_proto)

vsock_stream_ops = instance(
    proto_ops, release=vsock_release, sendmsg=vsock_connectible_sendmsg, read_skb=vsock_read_skb
)

loopback_transport = instance(
    vsock_transport, stream_has_data=virtio_transport_stream_has_data, read_skb=virtio_transport_read_skb
)

broken_transport = instance(
    vsock_transport,
    stream_has_data=virtio_transport_stream_has_data,
    read_skb=virtio_transport_read_skb,
    init_fails=True,
)
