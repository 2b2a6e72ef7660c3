"""Proofs about the walk of a reader over the queue of messages."""

from psockmc.lang import NULL, Ptr, arbitrary, assume, check, proof, s32, u32, u64

from models.ring.skmsg import __sk_msg_recvmsg
from models.ring.types import EFAULT, INT_MAX, follow0, iov_iter, sk_buff, sk_msg, sk_psock, sock
from spec.ring import (
    any_memory,
    any_psock,
    any_socket,
    check_charge,
    exact_iter,
    queue_message,
)
from spec.ring_packets import any_packet_message, any_two_messages, refers
from spec.ring_part import (
    any_beginning,
    check_handed_over,
    check_last_part,
    check_references_left,
    check_unchanged,
    nth,
    part0,
    touched,
    wish,
)


@proof("sk_msg_recvmsg", split=4)
def receive(sk: Ptr[sock], psock: Ptr[sk_psock], msg: Ptr[sk_msg], before: Ptr[sk_msg], iter: Ptr[iov_iter]) -> None:
    """Bytes of a message are read and leave it; the user's memory takes them all."""
    any_memory()
    any_socket(sk)
    part0.reads = True
    there: bool = any_beginning(sk, msg, before)
    if not there or touched() == 0:
        return
    len: s32 = wish()
    any_psock(psock, sk)
    queue_message(sk, psock, msg)
    exact_iter(iter, len)
    follow0.sent_byte = arbitrary(0, INT_MAX)
    rmem: s32 = sk.sk_rmem_alloc
    ret: s32 = __sk_msg_recvmsg(sk, psock, iter, len, False)
    got: u32 = part0.position
    check(ret == got, "result: as many bytes as there are, at most as many as were asked for")
    check_charge(sk, part0.charged, got, 0)
    check(sk.sk_rmem_alloc + ret == rmem, "rmem: bytes that were read do not count against the receive buffer any more")
    check(psock.msg_tot_len == before.sg.size - got, "length: the queue has so many bytes less")
    check_handed_over(before, got)
    check_references_left(msg, before, part0.elements, touched())
    if part0.others == 0 and not part0.inside:
        check(psock.ingress_msg == NULL and msg.freed, "empty: a message that was read to its end is freed")
    else:
        check(psock.ingress_msg == msg and not msg.freed, "empty: a message with bytes stays")
        check(msg.sg.size == before.sg.size - got, "R3: the size is the sum of the lengths of the elements")
        check_last_part(msg, before)


@proof("sk_msg_recvmsg MSG_PEEK", split=4)
def peek(sk: Ptr[sock], psock: Ptr[sk_psock], msg: Ptr[sk_msg], before: Ptr[sk_msg], iter: Ptr[iov_iter]) -> None:
    """Bytes of a message are looked at and stay."""
    any_memory()
    any_socket(sk)
    part0.reads = True
    there: bool = any_beginning(sk, msg, before)
    if not there or touched() == 0:
        return
    len: s32 = wish()
    any_psock(psock, sk)
    queue_message(sk, psock, msg)
    exact_iter(iter, len)
    follow0.sent_byte = arbitrary(0, INT_MAX)
    rmem: s32 = sk.sk_rmem_alloc
    ret: s32 = __sk_msg_recvmsg(sk, psock, iter, len, True)
    check(ret == part0.position, "result: as many bytes as there are, at most as many as were asked for")
    check(sk.charged == part0.charged and sk.sk_rmem_alloc == rmem, "R8: looking changes no charge")
    check(psock.msg_tot_len == before.sg.size, "length: the queue is as long as before")
    check(follow0.refs == part0.refs, "refs: every element keeps its reference")
    check_unchanged(msg, before)
    check_handed_over(before, part0.position)


@proof("sk_msg_recvmsg packet", split=4)
def receive_packet(
    sk: Ptr[sock], psock: Ptr[sk_psock], msg: Ptr[sk_msg], before: Ptr[sk_msg], skb: Ptr[sk_buff], iter: Ptr[iov_iter]
) -> None:
    """Bytes of a packet are read; it has as many pieces as there are slots, or fewer, and a mark at its end."""
    any_memory()
    any_socket(sk)
    there: bool = any_packet_message(sk, msg, before, skb)
    if not there:
        return
    len: s32 = wish()
    any_psock(psock, sk)
    psock.ingress_msg = msg
    psock.msg_tot_len = msg.sg.size
    exact_iter(iter, len)
    follow0.sent_byte = arbitrary(0, INT_MAX)
    rmem: s32 = sk.sk_rmem_alloc
    ret: s32 = __sk_msg_recvmsg(sk, psock, iter, len, False)
    got: u32 = part0.position
    check(ret == got, "result: as many bytes as there are, at most as many as were asked for")
    check(sk.charged == part0.charged and sk.sk_rmem_alloc == rmem, "R8: the packet keeps its charge until it is freed")
    check(follow0.refs == part0.refs, "refs: the packet keeps its pages until it is freed")
    check(psock.msg_tot_len == before.sg.size - got, "length: the queue has so many bytes less")
    check_handed_over(before, got)
    if part0.others == 0 and not part0.inside:
        check(skb.consumed and msg.freed, "empty: the packet is freed when it was read to its end")
        check(psock.ingress_msg == NULL, "empty: and its message leaves the queue")
    else:
        check(not skb.consumed and not msg.freed, "empty: a packet with bytes stays")
        check(psock.ingress_msg == msg, "empty: and so does its message")
        check(msg.sg.size == before.sg.size - got, "R3: the size is the sum of the lengths of the elements")
        check_last_part(msg, before)


@proof("sk_msg_recvmsg two messages", split=2)
def receive_two(
    sk: Ptr[sock], psock: Ptr[sk_psock], msg: Ptr[sk_msg], behind: Ptr[sk_msg], iter: Ptr[iov_iter]
) -> None:
    """A read goes on with the next message of the queue. Both have one element, at any place of the ring."""
    any_memory()
    any_socket(sk)
    len: s32 = any_two_messages(sk, msg, behind)
    size: u32 = msg.sg.size
    both: u32 = size + behind.sg.size
    any_psock(psock, sk)
    psock.ingress_msg = msg
    psock.msg_tot_len = both
    assume(sk.sk_rmem_alloc >= both)
    exact_iter(iter, len)
    charged: u64 = sk.charged
    rmem: s32 = sk.sk_rmem_alloc
    refs: u32 = follow0.refs
    ret: s32 = __sk_msg_recvmsg(sk, psock, iter, len, False)
    got: u32 = len if len < both else both
    check(ret == got, "result: as many bytes as there are, at most as many as were asked for")
    check_charge(sk, charged, got, 0)
    check(sk.sk_rmem_alloc + ret == rmem, "rmem: bytes that were read do not count against the receive buffer any more")
    check(psock.msg_tot_len == both - got, "length: the queue has so many bytes less")
    check(msg.freed == (got >= size), "empty: the first message is freed when it was read to its end")
    check(behind.freed == (got == both), "empty: and so is the second")
    gone: u32 = (refers(msg) if msg.freed else 0) + (refers(behind) if behind.freed else 0)
    check(follow0.refs + gone == refs, "refs: every element holds one reference of its page")


@proof("sk_msg_recvmsg fault", split=3)
def receive_with_fault(
    sk: Ptr[sock], psock: Ptr[sk_psock], msg: Ptr[sk_msg], before: Ptr[sk_msg], iter: Ptr[iov_iter]
) -> None:
    """The user's memory faults in the middle of a read: what was read is gone, the rest can still be read."""
    any_memory()
    any_socket(sk)
    part0.ahead = True
    there: bool = any_beginning(sk, msg, before)
    if not there:
        return
    any_psock(psock, sk)
    queue_message(sk, psock, msg)
    len: s32 = part0.ends
    exact_iter(iter, len)
    iter.fault_at = part0.position
    ret: s32 = __sk_msg_recvmsg(sk, psock, iter, len, False)
    got: s32 = part0.position
    check(ret == got or got == 0 and ret == -EFAULT, "result: the bytes before the fault, or -EFAULT")
    check_charge(sk, part0.charged, got, 0)
    check(msg.sg.size == before.sg.size - got, "R3: the size is the sum of the lengths of the elements")
    # Elements that were read have no bytes any more and no reference.
    first: u32 = nth(part0.elements)
    left: bool = msg.sg.start == first
    check(left, "R4: every element has bytes and a page, those that were read are not in the message")
    check_references_left(msg, before, part0.elements if left else 0, touched())
    if left:
        check_last_part(msg, before)
