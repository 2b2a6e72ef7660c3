"""Memory of sockets, pages and copies: what the operations of a message call.

Sources: include/net/sock.h, net/core/sock.c, include/linux/mm.h, lib/iov_iter.c, include/linux/scatterlist.h of 7.x.

Left out everywhere: how much memory a socket may have (each call that asks for memory may be refused, one of them is),
page contents other than the followed byte, references other than those of the followed page.
"""

from psockmc.lang import NULL, Ptr, check, kernel, omits, s32, u32, u64, user

from models.ring.types import (
    CHAIN_NONE,
    EFAULT,
    INT_MAX,
    NR_MSG_FRAG_IDS,
    PAGE_SIZE,
    SKB_FRAG_PAGE_SIZE,
    U32_MAX,
    follow0,
    iov_iter,
    memory0,
    page_frag,
    scatterlist,
    sock,
    wire0,
)

# ---------------------------------------------------------------- conversions of C


@user
def as_int(value: u32) -> s32:
    """`value` as an int: the numbers beyond INT_MAX become negative."""
    if value > INT_MAX:
        below: s32 = U32_MAX - value
        return -below - 1
    return value


@user
def as_u32(value: s32) -> u32:
    """`value` as an unsigned number: the negative ones become the largest."""
    if value < 0:
        below: u32 = -(value + 1)
        return U32_MAX - below
    return value


# ---------------------------------------------------------------- memory of sockets


@kernel("include/net/sock.h")
def sk_mem_charge(sk: Ptr[sock], size: s32) -> None:
    """The socket pays for `size` bytes."""
    sk.charged += size


@kernel("include/net/sock.h")
def sk_mem_uncharge(sk: Ptr[sock], size: s32) -> None:
    """`size` bytes are given back."""
    check(size <= sk.charged, "charge: no more is given back than was charged")
    sk.charged -= size


@kernel("include/net/sock.h")
def sk_wmem_schedule(sk: Ptr[sock], size: s32) -> bool:
    """Whether the socket may send `size` bytes more: the call with the number wmem_fail_at is refused."""
    omits("limits of send memory: any one call may be refused")
    sk.wmem_calls += 1
    return sk.wmem_calls - 1 != sk.wmem_fail_at


@kernel("include/net/sock.h")
def __sk_rmem_schedule(sk: Ptr[sock], size: s32) -> bool:
    """Whether the socket may hold `size` received bytes more: the call with the number rmem_fail_at is refused."""
    omits("limits of receive memory: any one call may be refused")
    sk.rmem_calls += 1
    return sk.rmem_calls - 1 != sk.rmem_fail_at


@kernel("include/linux/atomic.h")
def rmem_alloc_add(sk: Ptr[sock], size: s32) -> None:
    """atomic_add(size, &sk->sk_rmem_alloc): so many bytes more count against the receive buffer."""
    sk.sk_rmem_alloc += size


@kernel("include/linux/atomic.h")
def rmem_alloc_sub(sk: Ptr[sock], size: s32) -> None:
    """atomic_sub(size, &sk->sk_rmem_alloc): they do not count any more."""
    sk.sk_rmem_alloc -= size


# ---------------------------------------------------------------- pages


@kernel("include/linux/mm.h")
def get_page(page: u32) -> None:
    """One more reference."""
    check(page != 0, "page: a reference is taken on a page")
    if page == follow0.page:
        follow0.refs += 1


@kernel("include/linux/mm.h")
def put_page(page: u32) -> None:
    """One reference less."""
    check(page != 0, "page: a reference is given back on a page")
    if page == follow0.page:
        check(follow0.refs > 0, "page: a reference is given back once")
        follow0.refs -= 1


@kernel("mm/page_alloc.c")
def alloc_pages(bytes: u32) -> u32:
    """A new page, possibly compound, of at least `bytes` bytes with one reference; 0 when there is none."""
    memory0.allocations += 1
    if memory0.allocations - 1 == memory0.fail_at:
        return 0
    page: u32 = memory0.next_page
    memory0.next_page += 1
    memory0.page_bytes = bytes
    if page == follow0.page:
        follow0.refs += 1
    return page


@user
def holds(page: u32, offset: u32, length: u32, place_page: u32, place: u32) -> bool:
    """Whether byte `place` of `place_page` lies in the range."""
    return page == place_page and place >= offset and place - offset < length


@user
def note_write(page: u32, offset: u32, length: u32) -> None:
    """Notes what a write to the range destroys, and that it stays inside a page that was allocated here."""
    if page == memory0.next_page - 1 and page >= memory0.first_new_page:
        end: u64 = offset
        end += length
        check(end <= memory0.page_bytes, "bounds: a write stays inside the page")
    if holds(page, offset, length, follow0.page, follow0.byte):
        follow0.overwritten = True
    if follow0.copies != 0 and holds(page, offset, length, follow0.copy_page, follow0.copy_offset):
        follow0.copy_overwritten = True


@kernel("lib/string.c")
def memcpy(to_page: u32, to: u32, from_page: u32, src: u32, length: u32) -> None:
    """Copies `length` bytes from (from_page, src) to (to_page, to)."""
    note_write(to_page, to, length)
    if holds(from_page, src, length, follow0.page, follow0.byte):
        follow0.copies += 1
        follow0.copy_page = to_page
        follow0.copy_offset = to + (follow0.byte - src)
    elif follow0.copies != 0 and holds(from_page, src, length, follow0.copy_page, follow0.copy_offset):
        follow0.copies += 1
        follow0.copy_offset = to + (follow0.copy_offset - src)
        follow0.copy_page = to_page


@kernel("net/core/sock.c")
def sk_page_frag_refill(sk: Ptr[sock], pfrag: page_frag) -> bool:
    """Makes sure that the fragment has a page with room for 32 bytes or more.

    The fragment owns one reference of its page.
    """
    omits("a page that nobody else refers to is used again from its beginning: it is as good as a new one")
    if pfrag.page != 0:
        if pfrag.offset + 32 <= pfrag.size:
            return True
        put_page(pfrag.page)
    size: u32 = SKB_FRAG_PAGE_SIZE
    if memory0.allocations >= memory0.small_from:
        size = PAGE_SIZE
    pfrag.offset = 0
    pfrag.page = alloc_pages(size)
    pfrag.size = size
    return pfrag.page != 0


# ---------------------------------------------------------------- elements


@kernel("include/linux/scatterlist.h")
def sg_set_page(sg: scatterlist, page: u32, len: u32, offset: u32) -> None:
    """The element refers to `len` bytes of `page` from `offset`; its end mark stays."""
    check(not sg.is_chain, "chain: a link is not overwritten by data")
    sg.page = page
    sg.offset = offset
    sg.length = len


@kernel("include/linux/scatterlist.h")
def sg_unmark_end(sg: scatterlist) -> None:
    """The element is not the last one."""
    sg.is_last = False


@kernel("include/linux/scatterlist.h")
def sg_mark_end(sg: scatterlist) -> None:
    """The element is the last one, and no link."""
    sg.is_last = True
    sg.is_chain = False


@kernel("include/linux/scatterlist.h")
def sg_is_last(sg: scatterlist) -> bool:
    """Whether the element carries the end mark."""
    return sg.is_last


@user
def sg_clear(sg: scatterlist) -> None:
    """memset(sg, 0, sizeof(*sg))."""
    sg.page = 0
    sg.offset = 0
    sg.length = 0
    sg.is_last = False
    sg.is_chain = False
    sg.chain = CHAIN_NONE


@user
def sg_assign(to: scatterlist, sg: scatterlist) -> None:
    """*to = *sg."""
    to.page = sg.page
    to.offset = sg.offset
    to.length = sg.length
    to.is_last = sg.is_last
    to.is_chain = sg.is_chain
    to.chain = sg.chain


@kernel("lib/scatterlist.c")
def sg_init_table(sg: scatterlist) -> None:
    """sg_init_table(sg, 1): an empty element with the end mark."""
    sg_clear(sg)
    sg_mark_end(sg)


# ---------------------------------------------------------------- copies from and to the user


@kernel("lib/iov_iter.c")
def copy_from_iter(page: u32, offset: u32, bytes: u32, iter: Ptr[iov_iter]) -> u32:
    """Copies the user's next bytes to (page, offset); returns how many: fewer when the memory faults or ends."""
    copied: u32 = _reachable(iter, bytes)
    note_write(page, offset, copied)
    if follow0.user_byte >= iter.done and follow0.user_byte - iter.done < copied:
        follow0.user_copies += 1
        follow0.user_page = page
        follow0.user_offset = offset + (follow0.user_byte - iter.done)
    iter.done += copied
    iter.count -= copied
    return copied


@kernel("lib/iov_iter.c")
def copy_page_to_iter(page: u32, offset: u32, bytes: u32, iter: Ptr[iov_iter]) -> u32:
    """Copies from the page to the user; returns how many bytes: fewer when the memory faults or ends."""
    check(page != 0, "page: data are read from a page")
    copied: u32 = _reachable(iter, bytes)
    note_sent(iter.done, page, offset, copied)
    iter.done += copied
    iter.count -= copied
    return copied


@user
def _reachable(iter: Ptr[iov_iter], bytes: u32) -> u32:
    """How many of the next `bytes` bytes of the user's memory there are before its end or a fault."""
    copied: u32 = bytes
    if iter.count < copied:
        copied = iter.count
    if iter.fault_at <= iter.done:
        return 0
    if iter.fault_at - iter.done < copied:
        copied = iter.fault_at - iter.done
    return copied


@user
def note_sent(position: u64, page: u32, offset: u32, bytes: u32) -> None:
    """Bytes position .. position + bytes - 1 of the stream come from (page, offset)."""
    if wire0.before != NULL:
        note_order(page, offset, bytes)
    if follow0.sent_byte >= position and follow0.sent_byte - position < bytes:
        follow0.sent += 1
        follow0.sent_page = page
        follow0.sent_offset = offset + (follow0.sent_byte - position)


@user
def note_order(page: u32, offset: u32, bytes: u32) -> None:
    """The next bytes of the message of before are handed over, if these are the next ones of the element wire0.slot."""
    before = wire0.before
    i: u32 = wire0.slot
    length: u64 = before.sg.data[i].length
    starts: u64 = before.sg.data[i].offset + wire0.done
    goes_on: bool = page == before.sg.data[i].page and offset == starts and wire0.done + bytes <= length
    wire0.in_order = wire0.in_order and goes_on
    wire0.done += bytes
    if wire0.done == length:
        wire0.done = 0
        wire0.slot = 0 if i + 1 == NR_MSG_FRAG_IDS else i + 1


@kernel("lib/iov_iter.c")
def iov_iter_get_pages(iter: Ptr[iov_iter], bytes: u32, maxpages: u32) -> s32:
    """Takes a reference on each of the pages of the user's next bytes, `maxpages` at most, and steps over the bytes.

    Returns how many bytes there are in them, or -EFAULT. The first page and the place in it are iter.page and
    iter.offset before the call.
    """
    copied: u32 = _reachable(iter, bytes)
    if copied == 0:
        return -EFAULT
    pages: u32 = maxpages
    if iter.chunk != 0 and iter.chunk < pages:
        pages = iter.chunk
    room: u32 = pages * PAGE_SIZE - iter.offset
    if room < copied:
        copied = room
    taken: u32 = (iter.offset + copied + (PAGE_SIZE - 1)) // PAGE_SIZE
    if iter.page <= follow0.page and follow0.page < iter.page + taken:
        follow0.refs += 1
    if follow0.user_byte >= iter.done and follow0.user_byte - iter.done < copied:
        follow0.user_copies += 1
        place: u32 = iter.offset + (follow0.user_byte - iter.done)
        follow0.user_page = iter.page + place // PAGE_SIZE
        follow0.user_offset = place % PAGE_SIZE
    behind: u32 = iter.offset + copied
    iter.page += behind // PAGE_SIZE
    iter.offset = behind % PAGE_SIZE
    iter.done += copied
    iter.count -= copied
    return copied


@kernel("lib/iov_iter.c")
def iov_iter_revert(iter: Ptr[iov_iter], bytes: u32) -> None:
    """Steps back by `bytes`."""
    omits("the page that the iterator is at after stepping back: nobody takes pages again")
    iter.done -= bytes
    iter.count += bytes
