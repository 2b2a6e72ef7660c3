"""What a message must be: the ring invariants R1 to R8, its bytes, its references, and arbitrary rings to begin with.

Arbitrary rings. A proof's objects begin with arbitrary content; `any_ring` makes of a message any ring that satisfies
the invariants and nothing more: slots outside the message keep whatever they hold.

Bytes. A message stands for a sequence of bytes; byte k lies at a place (page, offset). Contents are not modelled, one
arbitrary byte of one arbitrary page is followed instead (`follow0`). That byte k keeps its content means: if the byte
that is followed was byte k before, then byte k' is afterwards that byte, untouched, or the copy that was noted.

References. `others` are the references of the page that is followed that no element holds; they must not change.
"""

from psockmc.lang import NULL, Ptr, Struct, arbitrary, assume, check, choose, instance, u32, u64, user

from models.ring.sock import sg_clear
from models.ring.types import (
    CHAIN_NONE,
    CHAIN_SLOT,
    INT_MAX,
    MAX_MSG_FRAGS,
    NR_MSG_FRAG_IDS,
    PAGE_SIZE,
    SG_SLOTS,
    SKB_FRAG_PAGE_SIZE,
    U32_MAX,
    follow0,
    iov_iter,
    memory0,
    sk_msg,
    sk_psock,
    sock,
)

MAX_PAGES = 1000000
MAX_REFS = 1000000
MAX_CHARGE = 4294967296


class cut(Struct, name="cut"):
    """A position in a message: in which element, counted from the start, and whether inside or at its beginning."""

    element: u32
    inside: bool
    position: u32


cut0 = instance(cut)

# ---------------------------------------------------------------- indices


@user
def slot(start: u32, n: u32) -> u32:
    """The slot that is `n` slots behind `start`."""
    return start + n if n < NR_MSG_FRAG_IDS - start else n - (NR_MSG_FRAG_IDS - start)


@user
def distance(start: u32, end: u32) -> u32:
    """How many slots from `start` to `end`, going round."""
    return end - start if end >= start else end + (NR_MSG_FRAG_IDS - start)


@user
def used(msg: Ptr[sk_msg]) -> u32:
    """How many elements the message has."""
    return distance(msg.sg.start, msg.sg.end)


# ---------------------------------------------------------------- the invariants


@user
def indices_are_slots(msg: Ptr[sk_msg]) -> bool:
    """R1: start, curr and end are slots of the ring."""
    return msg.sg.start < NR_MSG_FRAG_IDS and msg.sg.curr < NR_MSG_FRAG_IDS and msg.sg.end < NR_MSG_FRAG_IDS


@user
def one_slot_is_free(msg: Ptr[sk_msg]) -> bool:
    """R2: at most all slots but one are used."""
    return used(msg) <= MAX_MSG_FRAGS


@user
def bytes_in(msg: Ptr[sk_msg]) -> u64:
    """The sum of the lengths of all elements in the message."""
    sum: u64 = 0
    for n in range(MAX_MSG_FRAGS):
        if n >= used(msg):
            return sum
        sum += msg.sg.data[slot(msg.sg.start, n)].length
    return sum


@user
def size_is_sum(msg: Ptr[sk_msg]) -> bool:
    """R3: the size is the sum of the lengths."""
    return bytes_in(msg) == msg.sg.size


@user
def elements_have_bytes(msg: Ptr[sk_msg]) -> bool:
    """R4: every element has bytes and a page, and is no link."""
    for n in range(MAX_MSG_FRAGS):
        if n >= used(msg):
            return True
        i: u32 = slot(msg.sg.start, n)
        if msg.sg.data[i].length == 0 or msg.sg.data[i].page == 0 or msg.sg.data[i].is_chain:
            return False
    return True


@user
def curr_is_inside(msg: Ptr[sk_msg]) -> bool:
    """R5: curr is an element of the message or its end."""
    return distance(msg.sg.start, msg.sg.curr) <= used(msg)


@user
def copybreak_is_inside(msg: Ptr[sk_msg]) -> bool:
    """R6: copybreak lies in element curr; it is 0 at the end."""
    if msg.sg.curr == msg.sg.end:
        return msg.sg.copybreak == 0
    return msg.sg.copybreak <= msg.sg.data[msg.sg.curr].length


@user
def free_slots_have_no_copy_bit(msg: Ptr[sk_msg]) -> bool:
    """R7: the copy bit of a slot outside the message is clear."""
    for n in range(NR_MSG_FRAG_IDS):
        if n >= used(msg) and msg.sg.copy[slot(msg.sg.start, n)]:
            return False
    return True


@user
def check_indices(msg: Ptr[sk_msg]) -> None:
    """Checks R1 and R2."""
    slots: bool = indices_are_slots(msg)
    check(slots, "R1: start, curr and end are slots of the ring")
    room: bool = one_slot_is_free(msg)
    check(room, "R2: one slot of the ring stays free")


@user
def check_elements(msg: Ptr[sk_msg]) -> None:
    """Checks R3 and R4."""
    sum: bool = size_is_sum(msg)
    check(sum, "R3: the size is the sum of the lengths of the elements")
    bytes: bool = elements_have_bytes(msg)
    check(bytes, "R4: every element has bytes and a page")


@user
def check_cursor(msg: Ptr[sk_msg]) -> None:
    """Checks R5 and R6."""
    curr: bool = curr_is_inside(msg)
    check(curr, "R5: curr is an element of the message or its end")
    copybreak: bool = copybreak_is_inside(msg)
    check(copybreak, "R6: copybreak lies in the element at curr")


@user
def check_rest_cursor(msg: Ptr[sk_msg]) -> None:
    """Checks R5 and R6 of what is left of a message; nobody looks at the cursor of an empty one."""
    curr: bool = msg.sg.start == msg.sg.end or curr_is_inside(msg)
    check(curr, "R5: curr is an element of the message or its end")
    copybreak: bool = msg.sg.start == msg.sg.end or copybreak_is_inside(msg)
    check(copybreak, "R6: copybreak lies in the element at curr")


@user
def check_copy_bits(msg: Ptr[sk_msg]) -> None:
    """Checks R7."""
    bits: bool = free_slots_have_no_copy_bit(msg)
    check(bits, "R7: the copy bit of a slot outside the message is clear")


@user
def check_ring(msg: Ptr[sk_msg]) -> None:
    """Checks R1 to R7. R8, charges, is about two moments: see `check_charge`."""
    check_indices(msg)
    check_elements(msg)
    check_cursor(msg)
    check_copy_bits(msg)


@user
def is_empty(msg: Ptr[sk_msg]) -> bool:
    """Whether the message is as sk_msg_init() makes it: start, curr, end, copybreak, size, all slots and bits are 0."""
    good: bool = (
        msg.sg.start == 0 and msg.sg.end == 0 and msg.sg.curr == 0 and msg.sg.copybreak == 0 and msg.sg.size == 0
    )
    for i in range(SG_SLOTS):
        if msg.sg.data[i].page != 0 or msg.sg.data[i].length != 0 or msg.sg.data[i].offset != 0 or msg.sg.copy[i]:
            good = False
    return good


# ---------------------------------------------------------------- charges and references


@user
def check_charge(sk: Ptr[sock], charged: u64, before: u64, after: u64) -> None:
    """Checks R8: what is charged changed as much as the bytes that the socket owns, from `before` to `after`."""
    check(sk.charged + before == charged + after, "R8: what is charged changes with the bytes, byte by byte")


@user
def references(msg: Ptr[sk_msg]) -> u32:
    """How many elements refer to the page that is followed."""
    count: u32 = 0
    for n in range(MAX_MSG_FRAGS):
        if n >= used(msg):
            return count
        if msg.sg.data[slot(msg.sg.start, n)].page == follow0.page:
            count += 1
    return count


@user
def frag_references(sk: Ptr[sock]) -> u32:
    """Whether the socket's page fragment holds a reference of the page that is followed."""
    return 1 if sk.sk_frag.page != 0 and sk.sk_frag.page == follow0.page else 0


@user
def check_references(held: u32, others: u32) -> None:
    """Checks that the page has exactly the references that elements hold, and the `others` of before."""
    check(follow0.refs == held + others, "refs: every element holds one reference of its page, nobody else's is lost")


# ---------------------------------------------------------------- bytes


@user
def byte_is(msg: Ptr[sk_msg], k: u32, page: u32, offset: u32) -> bool:
    """Whether byte k of the message is byte `offset` of `page`."""
    before: u64 = 0
    for n in range(MAX_MSG_FRAGS):
        if n >= used(msg):
            return False
        i: u32 = slot(msg.sg.start, n)
        if k < before + msg.sg.data[i].length:
            return msg.sg.data[i].page == page and msg.sg.data[i].offset + (k - before) == offset
        before += msg.sg.data[i].length
    return False


@user
def is_followed(msg: Ptr[sk_msg], k: u32) -> bool:
    """Whether byte k of the message is the byte that is followed."""
    return byte_is(msg, k, follow0.page, follow0.byte)


@user
def byte_kept(msg: Ptr[sk_msg], k: u32) -> bool:
    """Whether byte k of the message has the content that the followed byte had in the beginning."""
    same: bool = byte_is(msg, k, follow0.page, follow0.byte)
    copy: bool = byte_is(msg, k, follow0.copy_page, follow0.copy_offset)
    return (same and not follow0.overwritten) or (follow0.copies != 0 and copy and not follow0.copy_overwritten)


@user
def element_of(msg: Ptr[sk_msg], k: u32) -> u32:
    """The slot of the element with byte k, or the end."""
    before: u64 = 0
    for n in range(MAX_MSG_FRAGS):
        if n >= used(msg):
            return msg.sg.end
        i: u32 = slot(msg.sg.start, n)
        before += msg.sg.data[i].length
        if k < before:
            return i
    return msg.sg.end


@user
def may_write(msg: Ptr[sk_msg], k: u32) -> bool:
    """Whether a program may write to byte k: the copy bit of its element is clear."""
    i: u32 = element_of(msg, k)
    return not msg.sg.copy[i]


@user
def cursor(msg: Ptr[sk_msg]) -> u64:
    """How many bytes lie before (curr, copybreak): the position at which the next copy goes on."""
    sum: u64 = 0
    for n in range(MAX_MSG_FRAGS):
        if n >= used(msg) or slot(msg.sg.start, n) == msg.sg.curr:
            return sum + msg.sg.copybreak
        sum += msg.sg.data[slot(msg.sg.start, n)].length
    return sum + msg.sg.copybreak


# ---------------------------------------------------------------- arbitrary beginnings


@user
def any_memory() -> None:
    """No new page yet; the page and the byte that are followed are any, and nothing has happened to them."""
    memory0.first_new_page = arbitrary(1, MAX_PAGES)
    memory0.next_page = memory0.first_new_page
    memory0.page_bytes = 0
    memory0.allocations = 0
    memory0.fail_at = arbitrary(0, U32_MAX)
    memory0.small_from = arbitrary(0, U32_MAX)
    follow0.page = arbitrary(1, 2 * MAX_PAGES)
    follow0.byte = arbitrary(0, INT_MAX)
    follow0.refs = arbitrary(0, MAX_REFS)
    assume(follow0.page < memory0.first_new_page or follow0.refs == 0)
    follow0.user_byte = arbitrary(0, INT_MAX)
    follow0.sent_byte = arbitrary(0, INT_MAX)


@user
def any_socket(sk: Ptr[sock]) -> None:
    """A socket with any page fragment, the size of a page or of a compound page."""
    assume(sk.charged <= MAX_CHARGE)
    sk.wmem_calls = 0
    sk.rmem_calls = 0
    assume(sk.sk_frag.page < memory0.first_new_page)
    assume(sk.sk_frag.size == PAGE_SIZE or sk.sk_frag.size == SKB_FRAG_PAGE_SIZE)
    assume(sk.sk_frag.offset <= sk.sk_frag.size)
    assume(sk.sk_rmem_alloc >= 0 and sk.sk_rcvbuf >= 0)


@user
def any_iter(iter: Ptr[iov_iter]) -> None:
    """A user's buffer of any length, that faults anywhere or nowhere."""
    iter.done = 0
    assume(iter.count <= INT_MAX)
    assume(iter.fault_at <= INT_MAX)
    assume(iter.offset < PAGE_SIZE)
    assume(iter.page != 0 and iter.page <= MAX_PAGES)
    iter.chunk = 0


@user
def exact_iter(iter: Ptr[iov_iter], len: u32) -> None:
    """A user's buffer of this length, that does not fault."""
    iter.done = 0
    iter.count = len
    iter.fault_at = len
    iter.chunk = 0


@user
def adjoining(msg: Ptr[sk_msg], n: u32) -> bool:
    """Whether element n goes on in the page where the one before it ends."""
    if n == 0 or n >= used(msg):
        return False
    i: u32 = slot(msg.sg.start, n - 1)
    j: u32 = slot(msg.sg.start, n)
    goes_on: bool = msg.sg.data[i].offset + msg.sg.data[i].length == msg.sg.data[j].offset
    return goes_on and msg.sg.data[i].page == msg.sg.data[j].page


@user
def empty_outside(msg: Ptr[sk_msg]) -> None:
    """Slots outside the message hold no bytes."""
    for n in range(NR_MSG_FRAG_IDS):
        if n >= used(msg):
            msg.sg.data[slot(msg.sg.start, n)].length = 0


@user
def any_ring(sk: Ptr[sock], msg: Ptr[sk_msg]) -> None:
    """Any message of the socket that owns its pages: R1 to R8 hold. Its first choose() is start, the second used."""
    begin: u32 = choose(NR_MSG_FRAG_IDS)
    elements: u32 = choose(MAX_MSG_FRAGS + 1)
    cut0.element = elements
    cut0.inside = False
    fill_ring(sk, msg, begin, elements)


@user
def any_message(sk: Ptr[sock], msg: Ptr[sk_msg]) -> None:
    """Any message of the socket that has elements: as any_ring(), never empty."""
    begin: u32 = choose(NR_MSG_FRAG_IDS)
    elements: u32 = choose(MAX_MSG_FRAGS) + 1
    cut0.element = elements
    cut0.inside = False
    fill_ring(sk, msg, begin, elements)


@user
def any_cut_message(sk: Ptr[sock], msg: Ptr[sk_msg]) -> bool:
    """Any message with elements, and any position in it: cut0.position. False for a combination that there is not.

    The choices are start, used, the element that the position is in, and whether it is inside or at its beginning; the
    position behind the last byte is the beginning of the element that would follow.
    """
    begin: u32 = choose(NR_MSG_FRAG_IDS)
    elements: u32 = choose(MAX_MSG_FRAGS) + 1
    cut0.element = choose(MAX_MSG_FRAGS + 1)
    cut0.inside = choose()
    if cut0.element > elements or (cut0.inside and cut0.element == elements):
        return False
    fill_ring(sk, msg, begin, elements)
    return True


@user
def fill_ring(sk: Ptr[sock], msg: Ptr[sk_msg], begin: u32, elements: u32) -> None:
    """Makes of the message any ring with this start and this number of elements, cut where cut0 says."""
    msg.sg.start = begin
    msg.sg.end = slot(begin, elements)
    msg.skb = NULL
    msg.sk = NULL
    msg.sk_redir = NULL
    msg.next = NULL
    msg.freed = False
    any_slots(msg, elements)
    any_cursor(msg, elements)
    # The message's own charge and references, beside those of others.
    sk.charged += msg.sg.size
    follow0.refs += references(msg)


@user
def any_slots(msg: Ptr[sk_msg], elements: u32) -> None:
    """Elements with bytes and a page, at most INT_MAX bytes in all; copy bits only on them; no links anywhere.

    What is arbitrary is where each element ends in the message: the sum of any lengths is then one number, not a sum.
    Slots outside the message hold anything. They are filled in the order of the ring, so that rings which differ in
    their start only are one case for the prover.
    """
    before: u32 = 0
    for n in range(NR_MSG_FRAG_IDS):
        i: u32 = slot(msg.sg.start, n)
        begins: u32 = before
        if n == cut0.element:
            cut0.position = before
            if cut0.inside:
                cut0.position = arbitrary(1, INT_MAX)
                assume(cut0.position > before)
                before = cut0.position
        msg.sg.data[i].is_chain = False
        msg.sg.data[i].chain = CHAIN_NONE
        msg.sg.data[i].offset = arbitrary(0, U32_MAX)
        msg.sg.data[i].page = arbitrary(0, U32_MAX)
        if n < elements:
            behind: u32 = arbitrary(1, INT_MAX)
            assume(behind > before)
            msg.sg.data[i].length = behind - begins
            before = behind
            assume(msg.sg.data[i].offset <= INT_MAX)
            assume(msg.sg.data[i].page > 0 and msg.sg.data[i].page < memory0.first_new_page)
            msg.sg.data[i].is_last = False
            msg.sg.copy[i] = choose()
        else:
            msg.sg.data[i].length = arbitrary(0, U32_MAX)
            msg.sg.data[i].is_last = choose()
            msg.sg.copy[i] = False
    msg.sg.size = before
    msg.sg.data[CHAIN_SLOT].is_chain = False
    msg.sg.data[CHAIN_SLOT].chain = CHAIN_NONE
    msg.sg.copy[CHAIN_SLOT] = False


@user
def any_cursor(msg: Ptr[sk_msg], elements: u32) -> None:
    """curr and copybreak anywhere in the message."""
    steps: u32 = arbitrary(0, MAX_MSG_FRAGS)
    assume(steps <= elements)
    msg.sg.curr = msg.sg.end
    msg.sg.copybreak = 0
    for n in range(MAX_MSG_FRAGS):
        if n < elements and n == steps:
            msg.sg.curr = slot(msg.sg.start, n)
            msg.sg.copybreak = arbitrary(0, INT_MAX)
            assume(msg.sg.copybreak <= msg.sg.data[slot(msg.sg.start, n)].length)


@user
def any_psock(psock: Ptr[sk_psock], sk: Ptr[sock]) -> None:
    """A psock with an empty queue, no cork and no verdict yet."""
    psock.sk = sk
    psock.sk_redir = NULL
    psock.cork = NULL
    psock.ingress_msg = NULL
    psock.msg_tot_len = 0
    psock.copied_from_self = 0


@user
def queue_message(sk: Ptr[sock], psock: Ptr[sk_psock], msg: Ptr[sk_msg]) -> None:
    """Puts a message that owns its pages into the empty queue: its bytes count against the receive buffer."""
    psock.ingress_msg = msg
    psock.msg_tot_len = msg.sg.size
    assume(sk.sk_rmem_alloc >= msg.sg.size)


@user
def one_element(sk: Ptr[sock], msg: Ptr[sk_msg]) -> None:
    """Any message with one element, in any slot, which is the first choose()."""
    begin: u32 = choose(NR_MSG_FRAG_IDS)
    cut0.element = 1
    cut0.inside = False
    fill_ring(sk, msg, begin, 1)


@user
def fresh_message(msg: Ptr[sk_msg], begin: u32) -> None:
    """The next kzalloc() of a message gives this one: it is all zero. begin: any slot, where to begin with it."""
    for n in range(NR_MSG_FRAG_IDS):
        i: u32 = slot(begin, n)
        sg_clear(msg.sg.data[i])
        msg.sg.copy[i] = False
    sg_clear(msg.sg.data[CHAIN_SLOT])
    msg.sg.copy[CHAIN_SLOT] = False
    msg.sg.start = 0
    msg.sg.curr = 0
    msg.sg.end = 0
    msg.sg.size = 0
    msg.sg.copybreak = 0
    msg.apply_bytes = 0
    msg.cork_bytes = 0
    msg.skb = NULL
    msg.sk = NULL
    msg.sk_redir = NULL
    msg.next = NULL
    memory0.fresh = msg


@user
def any_sender(sk: Ptr[sock]) -> None:
    """A socket whose TCP takes everything, or once only a part, or fails once: with an error or by taking nothing."""
    sk.write_seq = 0
    assume(sk.send_error <= 4095)


@user
def empty_slots(msg: Ptr[sk_msg]) -> None:
    """No slot holds anything."""
    msg.skb = NULL
    for i in range(SG_SLOTS):
        sg_clear(msg.sg.data[i])
        msg.sg.copy[i] = False
