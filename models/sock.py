"""Sockets: the two objects `struct socket` and `struct sock`, the file that holds them, and the socket lock's
backlog.

Sources: include/net/sock.h, net/core/sock.c, net/socket.c, net/ipv4/af_inet.c, v6.19; in part read again in 7.1.5.

Lifetimes: a file descriptor holds a file, the file holds a `struct socket`, which is freed one grace period after
the file's release; the user holds one reference on `struct sock`, which is given back when the connection is closed.
TCP sockets are freed by the last sock_put() at once (their slab is SLAB_TYPESAFE_BY_RCU, which matters to the hash
lookup only), and so are those of AF_UNIX and AF_VSOCK. UDP sockets with a port are freed a grace period later
(SOCK_RCU_FREE).
"""

from psockmc.kernel.rcu import call_rcu, rcu_head
from psockmc.kernel.refcount import refcount_dec_and_test, refcount_inc, refcount_t
from psockmc.kernel.rwlock import rwlock_t, write_lock_bh, write_unlock_bh
from psockmc.kernel.socklock import slock_is_free, sock_release_ownership, socket_lock_t, socket_release
from psockmc.kernel.spinlock import spin_lock_bh, spin_unlock_bh, spinlock_t
from psockmc.kernel.wait import wait_queue_head, wake_up
from psockmc.lang import (
    NOBODY,
    NULL,
    READ_ONCE,
    WRITE_ONCE,
    Callable,
    Const,
    Ctx,
    Enum,
    Ghost,
    Int,
    ListHead,
    Ptr,
    Struct,
    atomic,
    check,
    container_of,
    current,
    data_race,
    kernel,
    kfree,
    list_del,
    list_empty,
    list_first_entry_or_null,
    omits,
    rcu_dereference,
    rcu_read_lock,
    rcu_read_unlock,
    xchg,
)

from models.af_unix import unix_sock
from models.skbuff import sk_buff, sk_buff_head
from models.skmsg import sk_psock
from models.tcp_send import msghdr
from models.tls import tcp_ulp_ops, tls_context
from models.vsock import vsock_sock

EPERM = 1
EINTR = 4
EIO = 5
EBADF = 9
EAGAIN = 11
ENOMEM = 12
EACCES = 13
EBUSY = 16
EEXIST = 17
EFAULT = 14
ENODEV = 19
EINVAL = 22
ENOSPC = 28
EPIPE = 32
ENOLINK = 67
EPROTO = 71
ENOENT = 2
ECONNRESET = 104
EISCONN = 106
ENOTCONN = 107
ETIMEDOUT = 110
ECONNREFUSED = 111
EOPNOTSUPP = 95
EMSGSIZE = 90
ENOPROTOOPT = 92

MSG_PEEK = 2
MSG_DONTWAIT = 64

int_t = Int[-122, 122]
err_t = Int[0, 122]
timeout_t = Int[0, 0]
bytes_t = Int[0, 3]
msg_flags_t = Int[0, 66]
tcp_seq_t = Int[0, 7]
mem_t = Int[-9, 9]
hash_t = Int[0, 1]


RCV_SHUTDOWN = 1
SEND_SHUTDOWN = 2
SHUTDOWN_MASK = 3

shutdown_t = Int[0, 3]


class socket_family(Enum):
    """Protocol families. Their numbers are not the kernel's: a socket is of AF_INET unless something else is said."""

    AF_INET = 0
    AF_UNIX = 1
    AF_VSOCK = 2


class socket_type(Enum):
    """Types of sockets. Their numbers are not the kernel's: a socket is of SOCK_STREAM unless something else is
    said. SOCK_SEQPACKET is not modelled.
    """

    SOCK_STREAM = 0
    SOCK_DGRAM = 1


class socket_state(Enum):
    """How far a connection is, as its user sees it. (Kept for AF_VSOCK only.)"""

    SS_UNCONNECTED = 0
    SS_CONNECTING = 1
    SS_CONNECTED = 2


class tcp_state(Enum):
    """The states that matter here. Sockets of all families use TCP's."""

    TCP_CLOSE = 0
    TCP_ESTABLISHED = 1
    TCP_FIN_WAIT1 = 2
    TCP_LISTEN = 3
    TCP_SYN_SENT = 4
    TCP_SYN_RECV = 5


class proto(Struct, name="proto"):
    """A protocol's table of functions. kTLS fills its own when they are first needed, or needed for another protocol;
    the others are not written after boot, apart from unhash.

    setsockopt: options of SOL_TLS only; NULL when the protocol has none.

    For properties: built_unhash: what unhash was at boot, of a table that is not written any more.
    """

    close: Callable[[Ptr[sock], timeout_t], None]
    destroy: Callable[[Ptr[sock]], None]
    unhash: Callable[[Ptr[sock]], None]
    sendmsg: Callable[[Ptr[sock], Ptr[msghdr]], int_t]
    recvmsg: Callable[[Ptr[sock], bytes_t, msg_flags_t], int_t]
    psock_update_sk_prot: Callable[[Ptr[sock], Ptr[sk_psock], bool], int_t]
    sock_is_readable: Callable[[Ptr[sock]], bool]
    ioctl: Callable[[Ptr[sock]], int_t]
    setsockopt: Callable[[Ptr[sock]], int_t]
    built_unhash: Ghost[Callable[[Ptr[sock]], None]]


class proto_ops(Struct, name="proto_ops"):
    """A socket family's table of functions."""

    release: Const[Callable[[Ptr[socket]], None]]
    sendmsg: Const[Callable[[Ptr[socket], bytes_t], int_t]]
    read_skb: Const[Callable[[Ptr[sock], Callable[[Ptr[sock], Ptr[sk_buff]], int_t]], int_t]]


class file(Struct, name="file"):
    """An open file of a socket, together with its slot in the table of file descriptors (`installed`).

    release: f_op->release, which is sock_close().
    """

    f_count: refcount_t
    release: Const[Callable[[Ptr[socket]], None]]
    installed: bool
    private_data: Ptr[socket]


class socket(Struct, name="socket"):
    """The user's side of a socket; embedded in the socket's inode, which is freed after a grace period."""

    sk: Ptr[sock]
    ops: Ptr[proto_ops]
    state: socket_state
    wq: wait_queue_head
    rcu: rcu_head


class sock(Struct, name="sk"):
    """The network's side of a socket.

    sk_wq: the `struct socket` whose wait queue it is. sock_dead: the SOCK_DEAD bit of sk_flags. sk_lingertime0:
    SO_LINGER with time 0, so that close() aborts the connection. sk_rcvtimeo: it has a receive timeout. sk_wmem_full:
    sock_writeable() is false. urg_data: an urgent byte has come. icsk_accept_queue: connections that wait for accept(),
    under rskq_lock. sk_hash: its slot in the table of its protocol. hashed: it is there (sk_node, for UDP).
    sk_prot_creator: the table of the protocol that created it. sock_rcu_free: the SOCK_RCU_FREE bit of sk_flags. unix,
    vsk: what a struct unix_sock or vsock_sock adds; in the kernel the socket is embedded there. copied_seq, rcv_nxt: of
    struct tcp_sock: up to where data was read, and has arrived. sock_done: the SOCK_DONE bit of sk_flags: the peer has
    sent its FIN. short_writes: sending may take less than it is offered. accounted: its receive memory is accounted,
    one unit for each buffer.

    sk_call_rcu: sk_free_by_rcu() on sockets that may have SOCK_RCU_FREE, so that others do without its callback.

    Of the send side: sk_wmem_queued: bytes that TCP has and that are not acknowledged; sk_sndbuf: how many it takes.
    tx_waiters: senders that wait for room, on the queue of sk_wq. mem_short: allocations for senders may fail. The
    memory of messages without skb is always accounted; none is reserved for it, so sk_forward_alloc gets negative.

    For properties: data_lost: unread data of the own stack was thrown away because no psock was there to take it.
    seq_bug: the native read met data that is not at copied_seq. native_read: it has read data. reserved: how much
    memory was reserved for it. forward_alloc_writer: who is about to change sk_forward_alloc. user_data_writer: who has
    just written sk_user_data. taken: map slots that were emptied of this socket and whose reference was not yet given
    to anybody. native_readers: how many sleep in the native read. gave_up: a read that may sleep has returned -EAGAIN.
    dropper: who put the psock's last reference and has not yet detached it. spinner: the softirq that tries to destroy
    the socket again and again until that is done. unborn: it is a copy of a listening socket that nobody can find yet.
    closed: its TCP connection is over. entered_closed: it was put into a map after that.
    """

    sk_family: Const[socket_family]
    sk_type: Const[socket_type]
    sk_lock: socket_lock_t
    sk_backlog: ListHead[sk_buff]
    sk_backlog_rcv: Const[Callable[[Ptr[sock], Ptr[sk_buff]], None]]
    sk_callback_lock: rwlock_t
    sk_user_data: Ptr[sk_psock]
    sk_prot: Ptr[proto]
    sk_prot_creator: Const[Ptr[proto]]
    sk_destruct: Const[Callable[[Ptr[sock]], None]]
    sk_rcu: rcu_head
    sk_call_rcu: Const[Callable[[Ptr[sock]], None]]
    sock_rcu_free: bool
    unix: unix_sock
    vsk: vsock_sock
    sk_socket: Ptr[socket]
    sk_wq: Ptr[socket]
    sk_data_ready: Callable[[Ptr[sock]], None]
    sk_write_space: Callable[[Ptr[sock]], None]
    sk_receive_queue: sk_buff_head
    sk_refcnt: refcount_t
    sk_state: tcp_state
    sock_dead: bool
    sk_err: err_t
    sk_shutdown: shutdown_t
    sk_wmem_full: bool
    urg_data: bool
    icsk_accept_queue: ListHead[sock]
    rskq_lock: spinlock_t
    sk_lingertime0: Const[bool]
    sk_rcvtimeo: Const[bool]
    icsk_ulp_ops: Ptr[tcp_ulp_ops]
    icsk_ulp_data: Ptr[tls_context]
    sk_hash: Const[hash_t]
    hashed: bool
    copied_seq: tcp_seq_t
    rcv_nxt: tcp_seq_t
    sock_done: bool
    short_writes: Const[bool]
    accounted: Const[bool]
    sk_rcvbuf: Const[mem_t]
    sk_rmem_alloc: mem_t
    sk_forward_alloc: mem_t
    sk_wmem_queued: Int[0, 6]
    sk_sndbuf: Const[Int[0, 6]]
    tx_waiters: wait_queue_head
    mem_short: Const[bool]
    forward_alloc_writer: Ghost[Ctx]
    data_lost: Ghost[bool]
    seq_bug: Ghost[bool]
    native_read: Ghost[bool]
    reserved: Ghost[mem_t]
    user_data_writer: Ghost[Ctx]
    taken: Ghost[Int[-1, 2]]
    native_readers: Ghost[Int[0, 3]]
    gave_up: Ghost[bool]
    messages_lost: Ghost[bool]
    dropper: Ghost[Ctx]
    spinner: Ghost[Ctx]
    unborn: Ghost[bool]
    closed: Ghost[bool]
    entered_closed: Ghost[bool]


# ---------------------------------------------------------------- what a socket is


@kernel("include/net/sock.h")
def sk_is_tcp(sk: Ptr[sock]) -> bool:
    """A TCP socket."""
    return sk.sk_family == AF_INET and sk.sk_type == SOCK_STREAM


@kernel("include/net/sock.h")
def sk_is_udp(sk: Ptr[sock]) -> bool:
    """A UDP socket."""
    return sk.sk_family == AF_INET and sk.sk_type == SOCK_DGRAM


@kernel("include/net/sock.h")
def sk_is_stream_unix(sk: Ptr[sock]) -> bool:
    """A stream socket of AF_UNIX."""
    return sk.sk_family == AF_UNIX and sk.sk_type == SOCK_STREAM


@kernel("include/net/sock.h")
def sk_is_vsock(sk: Ptr[sock]) -> bool:
    """A socket of AF_VSOCK."""
    return sk.sk_family == AF_VSOCK


@kernel("include/net/sock.h")
def sk_hashed(sk: Ptr[sock]) -> bool:
    """Packets find it. Not marked: a plain load of sk_node."""
    return sk.hashed


@kernel("include/net/sock.h")
def sk_is_refcounted(sk: Ptr[sock]) -> bool:
    """Whether who looks a socket up must take a reference: RCU does not keep it."""
    omits("request and time-wait sockets")
    return not sk.sock_rcu_free


# ---------------------------------------------------------------- references


@kernel("include/net/sock.h")
def sock_hold(sk: Ptr[sock]) -> None:
    """One more reference; the caller must know that there is one."""
    refcount_inc(sk.sk_refcnt)


@kernel("net/ipv4/af_inet.c")
def inet_sock_destruct(sk: Ptr[sock]) -> None:
    """sk->sk_destruct of TCP: by now all memory must have been given back. (Other families have similar tests.)"""
    check(sk.sk_rmem_alloc == 0, "WARN_ON_ONCE(atomic_read(&sk->sk_rmem_alloc)) in inet_sock_destruct()")
    check(sk.sk_wmem_queued == 0, "WARN_ON_ONCE(sk->sk_wmem_queued) in inet_sock_destruct()")
    check(sk.sk_forward_alloc == sk.reserved, "WARN_ON_ONCE(sk_forward_alloc_get(sk)) in inet_sock_destruct()")


@kernel("net/core/sock.c")
def __sk_destruct(sk: Ptr[sock]) -> None:
    """Nobody refers to the socket any more: free it with what it still holds."""
    if sk.sk_destruct:
        sk.sk_destruct(sk)
    inet_sock_destruct(sk)
    kfree(sk)


@kernel("net/core/sock.c")
def sk_destruct_rcu(head: rcu_head) -> None:
    """__sk_destruct() a grace period later."""
    __sk_destruct(container_of(head, sock, "sk_rcu"))


@kernel("net/core/sock.c")
def sk_free_by_rcu(sk: Ptr[sock]) -> None:
    """What sk_destruct() does with SOCK_RCU_FREE."""
    call_rcu(sk.sk_rcu, sk_destruct_rcu)


@kernel("net/core/sock.c")
def sk_free(sk: Ptr[sock]) -> None:
    """The last reference is gone. (sk_destruct() is in here, whose name is a field's as well.)"""
    if sk.sock_rcu_free:
        sk.sk_call_rcu(sk)
    else:
        __sk_destruct(sk)


@kernel("include/net/sock.h")
def sock_put(sk: Ptr[sock]) -> None:
    """Drop one reference."""
    if refcount_dec_and_test(sk.sk_refcnt):
        sk_free(sk)


@kernel("include/net/sock.h")
def sk_is_readable(sk: Ptr[sock]) -> bool:
    """Ask the protocol's table whether there is data besides the native queue's. The table is loaded once."""
    prot = READ_ONCE(sk.sk_prot)
    if prot.sock_is_readable:
        return prot.sock_is_readable(sk)
    return False


# ---------------------------------------------------------------- memory that is charged to a socket


@kernel("include/net/sock.h")
def sk_forward_alloc_add(sk: Ptr[sock], val: Int[-3, 3]) -> None:
    """Not atomic: a load and a store. Whoever calls this should own the socket, or hold its slock."""
    sk.forward_alloc_writer = current()
    WRITE_ONCE(sk.sk_forward_alloc, sk.sk_forward_alloc + val)
    sk.forward_alloc_writer = NOBODY


@kernel("include/net/sock.h")
def sk_mem_charge(sk: Ptr[sock], size: Int[0, 3]) -> None:
    """Take from what is reserved."""
    sk_forward_alloc_add(sk, -size)


@kernel("include/net/sock.h")
def sk_mem_uncharge(sk: Ptr[sock], size: Int[0, 3]) -> None:
    """Give back to what is reserved."""
    omits("a large reserve is given back to the protocol")
    sk_forward_alloc_add(sk, size)


@kernel("include/net/sock.h")
def sk_rmem_schedule(sk: Ptr[sock]) -> None:
    """See to it that something is reserved. Not atomic, either."""
    omits("limits of the protocol's memory")
    rest = sk.sk_forward_alloc
    if rest < 1:
        with atomic("the reserve grows by one load and one store, which others may come between in the kernel"):
            WRITE_ONCE(sk.sk_forward_alloc, sk.sk_forward_alloc + 1)
            sk.reserved += 1


# ---------------------------------------------------------------- the socket lock's backlog


@kernel("net/core/sock.c")
def __release_sock(sk: Ptr[sock]) -> None:
    """Process what softirqs left while the socket was owned; the caller owns it and holds slock.

    The kernel detaches the whole list each time, this takes one packet: the order is the same.
    """
    skb = list_first_entry_or_null(sk.sk_backlog)
    while skb:
        list_del(skb, sk.sk_backlog)
        spin_unlock_bh(sk.sk_lock.slock)
        sk.sk_backlog_rcv(sk, skb)
        spin_lock_bh(sk.sk_lock.slock)
        skb = list_first_entry_or_null(sk.sk_backlog)


@kernel("net/core/sock.c")
def release_sock_and_backlog(sk: Ptr[sock]) -> None:
    """release_sock(): give the socket up, after the packets in the backlog. (The primitive of that name has no
    backlog.)

    Without a backlog nobody can see more of the section under slock than its one effect.
    """
    omits("tcp_release_cb(): deferred timers and transmissions; the plain load of sk_prot that finds it")
    with atomic("release_sock() without a backlog holds slock only to clear the owner"):
        slock_is_free(sk.sk_lock)
        done = list_empty(sk.sk_backlog)
        if done:
            sock_release_ownership(sk.sk_lock)
    if not done:
        spin_lock_bh(sk.sk_lock.slock)
        __release_sock(sk)
        socket_release(sk.sk_lock)


# ---------------------------------------------------------------- flags, callbacks


@kernel("include/net/sock.h")
def sock_flag_dead(sk: Ptr[sock]) -> bool:
    """sock_flag(sk, SOCK_DEAD), without a lock."""
    return READ_ONCE(sk.sock_dead)


@kernel("include/net/sock.h")
def sock_orphan(sk: Ptr[sock]) -> None:
    """Detach the socket from its user."""
    write_lock_bh(sk.sk_callback_lock)
    sk.sock_dead = True
    WRITE_ONCE(sk.sk_socket, NULL)
    sk.sk_wq = NULL
    write_unlock_bh(sk.sk_callback_lock)


@kernel("include/net/inet_connection_sock.h")
def inet_csk_has_ulp(sk: Ptr[sock]) -> bool:
    """Whether there is an upper layer protocol on top of this TCP socket: a plain load."""
    return sk.icsk_ulp_ops != NULL


@kernel("include/net/sock.h")
def sock_replace_proto(sk: Ptr[sock], prot: Ptr[proto]) -> None:
    """Exchange the protocol's table."""
    WRITE_ONCE(sk.sk_prot, prot)


@kernel("net/core/sock.c")
def sock_def_readable(sk: Ptr[sock]) -> None:
    """Wake who waits for data."""
    omits("SIGIO (sk_wake_async) is not modelled")
    rcu_read_lock()
    wq = rcu_dereference(sk.sk_wq)
    if wq:
        wake_up(wq.wq)
    rcu_read_unlock()


@kernel("net/core/sock.c")
def sock_def_wakeup(sk: Ptr[sock]) -> None:
    """sk_state_change: wake whoever waits for anything."""
    rcu_read_lock()
    wq = rcu_dereference(sk.sk_wq)
    if wq:
        wake_up(wq.wq)
        wake_up(sk.tx_waiters)
    rcu_read_unlock()


@kernel("net/core/stream.c")
def sk_stream_write_space(sk: Ptr[sock]) -> None:
    """Wake who waits for room to send, if the socket still has a user."""
    sock = sk.sk_socket
    if sock:
        rcu_read_lock()
        if rcu_dereference(sk.sk_wq):
            wake_up(sk.tx_waiters)
        rcu_read_unlock()


@kernel("net/core/sock.c")
def sk_error_report(sk: Ptr[sock]) -> None:
    """sk->sk_error_report, which is sock_def_error_report() on every TCP socket."""
    rcu_read_lock()
    wq = rcu_dereference(sk.sk_wq)
    if wq:
        wake_up(wq.wq)
        wake_up(sk.tx_waiters)
    rcu_read_unlock()


@kernel("include/net/sock.h")
def sock_error(sk: Ptr[sock]) -> int_t:
    """Take the pending error off the socket, as a negative number; 0 when there is none."""
    if not data_race(sk.sk_err):
        return 0
    return -xchg(sk.sk_err, 0)


@kernel("include/net/sock.h")
def sock_writeable(sk: Ptr[sock]) -> bool:
    """Whether there is room in the send buffer."""
    return not READ_ONCE(sk.sk_wmem_full)


# ---------------------------------------------------------------- struct socket and its file


@kernel("net/socket.c")
def sock_free_inode(head: rcu_head) -> None:
    """A grace period after the release the inode goes, and `struct socket` with it."""
    kfree(container_of(head, socket, "rcu"))


@kernel("net/socket.c")
def sock_close(sock: Ptr[socket]) -> None:
    """The file's last reference is gone. (__sock_release() in the kernel.)"""
    ops = READ_ONCE(sock.ops)
    if ops:
        ops.release(sock)
        sock.sk = NULL
        sock.ops = NULL


@kernel("fs/file_table.c")
def fput(f: Ptr[file]) -> None:
    """Drop a reference on the file; the last one releases the socket and gives its inode to RCU."""
    omits("fput() releases from task work, which is the same process a moment later")
    if refcount_dec_and_test(f.f_count):
        sock = f.private_data
        f.release(sock)
        f.private_data = NULL
        call_rcu(sock.rcu, sock_free_inode)


@kernel("net/socket.c")
def sockfd_lookup(f: Ptr[file]) -> Ptr[socket]:
    """The socket behind a file descriptor, with a reference on the file; NULL when the descriptor is closed."""
    with atomic("fget() looks the descriptor up again after it took the reference"):
        found = f.installed
        if found:
            refcount_inc(f.f_count)
    if found:
        return f.private_data
    return NULL
