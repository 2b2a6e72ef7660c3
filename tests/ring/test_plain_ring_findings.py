"""What the newest code does against its own invariants.

Each test shows a claim that does not hold, on a small ring; the plain ring does here what the real functions do
(tests/ring/kernel compares them).
"""

from __future__ import annotations

import pytest

from psockmc.prove.plain_ring import Broken, Iter, Memory, Ring, Sock, Wire, sk_msg_recvmsg


def test_push_at_the_end_of_a_full_ring_makes_the_message_look_empty():
    """bpf_msg_push_data() takes the length of slot `end` for "must copy": it is 0, so the last free slot is used."""
    ring = Ring(frags=4, elements=[(page, 0, 2, False) for page in (1, 2, 3, 4)])
    assert ring.bpf_msg_push_data(8, 3) == 0
    assert ring.start == ring.end
    assert ring.used() == 0
    with pytest.raises(Broken, match="R3: size is 11"):
        ring.check()


def test_push_at_the_end_of_a_full_ring_lets_the_program_write_to_a_shared_page():
    """The copy bit of slot `end` is cleared, which is that of the first element when the ring seems empty."""
    ring = Ring(frags=4, elements=[(1, 0, 2, True), (2, 0, 2, False), (3, 0, 2, False), (4, 0, 2, False)])
    assert ring.bpf_msg_push_data(8, 3) == 0
    assert ring.exposed == (1, 0, 2)


def test_clone_into_a_wrapping_ring_appends_to_an_element_that_is_not_the_last():
    """sk_msg_clone() keeps comparing with the element before the last one once `end` has wrapped to 0."""
    memory = Memory()
    ring = Ring(frags=4, start=2, elements=[(9, 0, 1, False)], memory=memory)
    source = Ring(frags=4, elements=[(1, 0, 4, False), (2, 0, 4, False), (1, 4, 4, False)], memory=memory, sk=ring.sk)
    wanted = bytes(ring) + bytes(source)
    assert ring.sk_msg_clone(source, 0, 12) == 0
    assert len(bytes(ring)) == len(wanted)
    assert bytes(ring) != wanted


def test_push_into_the_last_slot_leaves_an_end_mark_at_which_the_receiver_drops_the_rest():
    """The mark of sk_msg_init() at the last ring slot stays when bpf_msg_push_data() puts its page there."""
    memory, target = Memory(), Sock()
    ring = Ring(frags=4, start=2, elements=[(1, 0, 2, False), (2, 0, 4, False)], memory=memory)
    assert ring.bpf_msg_push_data(4, 3) == 0
    ring.check()
    result, moved = ring.bpf_tcp_ingress(target, 0)
    assert result == 0
    assert moved is not None
    queue = [moved]
    assert sk_msg_recvmsg(target, queue, 100)[0] == 7
    assert queue == []
    assert target.charged == 2
    assert memory.pages[2].refs == 1


def test_a_partly_sent_element_keeps_its_copybreak_so_that_corked_bytes_are_lost():
    """tcp_bpf_push() shortens the element under the copy cursor from the front and leaves copybreak as it is."""
    ring = Ring(frags=4, memory=Memory(frag_size=32))
    assert ring.sk_msg_alloc(4, -1) == 0
    assert ring.sk_msg_memcopy_from_iter(Iter(b"abcd"), 4) == 4
    assert ring.tcp_bpf_push(Wire(chunk=9, left=9), 2) == 0
    with pytest.raises(Broken, match="R6: copybreak is 4, slot 0 has 2 bytes"):
        ring.check()
    assert ring.sk_msg_alloc(5, ring.end - 1) == 0
    ring.sk_msg_memcopy_from_iter(Iter(b"xyz"), 3)
    assert bytes(ring) == b"cd\0\0x"


def test_a_sent_slot_keeps_its_copy_bit():
    """tcp_bpf_push() empties the slot, but not its bit in the bitmap; only code that reuses the slot clears it."""
    ring = Ring(frags=4, elements=[(1, 0, 2, True), (2, 0, 2, False)])
    assert ring.tcp_bpf_push(Wire(chunk=9, left=9), 2) == 0
    with pytest.raises(Broken, match="R7: the copy bit of slot 0"):
        ring.check()
