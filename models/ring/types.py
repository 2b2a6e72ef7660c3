"""The ring of a message: `struct sk_msg`, its scatterlist, and what an operation on it meets: a socket, pages, users.

Sources: include/linux/skmsg.h, include/linux/scatterlist.h, include/linux/page_frag.h of 7.x.

The ring program is a program of its own: it knows one thread and no lifetimes, but every number in its C width.

* A page is a number, 0 is no page. What an element refers to is (page, offset, length). Pages that exist at the
  beginning have numbers below `memory0.first_new_page`; alloc_pages() hands out the numbers from there on.
* Neither the references nor the content of pages are stored. One arbitrary page and one arbitrary byte of it are
  followed instead (`follow0`): what holds for them holds for all.
* Byte streams of the user (`struct iov_iter`) are positions, not contents.
"""

from psockmc.lang import Array, Ptr, Struct, instance, s32, u32, u64

MAX_MSG_FRAGS = 17
NR_MSG_FRAG_IDS = MAX_MSG_FRAGS + 1
SG_SLOTS = MAX_MSG_FRAGS + 2
CHAIN_SLOT = MAX_MSG_FRAGS + 1

PAGE_SIZE = 4096
SKB_FRAG_PAGE_SIZE = 32768
INT_MAX = 2147483647
U32_MAX = 4294967295

EPERM = 1
EIO = 5
EAGAIN = 11
ENOMEM = 12
EACCES = 13
EFAULT = 14
EINVAL = 22
ENOSPC = 28
EPIPE = 32

SK_DROP = 0
SK_PASS = 1
SK_REDIRECT = 2
SK_NONE = 3

CHAIN_NONE = 0
CHAIN_FRONT = 1
CHAIN_TAIL = 2

BPF_F_INGRESS = 1


class scatterlist(Struct):
    """One element. is_last and is_chain: the two low bits of page_link (SG_END, SG_CHAIN).

    chain: where the link leads, while is_chain is set: CHAIN_FRONT is data[0] of the same message, CHAIN_TAIL the
    list of one element that holds a TLS 1.3 content type.
    """

    page: u32
    offset: u32
    length: u32
    is_last: bool
    is_chain: bool
    chain: u32


class sk_msg_sg(Struct):
    """The ring. start, curr, end: slots; copybreak: bytes of slot curr that are filled already; size: bytes in all.

    copy: one bit for each slot, set while a BPF program may not write to the element. The last slot of data is no
    slot of the ring: it is reserved for a link.
    """

    start: u32
    curr: u32
    end: u32
    size: u32
    copybreak: u32
    copy: Array[bool, SG_SLOTS]
    data: Array[scatterlist, SG_SLOTS]


class sk_buff(Struct, name="skb"):
    """A packet, as far as accounting goes. sk: the socket that it is charged to (skb->sk), with its destructor.

    charged: its destructor is sock_rfree(): skb->sk pays for truesize bytes. bpf_ingress, strparser: the flags in the
    low bits of _sk_redir; sk_redir: its pointer. consumed: the last reference is gone; dropped: by a drop. page,
    offset: where its data are, in one piece. next: the packet behind it in a queue.
    """

    len: u32
    truesize: u32
    sk: Ptr[sock]
    sk_redir: Ptr[sock]
    bpf_ingress: bool
    strparser: bool
    charged: bool
    consumed: bool
    dropped: bool
    page: u32
    offset: u32
    next: Ptr[sk_buff]


class sk_msg(Struct, name="msg"):
    """A message. data, data_end: what a program may touch, as (data_page, data .. data_end - 1); data_page 0 is NULL.

    next: the message behind this one in psock->ingress_msg (its list head); freed: kfree() was called.
    """

    sg: sk_msg_sg
    data_page: u32
    data: u32
    data_end: u32
    apply_bytes: u32
    cork_bytes: u32
    flags: u32
    skb: Ptr[sk_buff]
    sk_redir: Ptr[sock]
    sk: Ptr[sock]
    next: Ptr[sk_msg]
    freed: bool


class page_frag(Struct):
    """The page that sk_msg_alloc() cuts pieces from."""

    page: u32
    offset: u32
    size: u32


class sock(Struct, name="sk"):
    """A socket. charged: what sk_mem_charge() took minus what sk_mem_uncharge() gave back.

    wmem_calls, wmem_fail_at, rmem_calls, rmem_fail_at: how often memory was asked for, and which call is refused.
    write_seq: bytes that TCP took. It takes no more than up to position send_short_at when a call gets beyond it, and
    none at position send_fail_at: there it fails with -send_error, or takes nothing (0). copied_seq, rcv_nxt: of
    tcp_sock: what was handed to the user, and what was received. psock: sk_user_data.
    """

    charged: u64
    sk_frag: page_frag
    wmem_calls: u32
    wmem_fail_at: u32
    rmem_calls: u32
    rmem_fail_at: u32
    sk_rmem_alloc: s32
    sk_rcvbuf: s32
    write_seq: u64
    send_short_at: u64
    send_fail_at: u64
    send_error: u32
    copied_seq: u32
    rcv_nxt: u32
    psock: Ptr[sk_psock]


class sk_psock(Struct, name="psock"):
    """The psock, as far as messages go. ingress_msg: the first message of the list; msg_tot_len: bytes in the list.

    ingress_skb: the first packet of the backlog; copied_seq, ingress_bytes: of the stream parser, what it read and how
    much of that went to the queue. tx_enabled: SK_PSOCK_TX_ENABLED. copied_from_self: what __sk_msg_recvmsg() says
    beside its result, how many of the bytes are of the socket's own stream.
    """

    sk: Ptr[sock]
    sk_redir: Ptr[sock]
    apply_bytes: u32
    cork_bytes: u32
    eval: u32
    redir_ingress: bool
    cork: Ptr[sk_msg]
    ingress_msg: Ptr[sk_msg]
    ingress_skb: Ptr[sk_buff]
    copied_seq: u32
    ingress_bytes: u32
    msg_tot_len: u32
    tx_enabled: bool
    copied_from_self: s32


class iov_iter(Struct, name="iter"):
    """The user's side of a copy. done: bytes consumed so far; count: bytes left.

    fault_at: position at which the user's memory cannot be read or written any more. page, offset: for pages that are
    taken as they are, the page of the next byte (the following ones have the following numbers) and its place there.
    chunk: most pages that one call takes, 0 for any number.
    """

    done: u64
    count: u64
    fault_at: u64
    page: u32
    offset: u32
    chunk: u32


class memory(Struct, name="memory"):
    """All pages. next_page: number of the next new page; page_bytes: how many bytes the newest one was asked for.

    allocations: how many were asked for; fail_at: number of the allocation that fails; small_from: from this
    allocation on sk_page_frag_refill() gets single pages. fresh: the message that the next kzalloc() of a message hands
    out, NULL when it fails; the one behind it is for the call after that.
    """

    first_new_page: u32
    next_page: u32
    page_bytes: u32
    allocations: u32
    fail_at: u32
    small_from: u32
    fresh: Ptr[sk_msg]


class followed(Struct, name="follow"):
    """The page and the byte that are followed. refs: references of `page`; byte: offset in it.

    copies: how often the byte was copied; copy_page, copy_offset: where its last copy is; overwritten,
    copy_overwritten: something was written over the byte or over its copy.

    user_byte: position in a stream from the user. user_copies: how often it was placed in a page; user_page,
    user_offset: where. sent_byte: position in a stream to the user or to the next layer; sent: how often it was
    handed over; sent_page, sent_offset: from where.
    """

    page: u32
    byte: u32
    refs: u32
    copies: u32
    copy_page: u32
    copy_offset: u32
    overwritten: bool
    copy_overwritten: bool
    user_byte: u64
    user_copies: u32
    user_page: u32
    user_offset: u32
    sent_byte: u64
    sent: u32
    sent_page: u32
    sent_offset: u32


class wire(Struct, name="wire"):
    """What is handed over, compared with a message as it was before. before: its copy; NULL: nobody looks.

    slot, done: the element of the byte that comes next, and how many of its bytes were handed over. in_order: each
    piece went on where the one before it ended.
    """

    before: Ptr[sk_msg]
    slot: u32
    done: u64
    in_order: bool


memory0 = instance(memory)
wire0 = instance(wire)
follow0 = instance(followed)
