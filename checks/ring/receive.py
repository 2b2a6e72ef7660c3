"""Proofs about the walk of a reader over the queue of messages."""

from psockmc.lang import NULL, Ptr, arbitrary, assume, check, proof, s32, u32, u64

from models.ring.skmsg import __sk_msg_recvmsg
from models.ring.types import EFAULT, INT_MAX, follow0, iov_iter, sk_buff, sk_msg, sk_psock, sock
from spec.ring import (
    any_cut_message,
    any_iter,
    any_memory,
    any_message,
    any_packet_message,
    any_psock,
    any_socket,
    any_wish,
    byte_kept,
    check_charge,
    check_elements,
    check_indices,
    check_references,
    check_ring,
    cut0,
    exact_iter,
    is_followed,
    one_element,
    packet_byte_is,
    queue_message,
    references,
)


@proof("sk_msg_recvmsg", split=5)
def receive(sk: Ptr[sock], psock: Ptr[sk_psock], msg: Ptr[sk_msg], iter: Ptr[iov_iter]) -> None:
    """Bytes of a message are read and leave it; the user's memory takes them all."""
    any_memory()
    any_socket(sk)
    there: bool = any_cut_message(sk, msg)
    if not there:
        return
    any_psock(psock, sk)
    queue_message(sk, psock, msg)
    len: s32 = any_wish(msg)
    if len == 0:
        return
    exact_iter(iter, len)
    k: u32 = arbitrary(0, INT_MAX)
    was: bool = is_followed(msg, k)
    follow0.sent_byte = k
    size: u32 = msg.sg.size
    charged: u64 = sk.charged
    rmem: s32 = sk.sk_rmem_alloc
    others: u32 = follow0.refs - references(msg)
    ret: s32 = __sk_msg_recvmsg(sk, psock, iter, len, False)
    got: u32 = len if len < size else size
    check(ret == got, "result: as many bytes as there are, at most as many as were asked for")
    check_charge(sk, charged, size, size - got)
    check(sk.sk_rmem_alloc + ret == rmem, "rmem: bytes that were read do not count against the receive buffer any more")
    check(psock.msg_tot_len == size - got, "length: the queue has so many bytes less")
    taken: bool = follow0.sent == 1 and follow0.sent_page == follow0.page and follow0.sent_offset == follow0.byte
    check(k >= got or not was or taken, "content: the reader gets the bytes in their order, each one once")
    check(follow0.sent == (1 if k < got else 0), "content: every byte is handed over once, and no other")
    if got == size:
        check(psock.ingress_msg == NULL and msg.freed, "empty: a message that was read to its end is freed")
        check_references(0, others)
    else:
        check(psock.ingress_msg == msg and not msg.freed, "empty: a message with bytes stays")
        check_indices(msg)
        check_elements(msg)
        held: u32 = references(msg)
        check_references(held, others)
        kept: bool = k >= got and byte_kept(msg, k - got)
        check(k < got or k >= size or not was or kept, "content: what is left is the end of the message")


@proof("sk_msg_recvmsg MSG_PEEK", split=5)
def peek(sk: Ptr[sock], psock: Ptr[sk_psock], msg: Ptr[sk_msg], iter: Ptr[iov_iter]) -> None:
    """Bytes of a message are looked at and stay."""
    any_memory()
    any_socket(sk)
    there: bool = any_cut_message(sk, msg)
    if not there:
        return
    any_psock(psock, sk)
    queue_message(sk, psock, msg)
    len: s32 = any_wish(msg)
    if len == 0:
        return
    exact_iter(iter, len)
    k: u32 = arbitrary(0, INT_MAX)
    was: bool = is_followed(msg, k)
    follow0.sent_byte = k
    size: u32 = msg.sg.size
    charged: u64 = sk.charged
    rmem: s32 = sk.sk_rmem_alloc
    others: u32 = follow0.refs - references(msg)
    ret: s32 = __sk_msg_recvmsg(sk, psock, iter, len, True)
    got: u32 = len if len < size else size
    check(ret == got, "result: as many bytes as there are, at most as many as were asked for")
    check(sk.charged == charged and sk.sk_rmem_alloc == rmem, "R8: looking changes no charge")
    check(psock.msg_tot_len == size, "length: the queue is as long as before")
    check_ring(msg)
    held: u32 = references(msg)
    check_references(held, others)
    kept: bool = byte_kept(msg, k)
    check(not was or kept, "content: the message does not change")
    taken: bool = follow0.sent == 1 and follow0.sent_page == follow0.page and follow0.sent_offset == follow0.byte
    check(k >= got or not was or taken, "content: the reader gets the bytes in their order, each one once")


@proof("sk_msg_recvmsg packet", split=1)
def receive_packet(
    sk: Ptr[sock], psock: Ptr[sk_psock], msg: Ptr[sk_msg], skb: Ptr[sk_buff], iter: Ptr[iov_iter]
) -> None:
    """Bytes of a packet are read; it has as many pieces as there are slots, or fewer, and a mark at its end."""
    any_memory()
    any_socket(sk)
    any_packet_message(sk, msg, skb)
    any_psock(psock, sk)
    psock.ingress_msg = msg
    psock.msg_tot_len = msg.sg.size
    any_iter(iter)
    len: s32 = arbitrary(1, INT_MAX)
    assume(iter.count >= len and iter.fault_at >= len)
    k: u32 = arbitrary(0, INT_MAX)
    was: bool = packet_byte_is(msg, k, follow0.page, follow0.byte)
    follow0.sent_byte = k
    size: u32 = msg.sg.size
    charged: u64 = sk.charged
    rmem: s32 = sk.sk_rmem_alloc
    refs: u32 = follow0.refs
    ret: s32 = __sk_msg_recvmsg(sk, psock, iter, len, False)
    got: u32 = len if len < size else size
    check(ret == got, "result: as many bytes as there are, at most as many as were asked for")
    check(sk.charged == charged and sk.sk_rmem_alloc == rmem, "R8: the packet keeps its charge until it is freed")
    check(follow0.refs == refs, "refs: the packet keeps its pages until it is freed")
    check(psock.msg_tot_len == size - got, "length: the queue has so many bytes less")
    taken: bool = follow0.sent == 1 and follow0.sent_page == follow0.page and follow0.sent_offset == follow0.byte
    check(k >= got or not was or taken, "content: the reader gets the bytes in their order, each one once")
    check(skb.consumed == (got == size), "empty: the packet is freed when it was read to its end")
    check((psock.ingress_msg == NULL) == (got == size), "empty: and its message leaves the queue")


@proof("sk_msg_recvmsg two messages", split=2)
def receive_two(
    sk: Ptr[sock], psock: Ptr[sk_psock], msg: Ptr[sk_msg], behind: Ptr[sk_msg], iter: Ptr[iov_iter]
) -> None:
    """A read goes on with the next message of the queue. Both have one element, at any place of the ring."""
    any_memory()
    any_socket(sk)
    one_element(sk, msg)
    one_element(sk, behind)
    any_psock(psock, sk)
    queue_message(sk, psock, msg)
    msg.next = behind
    size: u32 = msg.sg.size
    rest: u32 = behind.sg.size
    assume(rest <= INT_MAX - size and sk.charged >= size + rest)
    assume(sk.sk_rmem_alloc >= size + rest)
    psock.msg_tot_len = size + rest
    held: u32 = references(msg) + references(behind)
    assume(follow0.refs >= held)
    others: u32 = follow0.refs - held
    any_iter(iter)
    len: s32 = arbitrary(1, INT_MAX)
    assume(iter.count >= len and iter.fault_at >= len)
    charged: u64 = sk.charged
    ret: s32 = __sk_msg_recvmsg(sk, psock, iter, len, False)
    got: u32 = len if len < size + rest else size + rest
    check(ret == got, "result: as many bytes as there are, at most as many as were asked for")
    check_charge(sk, charged, size + rest, size + rest - got)
    check(psock.msg_tot_len == size + rest - got, "length: the queue has so many bytes less")
    check(msg.freed == (got >= size), "empty: the first message is freed when it was read to its end")
    check(behind.freed == (got == size + rest), "empty: and so is the second")
    left: u32 = 0
    if not msg.freed:
        left += references(msg)
    if not behind.freed:
        left += references(behind)
    check_references(left, others)


@proof("sk_msg_recvmsg fault", split=4)
def receive_with_fault(sk: Ptr[sock], psock: Ptr[sk_psock], msg: Ptr[sk_msg], iter: Ptr[iov_iter]) -> None:
    """The user's memory faults in the middle of a read: what was read is gone, the rest can still be read."""
    any_memory()
    any_socket(sk)
    there: bool = any_cut_message(sk, msg)
    if not there:
        return
    any_psock(psock, sk)
    queue_message(sk, psock, msg)
    size: u32 = msg.sg.size
    if cut0.position == size:
        return
    len: s32 = size
    exact_iter(iter, len)
    iter.fault_at = cut0.position
    charged: u64 = sk.charged
    others: u32 = follow0.refs - references(msg)
    ret: s32 = __sk_msg_recvmsg(sk, psock, iter, len, False)
    got: u32 = iter.fault_at
    check(ret == got or got == 0 and ret == -EFAULT, "result: the bytes before the fault, or -EFAULT")
    check_charge(sk, charged, size, size - got)
    check_indices(msg)
    check_elements(msg)
    held: u32 = references(msg)
    check_references(held, others)
