"""As much of UDP as a psock meets: datagrams in, reading, binding, closing.

Sources: net/ipv4/udp.c, net/core/datagram.c, net/core/sock.c (sk_common_release), v6.12.117; in part again
in 7.1.5.

Nobody takes the socket lock on the way in: softirqs on several CPUs put datagrams on the receive queue of one socket,
and run its verdict, at once. They found the socket under RCU and have no reference on it: once it has a port its
memory outlives them (SOCK_RCU_FREE).

Left out everywhere: receive memory and its limits, the reader's own queue, to which readers move what has arrived
(one queue and one lock stand for both), the queues on which softirqs leave datagrams to each other (v6.18),
checksums, encapsulation, busy polling, pending errors.
"""

from psockmc.kernel.socklock import lock_sock, lock_sock_fast, unlock_sock_fast
from psockmc.kernel.spinlock import spin_lock, spin_lock_bh, spin_unlock, spin_unlock_bh, spinlock_t
from psockmc.lang import (
    NULL,
    READ_ONCE,
    Array,
    Callable,
    Ptr,
    Struct,
    check,
    instance,
    kernel,
    list_add_tail,
    list_del,
    list_empty,
    list_first_entry_or_null,
    omits,
    rcu_assign_pointer,
    rcu_dereference,
    wait_event,
)

from models.skbuff import alloc_skb, consume_skb, kfree_skb, seq_t, sk_buff, skb_peek, skb_set_owner_sk_safe
from models.sock import (
    EAGAIN,
    MSG_DONTWAIT,
    bytes_t,
    hash_t,
    int_t,
    msg_flags_t,
    proto,
    proto_ops,
    release_sock_and_backlog,
    sk_hashed,
    sock,
    sock_flag_dead,
    sock_orphan,
    sock_put,
    socket,
    timeout_t,
)
from models.tcp import inet_release
from models.udp_bpf import udp_bpf_update_proto


class udp_hslot(Struct, name="udp_table"):
    """The table of ports. Holds no references; RCU keeps what is found in it."""

    head: Array[Ptr[sock], 2]
    lock: spinlock_t


udp_table = instance(udp_hslot)


# ---------------------------------------------------------------- datagrams in


@kernel("net/ipv4/udp.c")
def __udp4_lib_lookup(hash: hash_t) -> Ptr[sock]:
    """The socket of a port, without a reference."""
    return rcu_dereference(udp_table.head[hash])


@kernel("net/ipv4/udp.c")
def __udp_enqueue_schedule_skb(sk: Ptr[sock], skb: Ptr[sk_buff]) -> None:
    """Queue a datagram and tell the socket; no lock of the socket is held."""
    spin_lock(sk.sk_receive_queue.lock)
    list_add_tail(skb, sk.sk_receive_queue.list)
    spin_unlock(sk.sk_receive_queue.lock)
    if not sock_flag_dead(sk):
        data_ready = READ_ONCE(sk.sk_data_ready)
        data_ready(sk)


@kernel("net/ipv4/udp.c")
def udp_rcv(hash: hash_t, seq: seq_t) -> None:
    """A datagram arrives, in a softirq, which is an RCU reader as a whole."""
    skb = alloc_skb(seq)
    if not skb:
        return
    sk = __udp4_lib_lookup(hash)
    if sk:
        __udp_enqueue_schedule_skb(sk, skb)
    else:
        kfree_skb(skb)


@kernel("net/ipv4/udp.c")
def __skb_recv_udp(sk: Ptr[sock]) -> Ptr[sk_buff]:
    """Take the first datagram off, without waiting; NULL when there is none."""
    if list_empty(sk.sk_receive_queue.list):
        return NULL
    spin_lock_bh(sk.sk_receive_queue.lock)
    skb = list_first_entry_or_null(sk.sk_receive_queue.list)
    if skb:
        list_del(skb, sk.sk_receive_queue.list)
    spin_unlock_bh(sk.sk_receive_queue.lock)
    return skb


@kernel("net/ipv4/udp.c")
def udp_read_skb(sk: Ptr[sock], recv_actor: Callable[[Ptr[sock], Ptr[sk_buff]], int_t]) -> int_t:
    """Hand one datagram to recv_actor. Several softirqs may do so at once."""
    skb = __skb_recv_udp(sk)
    if not skb:
        return -EAGAIN
    owned = skb_set_owner_sk_safe(skb, sk)
    check(owned, "WARN_ON_ONCE(!skb_set_owner_sk_safe(skb, sk)) in udp_read_skb()")
    return recv_actor(sk, skb)


# ---------------------------------------------------------------- reading and sending


@kernel("net/ipv4/udp.c")
def udp_recvmsg(sk: Ptr[sock], len: bytes_t, flags: msg_flags_t) -> int_t:
    """The native read of one datagram; looks at the native queue only."""
    while True:
        skb = __skb_recv_udp(sk)
        if skb:
            consume_skb(skb)
            return 1
        if flags & MSG_DONTWAIT:
            return -EAGAIN
        wq = rcu_dereference(sk.sk_wq)
        sk.native_readers += 1
        wait_event(wq.wq, not list_empty(sk.sk_receive_queue.list))
        sk.native_readers -= 1


@kernel("net/ipv4/udp.c")
def udp_sendmsg(sock: Ptr[socket], len: bytes_t) -> int_t:
    """ops->sendmsg: takes no lock of the socket, or says that there is no room."""
    omits("nothing is sent")
    sk = sock.sk
    return -EAGAIN if READ_ONCE(sk.sk_wmem_full) else len


@kernel("net/ipv4/udp.c")
def udp_ioctl(sk: Ptr[sock]) -> int_t:
    """SIOCINQ: the length of the first datagram."""
    spin_lock_bh(sk.sk_receive_queue.lock)
    skb = skb_peek(sk.sk_receive_queue)
    ret: int_t = skb.len if skb else 0
    spin_unlock_bh(sk.sk_receive_queue.lock)
    return ret


# ---------------------------------------------------------------- binding and closing


@kernel("net/ipv4/udp.c")
def udp_lib_get_port(sk: Ptr[sock]) -> None:
    """Give the socket a port: from now on packets find it, and RCU keeps it. The caller owns the socket."""
    spin_lock_bh(udp_table.lock)
    if not sk_hashed(sk):
        sk.sock_rcu_free = True
        rcu_assign_pointer(udp_table.head[sk.sk_hash], sk)
        sk.hashed = True
    spin_unlock_bh(udp_table.lock)


@kernel("net/ipv4/af_inet.c")
def inet_bind(sock: Ptr[socket]) -> None:
    """bind() of a UDP socket."""
    sk = sock.sk
    lock_sock(sk.sk_lock)
    udp_lib_get_port(sk)
    release_sock_and_backlog(sk)


@kernel("net/ipv4/udp.c")
def udp_lib_unhash(sk: Ptr[sock]) -> None:
    """sk_prot->unhash of UDP: packets do not find it any more."""
    if sk_hashed(sk):
        spin_lock_bh(udp_table.lock)
        rcu_assign_pointer(udp_table.head[sk.sk_hash], NULL)
        sk.hashed = False
        spin_unlock_bh(udp_table.lock)


@kernel("net/ipv4/udp.c")
def udp_destroy_sock(sk: Ptr[sock]) -> None:
    """sk_prot->destroy of UDP: called by close() only."""
    slow = lock_sock_fast(sk.sk_lock)
    sk.sock_dead = True
    unlock_sock_fast(sk.sk_lock, slow)


@kernel("net/core/sock.c")
def sk_common_release(sk: Ptr[sock]) -> None:
    """The end of a socket of a protocol without connections."""
    destroy = sk.sk_prot.destroy
    if destroy:
        destroy(sk)
    unhash = sk.sk_prot.unhash
    unhash(sk)
    sock_orphan(sk)
    sock_put(sk)


@kernel("net/ipv4/udp.c")
def udp_lib_close(sk: Ptr[sock], timeout: timeout_t) -> None:
    """sk_prot->close of UDP."""
    sk_common_release(sk)


@kernel("net/ipv4/udp.c")
def udp_destruct_sock(sk: Ptr[sock]) -> None:
    """sk_destruct of UDP: nobody refers to the socket."""
    skb = skb_peek(sk.sk_receive_queue)
    while skb:
        list_del(skb, sk.sk_receive_queue.list)
        kfree_skb(skb)
        skb = skb_peek(sk.sk_receive_queue)


udp_prot = instance(
    proto,
    close=udp_lib_close,
    destroy=udp_destroy_sock,
    unhash=udp_lib_unhash,
    recvmsg=udp_recvmsg,
    ioctl=udp_ioctl,
    psock_update_sk_prot=udp_bpf_update_proto,
)

inet_dgram_ops = instance(proto_ops, release=inet_release, sendmsg=udp_sendmsg, read_skb=udp_read_skb)
