"""Arbitrary beginnings of the receive side: sockets in a map, packets, and the sequence numbers of a stream."""

from psockmc.lang import NULL, Ptr, arbitrary, assume, choose, u32, user, wrapping

from models.ring.types import INT_MAX, MAX_MSG_FRAGS, NR_MSG_FRAG_IDS, follow0, sk_buff, sk_msg, sk_psock, sock
from spec.ring import any_psock, any_socket, slot
from spec.ring_part import any_block, any_element, any_owner, any_page, further, part0, touched

MAX_PACKET = 65536
MAX_TRUESIZE = 1048576


@user
def any_receiver(sk: Ptr[sock], psock: Ptr[sk_psock]) -> None:
    """A socket in a map, whose queues are empty."""
    any_socket(sk)
    any_psock(psock, sk)
    sk.psock = psock
    psock.tx_enabled = True
    psock.ingress_skb = NULL
    psock.ingress_bytes = 0
    assume(sk.sk_rmem_alloc <= INT_MAX - 4 * MAX_TRUESIZE)


@user
def any_packet(sk: Ptr[sock], skb: Ptr[sk_buff]) -> None:
    """A packet with bytes on the receive queue of the socket, which pays for it."""
    assume(skb.len >= 1 and skb.len <= MAX_PACKET)
    assume(skb.truesize >= skb.len and skb.truesize <= MAX_TRUESIZE)
    assume(skb.page >= 1 and skb.offset <= MAX_PACKET)
    skb.sk = sk
    skb.charged = True
    skb.strparser = False
    skb.consumed = False
    skb.dropped = False
    skb.next = NULL
    assume(sk.sk_rmem_alloc >= skb.truesize and sk.charged >= skb.truesize)


@user
def any_sequence(sk: Ptr[sock], skb: Ptr[sk_buff]) -> None:
    """The packet is all that was received and does not count as copied; sequence numbers go round."""
    sk.rcv_nxt = wrapping(sk.copied_seq + skb.len)


@user
def any_packet_message(sk: Ptr[sock], msg: Ptr[sk_msg], before: Ptr[sk_msg], skb: Ptr[sk_buff]) -> bool:
    """Any message that skb_to_sgvec() made of a packet, and any position in it; what is behind it is the block.

    It starts in slot 0 and ends with a mark; its end may be NR_MSG_FRAG_IDS, which is no slot. The packet owns the
    pages and the charge. The first choose() is the size of the block. False for a combination that there is not.
    """
    part0.beginning = True
    part0.anchor = 0
    part0.others = choose(NR_MSG_FRAG_IDS + 1)
    part0.elements = choose(NR_MSG_FRAG_IDS + 1)
    part0.inside = choose()
    part0.beyond = choose()
    if touched() == 0 or touched() > NR_MSG_FRAG_IDS or (part0.beyond and part0.inside):
        return False
    assume(part0.others + touched() <= NR_MSG_FRAG_IDS)
    if part0.beyond:
        assume(part0.others == 0)
    msg.sg.start = 0
    msg.sg.end = touched() + part0.others
    begins: u32 = 0
    for n in range(NR_MSG_FRAG_IDS):
        if n < part0.elements:
            begins = any_element(msg, n, begins, begins)
    part0.position = begins
    if part0.inside:
        part0.position = further(begins)
        begins = any_element(msg, part0.elements, begins, part0.position)
    part0.ends = begins
    extra: u32 = any_block()
    assume(extra <= INT_MAX - begins)
    msg.sg.size = begins + extra
    any_owner(sk, msg, before)
    msg.sg.data[touched() - 1].is_last = part0.others == 0
    msg.skb = skb
    skb.consumed = False
    return True


# ---------------------------------------------------------------- two messages


@user
def any_two_messages(sk: Ptr[sock], msg: Ptr[sk_msg], behind: Ptr[sk_msg]) -> u32:
    """Two messages with one element each, in any slots, and a number of bytes to read of them.

    The first choose() are the two slots; the second is where the read ends: in the first message, at its end, in the
    second, at its end, or beyond.
    """
    pair: u32 = choose(NR_MSG_FRAG_IDS * NR_MSG_FRAG_IDS)
    read: u32 = choose(5)
    inside: u32 = further(0) if read == 0 else 0
    first: u32 = further(inside)
    len: u32 = inside if read == 0 else first
    if read == 2:
        len = further(first)
    both: u32 = further(len if read == 2 else first)
    if read == 3:
        len = both
    elif read == 4:
        len = further(both)
    one_element_of(sk, msg, pair // NR_MSG_FRAG_IDS, first)
    one_element_of(sk, behind, pair % NR_MSG_FRAG_IDS, both - first)
    msg.next = behind
    return len


@user
def refers(msg: Ptr[sk_msg]) -> u32:
    """Whether the only element of the message, which is the one before its end, is in the page that is followed."""
    i: u32 = slot(msg.sg.end, NR_MSG_FRAG_IDS - 1)
    return 1 if msg.sg.data[i].page == follow0.page else 0


@user
def one_element_of(sk: Ptr[sock], msg: Ptr[sk_msg], i: u32, length: u32) -> None:
    """A message with one element, in slot i; curr is anywhere."""
    msg.sg.start = i
    msg.sg.end = slot(i, 1)
    msg.sg.size = length
    msg.sg.curr = arbitrary(0, MAX_MSG_FRAGS)
    msg.skb = NULL
    msg.sk = NULL
    msg.next = NULL
    msg.freed = False
    msg.sg.data[i].length = length
    msg.sg.data[i].is_last = False
    msg.sg.data[i].is_chain = False
    any_page(msg, i)
    sk.charged += length
    if msg.sg.data[i].page == follow0.page:
        follow0.refs += 1
