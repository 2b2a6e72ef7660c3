"""Listening sockets: how a connection becomes a socket, waits to be accepted, and goes when nobody accepts it.

Sources: net/core/sock.c (sk_clone), net/ipv4/inet_connection_sock.c, tcp_minisocks.c, tcp_ipv4.c, tcp_input.c,
af_inet.c, v6.18 (ColtPlus/linux-6.18.y c94f088984a1), and late 6.1.y for sk_clone_lock(); tcp_bpf_clone() in
net/ipv4/tcp_bpf.c of 7.2.

The new socket is a copy of the listening one: all of `struct sock` that nobody sets anew is what it was there. A
connection that is not accepted yet has no `struct socket` and no user; it is found by its packets, and by maps.

Left out everywhere: the request before the last packet of the handshake (struct request_sock), which only carries
the connection to the queue; the limit of the queue; moving connections to another listener (reuseport).
"""

from psockmc.kernel.refcount import refcount_set
from psockmc.kernel.rwlock import write_lock_bh, write_unlock_bh
from psockmc.kernel.socklock import bh_lock_sock, bh_unlock_sock, lock_sock, sock_owned_by_user
from psockmc.kernel.spinlock import spin_lock, spin_lock_bh, spin_unlock, spin_unlock_bh
from psockmc.lang import (
    GFP_ATOMIC,
    NULL,
    READ_ONCE,
    WRITE_ONCE,
    Callable,
    Const,
    Ptr,
    Struct,
    check,
    cover,
    instance,
    kernel,
    kzalloc,
    list_add_tail,
    list_del,
    list_empty,
    list_first_entry_or_null,
    local_bh_disable,
    local_bh_enable,
    omits,
    rcu_dereference,
    wait_event,
)

from models.sock import (
    EOPNOTSUPP,
    TCP_CLOSE,
    TCP_ESTABLISHED,
    TCP_LISTEN,
    TCP_SYN_RECV,
    hash_t,
    int_t,
    release_sock_and_backlog,
    sock,
    sock_hold,
    sock_orphan,
    sock_put,
    socket,
)
from models.sock_map import bpf_stab, flags_t, slot_t, sock_map_update_common
from models.tcp import (
    inet_csk_destroy_sock,
    tcp_data_ready,
    tcp_hashinfo,
    tcp_purge_receive_queue,
    tcp_set_state,
)
from models.tcp_bpf import tcp_bpf_prots_base, tcp_bpf_prots_rx, tcp_bpf_prots_tx, tcp_bpf_prots_txrx


class sock_ops_prog(Struct, name="sockops"):
    """The program of the connections' cgroup. established: called when a connection to a listener is complete."""

    established: Const[Callable[[Ptr[sock]], None]]


sockops = instance(sock_ops_prog)


# ---------------------------------------------------------------- a copy of the listening socket


@kernel("net/core/sock.c")
def sk_clone(sk: Ptr[sock], hash: hash_t) -> Ptr[sock]:
    """A copy of the listening socket, with slock held and two references: of the caller and of the connection.

    sock_copy() is a memcpy(): all that follows by plain loads, while others may change it. It includes what a map has
    put there. sk_user_data of a psock has the NOCOPY bit, so the copy is thrown away.
    """
    omits("every user of sk_user_data that is modelled sets SK_USER_DATA_NOCOPY")
    prot = READ_ONCE(sk.sk_prot)
    newsk = kzalloc(sock, GFP_ATOMIC)
    if not newsk:
        return NULL
    newsk.unborn = True
    newsk.sk_prot = sk.sk_prot
    newsk.sk_user_data = sk.sk_user_data
    newsk.sk_data_ready = sk.sk_data_ready
    newsk.sk_write_space = sk.sk_write_space
    newsk.sk_backlog_rcv = sk.sk_backlog_rcv
    newsk.sk_lingertime0 = sk.sk_lingertime0
    newsk.sk_prot_creator = prot
    newsk.sk_hash = hash
    bh_lock_sock(newsk.sk_lock)
    newsk.sk_user_data = NULL
    refcount_set(newsk.sk_refcnt, 2)
    return newsk


@kernel("net/ipv4/tcp_bpf.c")
def tcp_bpf_clone(sk: Ptr[sock], newsk: Ptr[sock]) -> None:
    """The copy has no psock, so it must not have one of our tables: is_insidevar(prot, tcp_bpf_prots)."""
    prot = newsk.sk_prot
    if prot == tcp_bpf_prots_base or prot == tcp_bpf_prots_tx or prot == tcp_bpf_prots_rx or prot == tcp_bpf_prots_txrx:
        newsk.sk_prot = sk.sk_prot_creator


@kernel("net/ipv4/tcp_ipv4.c")
def tcp_v4_syn_recv_sock(sk: Ptr[sock], hash: hash_t) -> Ptr[sock]:
    """The last packet of a handshake: make the socket and let packets find it. slock of the new socket is held."""
    newsk = sk_clone(sk, hash)
    if not newsk:
        return NULL
    newsk.sk_state = TCP_SYN_RECV
    tcp_bpf_clone(sk, newsk)
    newsk.unborn = False
    WRITE_ONCE(tcp_hashinfo.ehash[hash], newsk)
    return newsk


# ---------------------------------------------------------------- the queue of accept()


@kernel("net/ipv4/tcp.c")
def tcp_disconnect(sk: Ptr[sock]) -> None:
    """Abort the connection; the caller holds slock or the socket."""
    omits("the RST, and all that a socket forgets that is used again")
    tcp_set_state(sk, TCP_CLOSE)
    tcp_purge_receive_queue(sk)


@kernel("net/ipv4/inet_connection_sock.c")
def inet_child_forget(child: Ptr[sock]) -> None:
    """Nobody will accept this connection: it goes without a close(). The caller holds slock."""
    tcp_disconnect(child)
    sock_orphan(child)
    inet_csk_destroy_sock(child)


@kernel("net/ipv4/inet_connection_sock.c")
def inet_csk_reqsk_queue_add(sk: Ptr[sock], child: Ptr[sock]) -> bool:
    """Queue the connection for accept(); False when the listener has been closed meanwhile."""
    spin_lock(sk.rskq_lock)
    listening = sk.sk_state == TCP_LISTEN
    if listening:
        list_add_tail(child, sk.icsk_accept_queue)
    else:
        inet_child_forget(child)
    spin_unlock(sk.rskq_lock)
    return listening


@kernel("include/net/request_sock.h")
def reqsk_queue_remove(sk: Ptr[sock]) -> Ptr[sock]:
    """Take the first connection off the queue; NULL when there is none. The caller owns the listener."""
    spin_lock_bh(sk.rskq_lock)
    child = list_first_entry_or_null(sk.icsk_accept_queue)
    if child:
        list_del(child, sk.icsk_accept_queue)
    spin_unlock_bh(sk.rskq_lock)
    return child


@kernel("net/ipv4/inet_connection_sock.c")
def inet_csk_listen_stop(sk: Ptr[sock]) -> None:
    """The listener is closed: abort the connections that nobody has accepted."""
    child = reqsk_queue_remove(sk)
    while child:
        local_bh_disable()
        bh_lock_sock(child.sk_lock)
        owned = sock_owned_by_user(child.sk_lock)
        check(not owned, "WARN_ON(sock_owned_by_user(child)) in inet_csk_listen_stop()")
        sock_hold(child)
        inet_child_forget(child)
        bh_unlock_sock(child.sk_lock)
        local_bh_enable()
        sock_put(child)
        cover("a connection that was not accepted is aborted")
        child = reqsk_queue_remove(sk)


# ---------------------------------------------------------------- the connection is complete


@kernel("net/core/sock_map.c")
def bpf_sock_map_update(sk: Ptr[sock], map: Ptr[bpf_stab], key: slot_t, flags: flags_t) -> int_t:
    """Update from a sock_ops program, whose caller holds the socket already. The connection need not be established
    yet.
    """
    if sk.sk_prot.psock_update_sk_prot:
        return sock_map_update_common(map, key, sk, flags)
    return -EOPNOTSUPP


@kernel("net/ipv4/tcp_input.c")
def tcp_init_transfer(sk: Ptr[sock]) -> None:
    """Tell the sock_ops program, if there is one, that the connection is complete."""
    if sockops.established:
        sockops.established(sk)


@kernel("net/ipv4/tcp_minisocks.c")
def tcp_child_process(parent: Ptr[sock], child: Ptr[sock]) -> None:
    """The last packet of the handshake, on the new socket: establish it and wake who waits in accept()."""
    omits("a packet that finds the new socket owned by somebody waits in its backlog: here it is always lost")
    if not sock_owned_by_user(child.sk_lock):
        tcp_init_transfer(child)
        tcp_set_state(child, TCP_ESTABLISHED)
        tcp_data_ready(parent)
    bh_unlock_sock(child.sk_lock)
    sock_put(child)


@kernel("net/ipv4/inet_connection_sock.c")
def inet_csk_complete_hashdance(sk: Ptr[sock], child: Ptr[sock]) -> Ptr[sock]:
    """Queue the connection; NULL, and the caller's hold on it is gone, when the listener has been closed."""
    if inet_csk_reqsk_queue_add(sk, child):
        return child
    bh_unlock_sock(child.sk_lock)
    sock_put(child)
    return NULL


@kernel("net/ipv4/tcp_ipv4.c")
def tcp_v4_rcv_handshake(sk: Ptr[sock], hash: hash_t) -> None:
    """tcp_v4_rcv() of the last packet of a handshake with a listener, on which the caller has a reference."""
    if sk.sk_state != TCP_LISTEN:
        return
    child = tcp_v4_syn_recv_sock(sk, hash)
    if child:
        child = inet_csk_complete_hashdance(sk, child)
        if child:
            tcp_child_process(sk, child)


# ---------------------------------------------------------------- accept()


@kernel("net/ipv4/inet_connection_sock.c")
def inet_csk_accept(sk: Ptr[sock]) -> Ptr[sock]:
    """Wait for a connection and take it off the queue."""
    omits("time-outs and signals while waiting for a connection")
    lock_sock(sk.sk_lock)
    while list_empty(sk.icsk_accept_queue):
        wq = rcu_dereference(sk.sk_wq)
        release_sock_and_backlog(sk)
        wait_event(wq.wq, not list_empty(sk.icsk_accept_queue))
        lock_sock(sk.sk_lock)
    child = reqsk_queue_remove(sk)
    release_sock_and_backlog(sk)
    return child


@kernel("include/net/sock.h")
def sock_graft(sk: Ptr[sock], parent: Ptr[socket]) -> None:
    """Give the connection its `struct socket`."""
    write_lock_bh(sk.sk_callback_lock)
    WRITE_ONCE(sk.sk_wq, parent)
    parent.sk = sk
    WRITE_ONCE(sk.sk_socket, parent)
    write_unlock_bh(sk.sk_callback_lock)


@kernel("net/ipv4/af_inet.c")
def inet_accept(sk: Ptr[sock], newsock: Ptr[socket]) -> None:
    """Accept a connection into a new `struct socket`."""
    child = inet_csk_accept(sk)
    lock_sock(child.sk_lock)
    sock_graft(child, newsock)
    release_sock_and_backlog(child)
