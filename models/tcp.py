"""As much of TCP as a psock meets: packets in, reading, sending, closing.

Sources: net/ipv4/tcp.c, tcp_ipv4.c, tcp_input.c, inet_connection_sock.c, af_inet.c, net/core/skbuff.c
(skb_send_sock), v6.19; in part read again in 7.1.5.

Left out everywhere: windows and acknowledgements, timers, retransmission, the handshake, and what a FIN does to the
state of the connection. Sequence numbers count units of data from 0; a FIN takes one, too.
"""

from psockmc.kernel.refcount import refcount_inc_not_zero
from psockmc.kernel.socklock import bh_lock_sock, bh_unlock_sock, lock_sock, sock_owned_by_user
from psockmc.kernel.spinlock import spin_lock_bh, spin_unlock_bh
from psockmc.lang import (
    NULL,
    READ_ONCE,
    WRITE_ONCE,
    Array,
    Callable,
    Ptr,
    Struct,
    atomic,
    check,
    choose,
    instance,
    kernel,
    list_add_tail,
    omits,
    smp_store_release,
)

from models.listener import inet_csk_listen_stop
from models.skbuff import (
    __skb_queue_tail,
    __skb_unlink,
    alloc_skb,
    consume_skb,
    kfree_skb,
    seq_t,
    sk_buff,
    skb_peek,
    skb_set_owner_r,
    skb_set_owner_sk_safe,
)
from models.sock import (
    EAGAIN,
    ECONNRESET,
    EINVAL,
    ENOTCONN,
    EPIPE,
    MSG_PEEK,
    RCV_SHUTDOWN,
    SEND_SHUTDOWN,
    SHUTDOWN_MASK,
    TCP_CLOSE,
    TCP_ESTABLISHED,
    TCP_FIN_WAIT1,
    TCP_LISTEN,
    __release_sock,
    bytes_t,
    hash_t,
    int_t,
    msg_flags_t,
    proto,
    proto_ops,
    release_sock_and_backlog,
    sk_error_report,
    sk_rmem_schedule,
    sock,
    sock_def_wakeup,
    sock_error,
    sock_flag_dead,
    sock_hold,
    sock_orphan,
    sock_put,
    socket,
    tcp_state,
    timeout_t,
)
from models.tcp_bpf import tcp_bpf_update_proto
from models.tcp_bpf_ioctl import tcp_ioctl
from models.tcp_send import tcp_sendmsg, tcp_write_queue_purge


class inet_hashinfo(Struct, name="hashinfo"):
    """The table of connections. Holds no references; its own locks are the atomicity of its two operations."""

    ehash: Array[Ptr[sock], 2]


tcp_hashinfo = instance(inet_hashinfo)


# ---------------------------------------------------------------- packets in


@kernel("net/ipv4/inet_hashtables.c")
def __inet_lookup_established(hash: hash_t) -> Ptr[sock]:
    """The connection of a packet, with a reference, or NULL. The caller is an RCU reader."""
    with atomic(
        "memory of TCP sockets stays a TCP socket (SLAB_TYPESAFE_BY_RCU): the lookup is repeated until it holds"
    ):
        sk = tcp_hashinfo.ehash[hash]
        if sk:
            if not refcount_inc_not_zero(sk.sk_refcnt):
                sk = NULL
    return sk


@kernel("net/ipv4/tcp_input.c")
def tcp_data_ready(sk: Ptr[sock]) -> None:
    """Tell the socket that there is something on its receive queue."""
    omits("SO_RCVLOWAT")
    data_ready = READ_ONCE(sk.sk_data_ready)
    data_ready(sk)


@kernel("net/ipv4/tcp_input.c")
def tcp_queue_rcv(sk: Ptr[sock], skb: Ptr[sk_buff]) -> None:
    """Append to the receive queue what is next in the stream; the caller holds slock or the socket."""
    omits("buffers are not merged")
    with atomic("rcv_nxt is stored by the holder of the socket only, and nobody else sees the buffer yet"):
        skb.tcp_seq = sk.rcv_nxt
        skb.origin = sk
        skb.pos = sk.rcv_nxt
        WRITE_ONCE(sk.rcv_nxt, sk.rcv_nxt + skb.len + skb.tcp_fin)
    __skb_queue_tail(sk.sk_receive_queue, skb)
    if sk.accounted:
        sk_rmem_schedule(sk)
        skb_set_owner_r(skb, sk)


@kernel("net/ipv4/tcp_input.c")
def tcp_fin(sk: Ptr[sock]) -> None:
    """The peer sends no more: whoever waits for data should know."""
    WRITE_ONCE(sk.sk_shutdown, sk.sk_shutdown | RCV_SHUTDOWN)
    sk.sock_done = True
    if not sock_flag_dead(sk):
        sock_def_wakeup(sk)


@kernel("net/ipv4/tcp_ipv4.c")
def tcp_v4_do_rcv(sk: Ptr[sock], skb: Ptr[sk_buff]) -> None:
    """A packet with data; the caller holds slock on a socket that nobody owns, or owns the socket."""
    if sk.sk_state == TCP_ESTABLISHED:
        fin = skb.tcp_fin
        tcp_queue_rcv(sk, skb)
        if fin:
            tcp_fin(sk)
        if not sock_flag_dead(sk):
            tcp_data_ready(sk)
    else:
        kfree_skb(skb)


@kernel("net/ipv4/tcp_ipv4.c")
def tcp_v4_rcv(hash: hash_t, seq: seq_t) -> None:
    """A packet arrives, in a softirq, which is an RCU reader as a whole."""
    skb = alloc_skb(seq)
    if skb:
        tcp_v4_rcv_skb(hash, skb)


@kernel("net/ipv4/tcp_ipv4.c")
def tcp_v4_rcv_skb(hash: hash_t, skb: Ptr[sk_buff]) -> None:
    """The same for a packet that is there."""
    sk = __inet_lookup_established(hash)
    if not sk:
        kfree_skb(skb)
        return
    bh_lock_sock(sk.sk_lock)
    if not sock_owned_by_user(sk.sk_lock):
        tcp_v4_do_rcv(sk, skb)
    else:
        omits("the backlog's limit")
        list_add_tail(skb, sk.sk_backlog)
    bh_unlock_sock(sk.sk_lock)
    sock_put(sk)


@kernel("net/ipv4/tcp.c")
def tcp_read_skb(sk: Ptr[sock], recv_actor: Callable[[Ptr[sock], Ptr[sk_buff]], int_t]) -> int_t:
    """Hand everything on the receive queue to recv_actor, until it refuses. The caller holds slock or the socket."""
    copied: int_t = 0
    if sk.sk_state == TCP_LISTEN:
        return -ENOTCONN
    skb = skb_peek(sk.sk_receive_queue)
    while skb:
        __skb_unlink(skb, sk.sk_receive_queue)
        owned = skb_set_owner_sk_safe(skb, sk)
        check(owned, "WARN_ON_ONCE(!skb_set_owner_sk_safe(skb, sk))")
        fin = skb.tcp_fin
        used = recv_actor(sk, skb)
        if used < 0:
            if not copied:
                copied = used
            break
        copied += used
        if fin:
            break
        skb = skb_peek(sk.sk_receive_queue)
    return copied


@kernel("net/ipv4/tcp_input.c")
def tcp_urg(sk: Ptr[sock]) -> None:
    """An urgent byte has come: poll() reports it apart from data. The caller holds slock or the socket."""
    WRITE_ONCE(sk.urg_data, True)
    if not sock_flag_dead(sk):
        tcp_data_ready(sk)


@kernel("net/ipv4/tcp_input.c")
def tcp_reset(sk: Ptr[sock]) -> None:
    """A RST: the connection is over, and whoever reads or sends should know why. The caller holds slock."""
    omits("unacknowledged data is freed at once; the error in other states")
    if sk.sk_state == TCP_CLOSE:
        return
    WRITE_ONCE(sk.sk_err, ECONNRESET)
    tcp_done(sk)
    if not sock_flag_dead(sk):
        sk_error_report(sk)


@kernel("net/ipv4/tcp_input.c")
def tcp_check_space(sk: Ptr[sock]) -> None:
    """An ACK has made room in the send buffer; the caller holds slock or the socket. Nobody is told of it on a socket
    without a user, or when no sender has asked (SOCK_NOSPACE, see net_rx_ack_unheard()).
    """
    WRITE_ONCE(sk.sk_wmem_full, False)
    if sk.sk_socket:
        write_space = READ_ONCE(sk.sk_write_space)
        write_space(sk)


# ---------------------------------------------------------------- reading and sending


@kernel("net/ipv4/tcp.c")
def tcp_recv_skb(sk: Ptr[sock], skb: Ptr[sk_buff], len: bytes_t, flags: msg_flags_t) -> int_t:
    """Read from the first buffer of the receive queue; the caller owns the socket. 0 for a FIN. A part of
    tcp_recvmsg_locked(): the kernel's function of this name is tcp_recv_skb_at() here.

    What does not lie at copied_seq is not read: the kernel warns of a sequence number bug and finds nothing.
    """
    seq = sk.copied_seq
    offset: int_t = seq - skb.tcp_seq
    if offset < 0 or offset >= skb.len + skb.tcp_fin:
        sk.seq_bug = True
        return -EAGAIN
    copied: int_t = skb.len - offset
    if copied > len:
        copied = len
    if copied:
        sk.native_read = True
    if not flags & MSG_PEEK:
        done = offset + copied == skb.len
        WRITE_ONCE(sk.copied_seq, seq + copied + (skb.tcp_fin and done))
        if done:
            __skb_unlink(skb, sk.sk_receive_queue)
            consume_skb(skb)
    return copied


@kernel("net/ipv4/tcp.c")
def tcp_recvmsg(sk: Ptr[sock], len: bytes_t, flags: msg_flags_t) -> int_t:
    """The native read, of one skb at most."""
    omits("the native read never waits: what it is called for here is there, or will not come")
    lock_sock(sk.sk_lock)
    copied: int_t = 0
    skb = skb_peek(sk.sk_receive_queue)
    if skb:
        copied = tcp_recv_skb(sk, skb, len, flags)
    elif not sk.sock_done:
        copied = sock_error(sk)
        if not copied and not sk.sk_shutdown & RCV_SHUTDOWN:
            copied = -ENOTCONN if sk.sk_state == TCP_CLOSE else -EAGAIN
    release_sock_and_backlog(sk)
    return copied


@kernel("net/ipv4/af_inet.c")
def inet_recvmsg(sk: Ptr[sock], len: bytes_t, flags: msg_flags_t) -> int_t:
    """ops->recvmsg of internet sockets. The table is loaded once."""
    prot = READ_ONCE(sk.sk_prot)
    return prot.recvmsg(sk, len, flags)


@kernel("net/ipv4/af_inet.c")
def inet_ioctl(sk: Ptr[sock]) -> int_t:
    """ops->ioctl of internet sockets, of a request that the protocol answers: sock_ioctl_out() loads the table anew."""
    omits("what the family answers itself; the error of a protocol without an ioctl: every table here has one")
    answer: int_t = 0
    if sk.sk_prot.ioctl:
        prot = READ_ONCE(sk.sk_prot)
        answer = prot.ioctl(sk)
    return answer


@kernel("net/ipv4/af_inet.c")
def inet_sendmsg(sock: Ptr[socket], len: bytes_t) -> int_t:
    """Send without waiting: tcp_sendmsg() owns the socket while it copies. The number of bytes that were taken.

    A socket with short_writes takes one at a time, and is full whenever it likes; any other takes everything.
    """
    omits("a socket with an SK_MSG program, whose tcp_bpf_sendmsg() would be called; what is sent")
    sk = sock.sk
    lock_sock(sk.sk_lock)
    taken: int_t = len
    if sk.sk_shutdown & SEND_SHUTDOWN:
        taken = -EPIPE
    elif sk.short_writes and len:
        if READ_ONCE(sk.sk_wmem_full):
            taken = -EAGAIN
        else:
            taken = 1
            if choose():
                WRITE_ONCE(sk.sk_wmem_full, True)
    release_sock_and_backlog(sk)
    return taken


@kernel("net/core/skbuff.c")
def skb_send_sock(sk: Ptr[sock], skb: Ptr[sk_buff], off: bytes_t, len: bytes_t) -> int_t:
    """Send a part of an skb through the socket's `struct socket`. The number of bytes, or an error if none was sent."""
    rest: int_t = len
    while rest:
        sock = sk.sk_socket
        if not sock:
            return -EINVAL
        ops = READ_ONCE(sock.ops)
        ret: int_t = ops.sendmsg(sock, rest)
        if ret <= 0:
            return ret if rest == len else len - rest
        rest -= ret
    return len


# ---------------------------------------------------------------- the end of a connection


@kernel("net/ipv4/inet_hashtables.c")
def inet_unhash(sk: Ptr[sock]) -> None:
    """sk_prot->unhash of TCP: the connection is not found by packets any more."""
    WRITE_ONCE(tcp_hashinfo.ehash[sk.sk_hash], NULL)


@kernel("net/ipv4/tcp.c")
def tcp_set_state(sk: Ptr[sock], state: tcp_state) -> None:
    """A closed connection is unhashed."""
    if state == TCP_CLOSE:
        sk.sk_prot.unhash(sk)
    smp_store_release(sk.sk_state, state)
    sk.closed = sk.closed or state == TCP_CLOSE


@kernel("net/ipv4/tcp_ipv4.c")
def tcp_v4_destroy_sock(sk: Ptr[sock]) -> None:
    """sk_prot->destroy of TCP."""
    omits("timers, congestion control and port of the connection")
    tcp_write_queue_purge(sk)


@kernel("net/ipv4/inet_connection_sock.c")
def inet_csk_destroy_sock(sk: Ptr[sock]) -> None:
    """A closed socket without a user: give back the reference that stood for the user. The caller holds slock."""
    destroy = sk.sk_prot.destroy
    destroy(sk)
    tcp_purge_receive_queue(sk)
    sock_put(sk)


@kernel("net/core/stream.c")
def tcp_purge_receive_queue(sk: Ptr[sock]) -> None:
    """Free unread native data; the caller holds slock or the socket."""
    skb = skb_peek(sk.sk_receive_queue)
    while skb:
        __skb_unlink(skb, sk.sk_receive_queue)
        kfree_skb(skb)
        skb = skb_peek(sk.sk_receive_queue)


@kernel("net/ipv4/tcp.c")
def __tcp_close(sk: Ptr[sock], timeout: timeout_t) -> None:
    """The user lets go of the connection. With SO_LINGER and no time it is aborted, else it ends on its own later."""
    omits("unread data, which aborts the connection as SO_LINGER with no time does")
    omits("a backlog that ends the connection: it has data only")
    WRITE_ONCE(sk.sk_shutdown, SHUTDOWN_MASK)
    if sk.sk_state == TCP_LISTEN:
        tcp_set_state(sk, TCP_CLOSE)
        inet_csk_listen_stop(sk)
    else:
        tcp_purge_receive_queue(sk)
        if sk.sk_lingertime0:
            omits("tcp_disconnect() reports ECONNRESET to who still waits")
            tcp_set_state(sk, TCP_CLOSE)
        elif sk.sk_state == TCP_ESTABLISHED:
            tcp_set_state(sk, TCP_FIN_WAIT1)
    sock_hold(sk)
    sock_orphan(sk)
    spin_lock_bh(sk.sk_lock.slock)
    __release_sock(sk)
    if sk.sk_state == TCP_CLOSE:
        inet_csk_destroy_sock(sk)
    spin_unlock_bh(sk.sk_lock.slock)


@kernel("net/ipv4/tcp.c")
def tcp_close(sk: Ptr[sock], timeout: timeout_t) -> None:
    """sk_prot->close of TCP."""
    lock_sock(sk.sk_lock)
    __tcp_close(sk, timeout)
    release_sock_and_backlog(sk)
    sock_put(sk)


@kernel("net/ipv4/tcp.c")
def tcp_done(sk: Ptr[sock]) -> None:
    """The connection has ended, in a softirq. Without a user the socket goes with it."""
    tcp_set_state(sk, TCP_CLOSE)
    WRITE_ONCE(sk.sk_shutdown, SHUTDOWN_MASK)
    if sock_flag_dead(sk):
        inet_csk_destroy_sock(sk)
    else:
        sock_def_wakeup(sk)


@kernel("net/ipv4/af_inet.c")
def inet_release(sock: Ptr[socket]) -> None:
    """ops->release of an internet socket."""
    sk = sock.sk
    if sk:
        close = sk.sk_prot.close
        close(sk, 0)
        sock.sk = NULL


tcp_prot = instance(
    proto,
    close=tcp_close,
    destroy=tcp_v4_destroy_sock,
    unhash=inet_unhash,
    sendmsg=tcp_sendmsg,
    recvmsg=tcp_recvmsg,
    psock_update_sk_prot=tcp_bpf_update_proto,
    ioctl=tcp_ioctl,
)

inet_stream_ops = instance(proto_ops, release=inet_release, sendmsg=inet_sendmsg, read_skb=tcp_read_skb)
