"""The models of the ring operations on rings that were worked out by hand."""

from __future__ import annotations

from typing import ClassVar

from tests.ring.concrete import Ran, World, ring, run

SKMSG = "from models.ring.skmsg import {0}"
SKMSG_H = "from models.ring.skmsg_h import {0}"
SOME_MEMORY = {
    "memory0.first_new_page": 1000,
    "memory0.next_page": 1000,
    "memory0.fail_at": 99,
    "memory0.small_from": 99,
}


def on_message(name: str, arguments: str, world: World, charged: int) -> Ran:
    """`name(sk0, msg0, arguments)` with so much charged."""
    return run(
        f"result0.value = {name}(sk0, msg0, {arguments})" if name in RESULTS else f"{name}(sk0, msg0{arguments})",
        world | SOME_MEMORY | {"sk0.charged": charged, "sk0.wmem_fail_at": 99, "sk0.rmem_fail_at": 99},
        imports=SKMSG.format(name),
    )


RESULTS = {"sk_msg_alloc"}


class TestIndices:
    """The index macros."""

    def test_the_slot_behind_the_last_is_the_first(self) -> None:
        ran = run("result0.value = sk_msg_iter_var_next(17)", {}, imports=SKMSG_H.format("sk_msg_iter_var_next"))
        assert ran.value == 0

    def test_the_slot_before_the_first_is_the_last(self) -> None:
        ran = run("result0.value = sk_msg_iter_var_prev(0)", {}, imports=SKMSG_H.format("sk_msg_iter_var_prev"))
        assert ran.value == 17

    def test_a_message_round_the_end_has_the_slots_of_both_sides(self) -> None:
        world = ring([(1, 0, 1), (2, 0, 1), (3, 0, 1)], start=16)
        ran = run("result0.value = sk_msg_elem_used(msg0)", world, imports=SKMSG_H.format("sk_msg_elem_used"))
        assert ran.value == 3

    def test_seventeen_elements_are_full(self) -> None:
        world = ring([(n + 1, 0, 1) for n in range(17)], start=5)
        ran = run("if sk_msg_full(msg0): result0.value = 1", world, imports=SKMSG_H.format("sk_msg_full"))
        assert ran.value == 1


class TestTrim:
    """sk_msg_trim()."""

    def test_cuts_inside_the_last_element(self) -> None:
        ran = on_message("sk_msg_trim", ", 5", ring([(7, 100, 4), (8, 0, 6)], start=17), 10)
        assert ran.ring() == [(7, 100, 4), (8, 0, 1)]
        assert ran.cells["sk0.charged"] == 5

    def test_frees_elements_behind_the_cut(self) -> None:
        world = ring([(7, 0, 4), (8, 0, 6)], start=17) | {"follow0.page": 8, "follow0.refs": 1}
        ran = on_message("sk_msg_trim", ", 4", world, 10)
        assert ran.ring() == [(7, 0, 4)]
        assert ran.cells["follow0.refs"] == 0

    def test_puts_the_cursor_behind_what_is_left(self) -> None:
        ran = on_message("sk_msg_trim", ", 3", ring([(7, 0, 4), (8, 0, 6)], curr=1, copybreak=6), 10)
        assert (ran.cells["msg0.sg.curr"], ran.cells["msg0.sg.copybreak"]) == (0, 3)

    def test_warns_about_a_target_beyond_the_size(self) -> None:
        ran = on_message("sk_msg_trim", ", 11", ring([(7, 0, 4), (8, 0, 6)]), 10)
        assert ran.failed == ["warn: a message is not trimmed to more than it has"]
        assert ran.ring() == [(7, 0, 4), (8, 0, 6)]


class TestFree:
    """sk_msg_free(), sk_msg_free_partial() and sk_msg_return_zero()."""

    def test_frees_all_elements_of_a_ring_round_the_end(self) -> None:
        world = ring([(7, 0, 4), (8, 0, 6)], start=17) | {"follow0.page": 7, "follow0.refs": 1}
        ran = on_message("sk_msg_free", "", world, 10)
        assert (ran.cells["msg0.sg.size"], ran.cells["sk0.charged"], ran.cells["follow0.refs"]) == (0, 0, 0)
        assert ran.failed == []

    def test_partial_shortens_the_element_that_it_ends_in(self) -> None:
        ran = on_message("sk_msg_free_partial", ", 7", ring([(7, 0, 4), (8, 10, 6)], start=17), 10)
        assert ran.ring() == [(8, 13, 3)]
        assert ran.cells["sk0.charged"] == 3

    def test_return_zero_leaves_the_size_to_the_caller(self) -> None:
        ran = on_message("sk_msg_return_zero", ", 7", ring([(7, 0, 4), (8, 10, 6)]), 10)
        assert ran.ring() == [(8, 13, 3)]
        assert (ran.cells["msg0.sg.size"], ran.cells["sk0.charged"]) == (10, 3)


class TestAlloc:
    """sk_msg_alloc()."""

    def test_takes_pieces_of_the_page_fragment(self) -> None:
        frag = {"sk0.sk_frag.page": 50, "sk0.sk_frag.offset": 4000, "sk0.sk_frag.size": 4096}
        ran = on_message("sk_msg_alloc", "100, -1", frag, 0)
        assert ran.value == 0
        assert ran.ring() == [(50, 4000, 96), (1000, 0, 4)]
        assert (ran.cells["sk0.charged"], ran.cells["msg0.sg.size"]) == (100, 100)

    def test_lengthens_the_last_element_when_it_goes_on(self) -> None:
        frag = {"sk0.sk_frag.page": 50, "sk0.sk_frag.offset": 300, "sk0.sk_frag.size": 4096}
        ran = on_message("sk_msg_alloc", "20, -1", ring([(50, 290, 10)], start=17) | frag, 10)
        assert ran.ring() == [(50, 290, 20)]

    def test_keeps_what_fits_when_the_ring_is_full(self) -> None:
        frag = {"sk0.sk_frag.page": 50, "sk0.sk_frag.offset": 0, "sk0.sk_frag.size": 4096}
        ran = on_message("sk_msg_alloc", "40000, 15", ring([(n + 1, 0, 1) for n in range(16)]) | frag, 16)
        assert ran.value == -28
        assert ran.cells["msg0.sg.size"] == 16 + 4096

    def test_undoes_everything_without_memory(self) -> None:
        frag = {"sk0.sk_frag.page": 50, "sk0.sk_frag.offset": 4000, "sk0.sk_frag.size": 4096}
        world = ring([(1, 0, 5)]) | frag | {"memory0.fail_at": 0}
        ran = run(
            "result0.value = sk_msg_alloc(sk0, msg0, 200, 0)",
            SOME_MEMORY | world | {"sk0.charged": 5, "sk0.wmem_fail_at": 99},
            imports=SKMSG.format("sk_msg_alloc"),
        )
        assert ran.value == -12
        assert (ran.ring(), ran.cells["sk0.charged"]) == ([(1, 0, 5)], 5)


def test_clone_refers_to_the_bytes_behind_the_offset() -> None:
    world = ring([(7, 0, 4), (8, 10, 6)], start=17, name="msg1") | {"follow0.page": 8, "follow0.refs": 1}
    ran = run("result0.value = sk_msg_clone(sk0, msg0, msg1, 3, 4)", world, imports=SKMSG.format("sk_msg_clone"))
    assert ran.value == 0
    assert ran.ring() == [(7, 3, 1), (8, 10, 3)]
    assert (ran.cells["follow0.refs"], ran.cells["sk0.charged"]) == (2, 4)
    assert ran.cells["msg0.sg.copy[0]"] == ran.cells["msg0.sg.copy[1]"] == 1


class TestFromUser:
    """sk_msg_memcopy_from_iter() and sk_msg_zerocopy_from_iter()."""

    def test_memcopy_goes_on_at_the_cursor(self) -> None:
        world = ring([(7, 0, 4), (8, 100, 6)], curr=0, copybreak=3)
        world |= {"iter0.count": 9, "iter0.fault_at": 99, "follow0.user_byte": 2}
        ran = run(
            "result0.value = sk_msg_memcopy_from_iter(sk0, iter0, msg0, 5)",
            world,
            imports=SKMSG.format("sk_msg_memcopy_from_iter"),
        )
        assert ran.value == 5
        assert (ran.cells["msg0.sg.curr"], ran.cells["msg0.sg.copybreak"]) == (1, 4)
        assert (ran.cells["follow0.user_page"], ran.cells["follow0.user_offset"]) == (8, 101)

    def test_memcopy_says_that_there_is_no_space(self) -> None:
        world = ring([(7, 0, 4)], curr=0, copybreak=4) | {"iter0.count": 9, "iter0.fault_at": 99}
        ran = run(
            "result0.value = sk_msg_memcopy_from_iter(sk0, iter0, msg0, 5)",
            world,
            imports=SKMSG.format("sk_msg_memcopy_from_iter"),
        )
        assert ran.value == -28

    def test_zerocopy_takes_the_users_pages(self) -> None:
        world = ring([(7, 0, 4)], start=16) | {
            "iter0.count": 5000, "iter0.fault_at": 9999, "iter0.page": 60, "iter0.offset": 4000,
        }  # fmt: skip
        ran = run(
            "result0.value = sk_msg_zerocopy_from_iter(sk0, iter0, msg0, 5000)",
            world,
            imports=SKMSG.format("sk_msg_zerocopy_from_iter"),
        )
        assert ran.value == 0
        assert ran.ring() == [(7, 0, 4), (60, 4000, 96), (61, 0, 4096), (62, 0, 808)]
        assert ran.cells["msg0.sg.size"] == 5004


class TestReceive:
    """__sk_msg_recvmsg()."""

    RECVMSG = "result0.value = __sk_msg_recvmsg(sk0, psock0, iter0, {0}, {1})"
    QUEUE: ClassVar[dict[str, int | str]] = {
        "psock0.ingress_msg": "msg0", "psock0.msg_tot_len": 10, "sk0.charged": 10, "sk0.sk_rmem_alloc": 10,
        "iter0.count": 99, "iter0.fault_at": 99,
    }  # fmt: skip

    def received(self, len: int, peek: bool, **more: int) -> Ran:
        """Reads from a queue with one message of 4 and 6 bytes."""
        world = ring([(7, 0, 4), (8, 100, 6)], start=17) | self.QUEUE | more
        return run(self.RECVMSG.format(len, peek), world, imports=SKMSG.format("__sk_msg_recvmsg"))

    def test_takes_what_was_asked_for(self) -> None:
        ran = self.received(7, False)
        assert ran.value == 7
        assert ran.ring() == [(8, 103, 3)]
        assert ran.cells["psock0.msg_tot_len"] == ran.cells["sk0.sk_rmem_alloc"] == ran.cells["sk0.charged"] == 3

    def test_frees_a_message_that_is_read_to_its_end(self) -> None:
        ran = self.received(50, False)
        assert ran.value == 10
        assert ran.cells["msg0.freed"] == 1
        assert ran.cells["psock0.ingress_msg"] == 0

    def test_a_peek_changes_nothing(self) -> None:
        ran = self.received(50, True)
        assert ran.value == 10
        assert ran.ring() == [(7, 0, 4), (8, 100, 6)]
        assert ran.cells["psock0.msg_tot_len"] == 10

    def test_stops_at_the_end_mark_of_a_packet(self) -> None:
        world = {f"msg0.sg.data[{n}].{part}": value for n in range(18) for part, value in (("page", 5), ("length", 1))}
        world |= {"msg0.sg.end": 18, "msg0.sg.size": 18, "msg0.sg.data[17].is_last": True, "msg0.skb": "skb0"}
        world |= {"psock0.ingress_msg": "msg0", "psock0.msg_tot_len": 18, "iter0.count": 99, "iter0.fault_at": 99}
        ran = run(self.RECVMSG.format(50, False), world, imports=SKMSG.format("__sk_msg_recvmsg"))
        assert ran.value == 18
        assert ran.cells["skb0.consumed"] == 1
        assert ran.failed == []
