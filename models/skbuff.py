"""Socket buffers and their queues.

Sources: include/linux/skbuff.h, net/core/skbuff.c, net/core/sock.c (destructors), v6.19.

An skb is an object with a reference count (`users`) and, while it is charged to a socket, a destructor. It holds 0, 1
or 2 units of data; where a scenario does not say otherwise it is 1, which is sent and read as a whole.
"""

from psockmc.kernel.refcount import refcount_dec_and_test, refcount_inc, refcount_inc_not_zero, refcount_set, refcount_t
from psockmc.kernel.spinlock import spin_lock_irqsave, spin_unlock_irqrestore, spinlock_t
from psockmc.lang import (
    GFP_ATOMIC,
    NULL,
    Callable,
    Const,
    Ghost,
    Int,
    ListHead,
    Ptr,
    Struct,
    atomic,
    atomic_add,
    atomic_sub,
    check,
    choose,
    instance,
    kernel,
    kfree,
    kzalloc,
    list_add_tail,
    list_del,
    list_empty,
    list_first_entry_or_null,
    omits,
    xchg,
)

from models.sock import ENOMEM, bytes_t, int_t, sk_mem_charge, sk_mem_uncharge, sock, sock_put, tcp_seq_t

seq_t = Int[0, 3]


class sk_buff(Struct, name="skb"):
    """`_sk_redir` is one word in the kernel: the target's pointer, with INGRESS and STRPARSER as its lowest bits.

    strp_offset, strp_full_len, strp_accum_len: of the head of a message of the stream parser: where in the buffer the
    message begins, how long it is (0: not known yet), how much of it has come. In the kernel they lie in `cb`.

    tcp_seq, tcp_fin: of TCP_SKB_CB(skb): where its data begins in the stream, and whether a FIN comes behind it.
    many_frags: its data is in more pieces than a message has elements for, until it is made linear. frag_list: it is a
    list of buffers, as receive offload makes them of several packets.

    consumed: an urgent byte of AF_UNIX that was read (UNIXCB(skb).consumed).

    seq: position in the stream of its sender, for properties about order; 0 is not numbered. sent, resent: for
    properties about partial sends, see sk_psock_handle_skb(). for_reader, on_wire: it was redirected to a reader; a
    part of it was sent. origin, pos: the socket whose own stack it came through, and its sequence number there.
    """

    users: refcount_t
    len: Const[bytes_t]
    tcp_seq: tcp_seq_t
    tcp_fin: Const[bool]
    many_frags: bool
    frag_list: Const[bool]
    sk: Ptr[sock]
    destructor: Callable[[Ptr[sk_buff]], None]
    _sk_redir: Ptr[sock]
    _sk_redir_ingress: bool
    _sk_redir_strparser: bool
    strp_offset: Int[0, 2]
    strp_full_len: Int[0, 2]
    strp_accum_len: Int[0, 2]
    consumed: bool
    seq: Ghost[seq_t]
    sent: Ghost[bytes_t]
    resent: Ghost[bool]
    for_reader: Ghost[bool]
    on_wire: Ghost[bool]
    origin: Ghost[Ptr[sock]]
    pos: Ghost[tcp_seq_t]


class skb_data_memory(Struct, name="skb_data"):
    """The memory for the data of buffers. short_once: the next copy fails."""

    short_once: bool


skb_data = instance(skb_data_memory)


class sk_buff_head(Struct):
    """A queue of skbs. lock: of those users who do not serialise otherwise."""

    list: ListHead[sk_buff]
    lock: spinlock_t


@kernel("net/core/skbuff.c")
def alloc_skb(seq: seq_t) -> Ptr[sk_buff]:
    """A buffer with one reference, as the driver hands it up. NULL when memory is short."""
    skb = kzalloc(sk_buff, GFP_ATOMIC)
    if skb:
        skb.len = 1
        skb.seq = seq
        refcount_set(skb.users, 1)
    return skb


@kernel("net/core/skbuff.c")
def alloc_skb_with(seq: seq_t, len: bytes_t, fin: bool, many_frags: bool) -> Ptr[sk_buff]:
    """The same with so much data, perhaps a FIN, perhaps in too many pieces."""
    skb = kzalloc(sk_buff, GFP_ATOMIC)
    if skb:
        skb.len = len
        skb.tcp_fin = fin
        skb.many_frags = many_frags
        skb.seq = seq
        refcount_set(skb.users, 1)
    return skb


@kernel("include/linux/skbuff.h")
def skb_get(skb: Ptr[sk_buff]) -> Ptr[sk_buff]:
    """One more reference."""
    refcount_inc(skb.users)
    return skb


@kernel("include/linux/skbuff.h")
def skb_linearize(skb: Ptr[sk_buff]) -> int_t:
    """Copy the data into one piece. The buffer must not be shared: others may look at its pieces."""
    check(skb.users.refs == 1, "BUG_ON(skb_shared(skb)) in pskb_expand_head()")
    if choose():
        return -ENOMEM
    skb.many_frags = False
    return 0


@kernel("include/linux/skbuff.h")
def skb_has_frag_list(skb: Ptr[sk_buff]) -> bool:
    """Whether it is a list of buffers."""
    return skb.frag_list


@kernel("include/linux/skbuff.h")
def skb_unclone(skb: Ptr[sk_buff]) -> int_t:
    """Copy what a clone shares with its original; -ENOMEM once, where memory is short. The clone stays the caller's."""
    return -ENOMEM if xchg(skb_data.short_once, False) else 0


@kernel("net/core/skbuff.c")
def __kfree_skb(skb: Ptr[sk_buff]) -> None:
    """The last reference is gone: drop the dst, run the destructor and free the buffer.

    The dst is in the word that is `_sk_redir` here. skb_dst_drop() takes what it finds there for one, and puts its
    reference unless the lowest bit, which is that of INGRESS, says that there is none. The parser's bit alone is no
    NULL for it, either.
    """
    omits("the data of an skb (fragments, extensions) is not modelled")
    nothing = skb._sk_redir == NULL and not skb._sk_redir_strparser
    check(nothing or skb._sk_redir_ingress, "skb_dst_drop() finds a socket where a dst should be")
    if skb.destructor:
        skb.destructor(skb)
    kfree(skb)


@kernel("net/core/skbuff.c")
def kfree_skb(skb: Ptr[sk_buff]) -> None:
    """Drop one reference. The kernel skips the atomic when it sees the count at 1; that decides nothing."""
    if refcount_dec_and_test(skb.users):
        __kfree_skb(skb)


@kernel("net/core/skbuff.c")
def consume_skb(skb: Ptr[sk_buff]) -> None:
    """kfree_skb() that is not counted as a drop; takes NULL."""
    if skb:
        kfree_skb(skb)


@kernel("include/linux/skbuff.h")
def skb_orphan(skb: Ptr[sk_buff]) -> None:
    """Take the buffer from its owner."""
    if skb.destructor:
        skb.destructor(skb)
        skb.destructor = NULL
        skb.sk = NULL
    else:
        check(skb.sk == NULL, "BUG_ON(skb->sk) in skb_orphan()")


@kernel("net/core/sock.c")
def sock_efree(skb: Ptr[sk_buff]) -> None:
    """Destructor of a buffer that holds a reference on its socket."""
    sock_put(skb.sk)


@kernel("net/core/sock.c")
def sock_rfree(skb: Ptr[sk_buff]) -> None:
    """Destructor of a buffer that is charged to its socket's receive memory; holds no reference."""
    sk = skb.sk
    if sk.accounted:
        atomic_sub(1, sk.sk_rmem_alloc)
        sk_mem_uncharge(sk, 1)


@kernel("include/net/sock.h")
def skb_set_owner_r(skb: Ptr[sk_buff], sk: Ptr[sock]) -> None:
    """Charge the buffer to the socket it will be read from."""
    skb_orphan(skb)
    skb.sk = sk
    skb.destructor = sock_rfree
    if sk.accounted:
        atomic_add(1, sk.sk_rmem_alloc)
        sk_mem_charge(sk, 1)


@kernel("include/net/sock.h")
def skb_set_owner_sk_safe(skb: Ptr[sk_buff], sk: Ptr[sock]) -> bool:
    """Have the buffer hold a reference on the socket; False when the socket is on its way out."""
    if refcount_inc_not_zero(sk.sk_refcnt):
        skb_orphan(skb)
        skb.destructor = sock_efree
        skb.sk = sk
        return True
    return False


@kernel("include/linux/skbuff.h")
def __skb_queue_tail(queue: sk_buff_head, skb: Ptr[sk_buff]) -> None:
    """Append; the caller serialises."""
    list_add_tail(skb, queue.list)


@kernel("net/core/skbuff.c")
def skb_queue_tail(queue: sk_buff_head, skb: Ptr[sk_buff]) -> None:
    """Append under the queue's own lock."""
    spin_lock_irqsave(queue.lock)
    list_add_tail(skb, queue.list)
    spin_unlock_irqrestore(queue.lock)


@kernel("include/linux/skbuff.h")
def skb_peek(queue: sk_buff_head) -> Ptr[sk_buff]:
    """The first buffer, which stays on the queue, or NULL. Takes no lock: a plain load."""
    return list_first_entry_or_null(queue.list)


@kernel("include/linux/skbuff.h")
def __skb_unlink(skb: Ptr[sk_buff], queue: sk_buff_head) -> None:
    """Take the buffer off; the caller serialises."""
    list_del(skb, queue.list)


@kernel("net/core/skbuff.c")
def skb_dequeue(queue: sk_buff_head) -> Ptr[sk_buff]:
    """Take the first buffer off under the queue's own lock; NULL when there is none."""
    spin_lock_irqsave(queue.lock)
    skb = list_first_entry_or_null(queue.list)
    if skb:
        list_del(skb, queue.list)
    spin_unlock_irqrestore(queue.lock)
    return skb


@kernel("include/linux/skbuff.h")
def skb_queue_empty(queue: sk_buff_head) -> bool:
    """Whether the queue is empty: a plain load without the lock."""
    return list_first_entry_or_null(queue.list) == NULL


@kernel("include/linux/skbuff.h")
def skb_queue_empty_lockless(queue: sk_buff_head) -> bool:
    """Whether the queue is empty, for those who do not serialise: a marked load."""
    return list_empty(queue.list)


@kernel("include/linux/skbuff.h")
def skb_bpf_ingress(skb: Ptr[sk_buff]) -> bool:
    """The INGRESS bit of `_sk_redir`."""
    return skb._sk_redir_ingress


@kernel("include/linux/skbuff.h")
def skb_bpf_set_ingress(skb: Ptr[sk_buff]) -> None:
    """Mark the buffer for the receive side."""
    skb._sk_redir_ingress = True


@kernel("include/linux/skbuff.h")
def skb_bpf_strparser(skb: Ptr[sk_buff]) -> bool:
    """The STRPARSER bit of `_sk_redir`."""
    return skb._sk_redir_strparser


@kernel("include/linux/skbuff.h")
def skb_bpf_set_strparser(skb: Ptr[sk_buff]) -> None:
    """Mark the buffer as a message of the stream parser."""
    skb._sk_redir_strparser = True


@kernel("include/linux/skbuff.h")
def skb_bpf_set_redir(skb: Ptr[sk_buff], sk: Ptr[sock], ingress: bool) -> None:
    """Store the target and the direction, and drop the other bit: one word in the kernel."""
    with atomic("_sk_redir is one word: pointer and bits together"):
        skb._sk_redir = sk
        skb._sk_redir_ingress = ingress
        skb._sk_redir_strparser = False


@kernel("include/linux/skbuff.h")
def skb_bpf_redirect_fetch(skb: Ptr[sk_buff]) -> Ptr[sock]:
    """The target that the program chose; only valid in the RCU section in which the program ran."""
    return skb._sk_redir


@kernel("include/linux/skbuff.h")
def skb_bpf_redirect_clear(skb: Ptr[sk_buff]) -> None:
    """Forget target and bits."""
    with atomic("_sk_redir is one word: pointer and bits together"):
        skb._sk_redir = NULL
        skb._sk_redir_ingress = False
        skb._sk_redir_strparser = False
