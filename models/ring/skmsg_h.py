"""The inline functions of a message: the index macros, transfer of elements, the copy bits, apply_bytes, the queue.

Source: include/linux/skmsg.h of 7.2, with 406e8a651a7b (copy bits travel with their elements), 929e30f93125 (bytes in
the queue are counted) and d888b7af7c14 (sk_psock_queue_msg() says whether the message was queued).

The macros that change a variable are functions here: `i = sk_msg_iter_var_next(i)`. Locks are left out: one thread.
"""

from psockmc.lang import NULL, Ptr, check, kernel, s32, u32, user, wrapping

from models.ring.skmsg import sk_msg_free
from models.ring.sock import as_int, get_page, sg_assign, sg_clear, sg_mark_end, sg_set_page, sg_unmark_end
from models.ring.types import (
    MAX_MSG_FRAGS,
    NR_MSG_FRAG_IDS,
    SG_SLOTS,
    memory0,
    sk_msg,
    sk_psock,
)

# ---------------------------------------------------------------- indices


@kernel("include/linux/skmsg.h")
def sk_msg_check_to_free(msg: Ptr[sk_msg], i: u32, bytes: u32) -> None:
    """Warns when the walk has come to the end of the ring while bytes are left."""
    check(not (i == msg.sg.end and bytes != 0), "warn: the ring holds all its bytes")


@kernel("include/linux/skmsg.h")
def sk_msg_apply_bytes(psock: Ptr[sk_psock], bytes: u32) -> None:
    """`bytes` bytes of those the verdict applies to are done."""
    if psock.apply_bytes:
        if psock.apply_bytes < bytes:
            psock.apply_bytes = 0
        else:
            psock.apply_bytes -= bytes


@kernel("include/linux/skmsg.h")
def sk_msg_iter_dist(start: u32, end: u32) -> u32:
    """How many slots there are from `start` to `end`."""
    return end - start if end >= start else end + (NR_MSG_FRAG_IDS - start)


@kernel("include/linux/skmsg.h")
def sk_msg_iter_var_prev(i: u32) -> u32:
    """The slot before `i`."""
    return NR_MSG_FRAG_IDS - 1 if i == 0 else i - 1


@kernel("include/linux/skmsg.h")
def sk_msg_iter_var_next(i: u32) -> u32:
    """The slot behind `i`."""
    return 0 if i + 1 == NR_MSG_FRAG_IDS else i + 1


@kernel("include/linux/skmsg.h")
def sk_msg_full(msg: Ptr[sk_msg]) -> bool:
    """Whether no further element fits."""
    return sk_msg_iter_dist(msg.sg.start, msg.sg.end) == MAX_MSG_FRAGS


@kernel("include/linux/skmsg.h")
def sk_msg_elem_used(msg: Ptr[sk_msg]) -> u32:
    """How many elements the message has."""
    return sk_msg_iter_dist(msg.sg.start, msg.sg.end)


# ---------------------------------------------------------------- whole messages


@user
def sk_msg_zero(msg: Ptr[sk_msg]) -> None:
    """memset(msg, 0, sizeof(*msg))."""
    for i in range(SG_SLOTS):
        sg_clear(msg.sg.data[i])
        msg.sg.copy[i] = False
    msg.sg.start = 0
    msg.sg.curr = 0
    msg.sg.end = 0
    msg.sg.size = 0
    msg.sg.copybreak = 0
    msg.data_page = 0
    msg.data = 0
    msg.data_end = 0
    msg.apply_bytes = 0
    msg.cork_bytes = 0
    msg.flags = 0
    msg.skb = NULL
    msg.sk_redir = NULL
    msg.sk = NULL
    msg.next = NULL


@kernel("include/linux/skmsg.h")
def sk_msg_init(msg: Ptr[sk_msg]) -> None:
    """An empty message: all zero, the end mark in the last slot of the ring."""
    sk_msg_zero(msg)
    sg_mark_end(msg.sg.data[NR_MSG_FRAG_IDS - 1])


@kernel("mm/slub.c")
def kzalloc_sk_msg() -> Ptr[sk_msg]:
    """A message that is all zero, without an end mark; NULL when there is no memory.

    Who puts a message into memory0.fresh has made it all zero.
    """
    msg = memory0.fresh
    if msg != NULL:
        memory0.fresh = msg.next
        msg.next = NULL
        msg.freed = False
    return msg


@user
def sk_msg_assign(dst: Ptr[sk_msg], src: Ptr[sk_msg]) -> None:
    """memcpy(dst, src, sizeof(*src))."""
    for i in range(SG_SLOTS):
        sg_assign(dst.sg.data[i], src.sg.data[i])
        dst.sg.copy[i] = src.sg.copy[i]
    dst.sg.start = src.sg.start
    dst.sg.curr = src.sg.curr
    dst.sg.end = src.sg.end
    dst.sg.size = src.sg.size
    dst.sg.copybreak = src.sg.copybreak
    dst.data_page = src.data_page
    dst.data = src.data
    dst.data_end = src.data_end
    dst.apply_bytes = src.apply_bytes
    dst.cork_bytes = src.cork_bytes
    dst.flags = src.flags
    dst.skb = src.skb
    dst.sk_redir = src.sk_redir
    dst.sk = src.sk
    dst.next = src.next


@kernel("include/linux/skmsg.h")
def sk_msg_xfer(dst: Ptr[sk_msg], src: Ptr[sk_msg], which: s32, size: u32) -> None:
    """The first `size` bytes of element `which` go to the same slot of `dst`; the caller sets its start and end."""
    sg_assign(dst.sg.data[which], src.sg.data[which])
    dst.sg.copy[which] = src.sg.copy[which]
    dst.sg.data[which].length = size
    dst.sg.size += size
    src.sg.size -= size
    src.sg.data[which].length -= size
    src.sg.data[which].offset += size
    if src.sg.data[which].length == 0:
        src.sg.copy[which] = False


@kernel("include/linux/skmsg.h")
def sk_msg_xfer_full(dst: Ptr[sk_msg], src: Ptr[sk_msg]) -> None:
    """Everything goes to `dst`; `src` is empty then."""
    sk_msg_assign(dst, src)
    sk_msg_init(src)


@kernel("include/linux/skmsg.h")
def sk_msg_page_add(msg: Ptr[sk_msg], page: u32, len: u32, offset: u32) -> None:
    """A further element that refers to a page of somebody else. There must be room."""
    get_page(page)
    sg_set_page(msg.sg.data[msg.sg.end], page, len, offset)
    sg_unmark_end(msg.sg.data[msg.sg.end])
    msg.sg.copy[msg.sg.end] = True
    msg.sg.size += len
    msg.sg.end = sk_msg_iter_var_next(msg.sg.end)


@kernel("include/linux/skmsg.h")
def sk_msg_compute_data_pointers(msg: Ptr[sk_msg]) -> None:
    """What a program may read and write: the first element, unless its copy bit is set."""
    if msg.sg.copy[msg.sg.start]:
        msg.data_page = 0
        msg.data = 0
        msg.data_end = 0
    else:
        msg.data_page = msg.sg.data[msg.sg.start].page
        msg.data = msg.sg.data[msg.sg.start].offset
        msg.data_end = msg.data + msg.sg.data[msg.sg.start].length


# ---------------------------------------------------------------- copy bits


@kernel("include/linux/skmsg.h")
def sk_msg_sg_copy(msg: Ptr[sk_msg], i: u32, copy_state: bool) -> None:
    """Sets the copy bits of slot i up to the end; with i == end those of the whole ring."""
    while True:
        msg.sg.copy[i] = copy_state
        i = sk_msg_iter_var_next(i)
        if i == msg.sg.end:
            break


@kernel("include/linux/skmsg.h")
def sk_msg_sg_copy_assign(dst: Ptr[sk_msg], dst_i: u32, src: Ptr[sk_msg], src_i: u32) -> None:
    """The copy bit of one slot becomes that of another."""
    dst.sg.copy[dst_i] = src.sg.copy[src_i]


@kernel("include/linux/skmsg.h")
def sk_msg_sg_copy_set(msg: Ptr[sk_msg], start: u32) -> None:
    """Elements from `start` on may not be written by a program."""
    sk_msg_sg_copy(msg, start, True)


@kernel("include/linux/skmsg.h")
def sk_msg_sg_copy_clear(msg: Ptr[sk_msg], start: u32) -> None:
    """Elements from `start` on may be written by a program."""
    sk_msg_sg_copy(msg, start, False)


# ---------------------------------------------------------------- the queue of a psock


@kernel("include/linux/skmsg.h")
def sk_psock_msg_len_add(psock: Ptr[sk_psock], diff: s32) -> None:
    """Counts bytes of the queue. The kernel adds modulo 2**32; here going below 0 is a finding."""
    if diff < 0:
        taken: u32 = -diff
        psock.msg_tot_len -= taken
    else:
        psock.msg_tot_len += diff


@kernel("include/linux/skmsg.h")
def sk_psock_queue_msg(psock: Ptr[sk_psock], msg: Ptr[sk_msg]) -> bool:
    """Appends the message, or frees it when the psock sends no more; says which."""
    if psock.tx_enabled:
        msg.next = NULL
        if psock.ingress_msg == NULL:
            psock.ingress_msg = msg
        else:
            last = psock.ingress_msg
            while last.next != NULL:
                last = last.next
            last.next = msg
        sk_psock_msg_len_add(psock, msg.sg.size)
        return True
    sk_msg_free(psock.sk, msg)
    msg.freed = True
    return False


@kernel("include/linux/skmsg.h")
def sk_psock_dequeue_msg(psock: Ptr[sk_psock]) -> Ptr[sk_msg]:
    """Takes the first message off the queue."""
    msg = psock.ingress_msg
    if msg != NULL:
        psock.ingress_msg = msg.next
        msg.next = NULL
        sk_psock_msg_len_add(psock, as_int(wrapping(0 - msg.sg.size)))
    return msg


@kernel("include/linux/skmsg.h")
def sk_psock_peek_msg(psock: Ptr[sk_psock]) -> Ptr[sk_msg]:
    """The first message of the queue."""
    return psock.ingress_msg


@kernel("include/linux/skmsg.h")
def sk_psock_next_msg(psock: Ptr[sk_psock], msg: Ptr[sk_msg]) -> Ptr[sk_msg]:
    """The message behind `msg` in the queue."""
    return msg.next


@kernel("include/linux/skmsg.h")
def kfree_sk_msg(msg: Ptr[sk_msg]) -> None:
    """Frees a message together with its packet."""
    if msg.skb:
        msg.skb.consumed = True
    msg.freed = True
