"""bpf_msg_pull_data(): for every message and every pair of numbers."""

from psockmc.lang import Ptr, assume, check, proof, s32, u32, u64

from models.ring.pull import bpf_msg_pull_data
from models.ring.types import EINVAL, ENOMEM, follow0, sk_msg, sock
from spec.ring import references
from spec.ring_helpers import (
    any_flags,
    any_number,
    any_position,
    any_program_message,
    check_byte,
    check_helper,
    check_unchanged,
    is0,
    locate,
)


@proof("bpf_msg_pull_data", split=2)
def pull(sk: Ptr[sock], msg: Ptr[sk_msg], before: Ptr[sk_msg]) -> None:
    """Pulling changes no byte; the range is linear then, private, and what the program sees."""
    any_program_message(sk, msg, before)
    start: u32 = any_number()
    end: u32 = any_number()
    flags: u64 = any_flags()
    charged: u64 = sk.charged
    refs: u32 = follow0.refs
    others: u32 = refs - references(msg)
    result: s32 = bpf_msg_pull_data(msg, start, end, flags)
    inside: bool = flags == 0 and start < end and end <= before.sg.size
    check(result != 0 or inside, "range: a range that is pulled lies in the message")
    check(not inside or result == 0 or result == -ENOMEM, "range: a range in the message is pulled if there is memory")
    check(inside or result == -EINVAL, "range: every other range is refused as invalid")
    if result != 0:
        check_unchanged(sk, msg, charged, before, refs)
        return
    check_helper(sk, msg, charged, before, others)
    check(msg.sg.size == before.sg.size, "size: pulling changes no size")
    k: u32 = any_position()
    check_byte(before, k, msg, k)
    check(k >= before.sg.size or is0.page != 0, "bytes: no byte is lost")
    locate(msg, start, is0)
    check(msg.data_page == is0.page and msg.data == is0.offset, "pointers: the program sees the range from its first byte")
    check(msg.data_end - msg.data == end - start, "pointers: the program sees the whole range, and no more")
    check(end - start <= is0.left and not is0.shared, "pointers: what the program sees is one private piece")
