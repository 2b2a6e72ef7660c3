"""bpf_msg_pull_data(): for every message and every range."""

from psockmc.lang import Ptr, arbitrary, check, choose, proof, s32, u32

from models.ring.pull import pull_found
from models.ring.types import EINVAL, ENOMEM, MAX_MSG_FRAGS, NR_MSG_FRAG_IDS, sk_msg, sock
from spec.ring_around import (
    any_end,
    any_message_around,
    any_positions,
    any_start,
    around0,
    check_content,
    check_rest_around,
    check_ring_around,
    check_unchanged_around,
    locate_around,
)
from spec.ring_helpers import is0


@proof("bpf_msg_pull_data", split=4)
def pull(sk: Ptr[sock], msg: Ptr[sk_msg], before: Ptr[sk_msg]) -> None:
    """Pulling changes no byte; the range is linear then, private, and what the program sees."""
    around0.anchor = choose(NR_MSG_FRAG_IDS)
    around0.elements_from = choose(MAX_MSG_FRAGS) + 1
    last: u32 = choose(NR_MSG_FRAG_IDS)
    if last > around0.elements_from:
        return  # a range behind the message is one case
    inside: bool = last < around0.elements_from
    around0.elements_before = arbitrary(0, MAX_MSG_FRAGS - 1)
    around0.allocates = True
    any_positions(False, NR_MSG_FRAG_IDS)
    any_start()
    any_end(last)
    any_message_around(sk, msg, before)
    result: s32 = pull_found(msg, around0.start, around0.until - around0.start)
    check(result != 0 or inside, "range: a range that is pulled lies in the message")
    check(not inside or result == 0 or result == -ENOMEM, "range: a range in the message is pulled if there is memory")
    check(inside or result == -EINVAL, "range: every other range is refused as invalid")
    if result != 0:
        check_unchanged_around(sk, msg, before)
        return
    copied: bool = before.sg.copy[around0.anchor] or last > 0
    elements: u32 = around0.elements_from - (last if copied else 0)
    check_ring_around(msg, before, elements)
    check_rest_around(sk, msg, before, elements)
    check(msg.sg.size == before.sg.size, "size: pulling changes no size")
    check_content(before, msg, elements, 0, 0)
    locate_around(msg, elements, around0.start, is0)
    at: bool = msg.data_page == is0.page and msg.data == is0.offset
    check(at, "pointers: the program sees the range from its first byte on")
    seen: u32 = msg.data_end - msg.data
    check(seen == around0.until - around0.start, "pointers: the program sees the whole range, and no more")
    check(seen <= is0.left and not is0.shared, "pointers: what the program sees is one private piece")
