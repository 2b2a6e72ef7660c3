"""The models of the BPF helpers on messages that were worked out by hand."""

from __future__ import annotations

from tests.ring.concrete import Ran, World, ring, run

EINVAL, ENOMEM = -22, -12
NEW = 1000
"""The first page that is allocated."""


def call(helper: str, arguments: str, world: World, *, fail_at: int = 99) -> Ran:
    """`helper(msg0, arguments)` on a message of sk0 with its bytes charged."""
    module = next(part for part in ("pull", "push", "pop", "helpers") if part in helper or part == "helpers")
    cells: World = {
        "memory0.first_new_page": NEW,
        "memory0.next_page": NEW,
        "memory0.fail_at": fail_at,
        "msg0.sk": "sk0",
        "sk0.charged": world["msg0.sg.size"],
    }
    imports = f"from models.ring.{module} import {helper}"
    return run(f"result0.value = {helper}(msg0, {arguments})", world | cells, imports=imports)


def pull(start: int, end: int, world: World, **more: int) -> Ran:
    return call("bpf_msg_pull_data", f"{start}, {end}, 0", world, **more)


def push(start: int, length: int, world: World, **more: int) -> Ran:
    return call("bpf_msg_push_data", f"{start}, {length}, 0", world, **more)


def pop(start: int, length: int, world: World, **more: int) -> Ran:
    return call("bpf_msg_pop_data", f"{start}, {length}, 0", world, **more)


def full(first: tuple[int, int, int], *, start: int = 0) -> World:
    """A full ring: the element, and 16 of one byte."""
    return ring([first, *((n, 0, 1) for n in range(2, 18))], start=start)


def shared(*slots: int) -> World:
    """Copy bits that are set."""
    return {f"msg0.sg.copy[{slot}]": "True" for slot in slots}


def seen(ran: Ran) -> tuple[int, int, int]:
    """What the program sees: page, first and one past the last byte."""
    return ran.cells["msg0.data_page"], ran.cells["msg0.data"], ran.cells["msg0.data_end"]


def cursor(ran: Ran) -> tuple[int, int]:
    return ran.cells["msg0.sg.curr"], ran.cells["msg0.sg.copybreak"]


def bits(ran: Ran) -> set[int]:
    """The slots whose copy bit is set."""
    return {slot for slot in range(18) if ran.cells[f"msg0.sg.copy[{slot}]"]}


class TestNumbers:
    """bpf_msg_apply_bytes() and bpf_msg_cork_bytes()."""

    def test_apply_bytes_stores_any_number(self) -> None:
        ran = call("bpf_msg_apply_bytes", "4294967295", ring([(1, 0, 4)]))
        assert (ran.value, ran.cells["msg0.apply_bytes"]) == (0, 4294967295)

    def test_cork_bytes_stores_any_number(self) -> None:
        ran = call("bpf_msg_cork_bytes", "7", ring([(1, 0, 4)]))
        assert (ran.value, ran.cells["msg0.cork_bytes"]) == (0, 7)


class TestPull:
    """bpf_msg_pull_data()."""

    def test_inside_a_private_element_copies_nothing(self) -> None:
        ran = pull(2, 5, ring([(7, 100, 10)]))
        assert (ran.value, ran.failed, ran.ring(), seen(ran)) == (0, [], [(7, 100, 10)], (7, 102, 105))

    def test_copies_a_shared_element_and_clears_its_bit(self) -> None:
        ran = pull(0, 1, ring([(7, 100, 10)]) | shared(0))
        assert (ran.failed, ran.ring(), bits(ran), seen(ran)) == ([], [(NEW, 0, 10)], set(), (NEW, 0, 1))

    def test_merges_elements_around_the_end_of_the_ring(self) -> None:
        ran = pull(2, 10, ring([(1, 0, 4), (2, 0, 4), (3, 0, 4), (4, 8, 5)], start=16) | shared(1))
        assert (ran.failed, ran.ring()) == ([], [(NEW, 0, 12), (4, 8, 5)])
        assert (ran.cells["msg0.sg.end"], cursor(ran), bits(ran), seen(ran)) == (0, (17, 5), {17}, (NEW, 2, 10))

    def test_refuses_a_range_that_ends_behind_the_message(self) -> None:
        ran = pull(2, 9, ring([(1, 0, 4), (2, 0, 4)]))
        assert (ran.value, ran.failed, ran.ring()) == (EINVAL, [], [(1, 0, 4), (2, 0, 4)])

    def test_without_memory_changes_nothing(self) -> None:
        ran = pull(2, 8, ring([(1, 0, 4), (2, 0, 4)]), fail_at=0)
        assert (ran.value, ran.failed, ran.ring()) == (ENOMEM, [], [(1, 0, 4), (2, 0, 4)])


class TestPush:
    """bpf_msg_push_data()."""

    def test_between_two_elements_takes_one_slot(self) -> None:
        ran = push(4, 3, ring([(1, 0, 4), (2, 8, 6)], start=17) | shared(17, 0))
        assert (ran.failed, ran.ring()) == ([], [(1, 0, 4), (NEW, 0, 3), (2, 8, 6)])
        assert (ran.cells["msg0.sg.size"], ran.cells["sk0.charged"], bits(ran), cursor(ran)) == (
            13,
            13,
            {17, 1},
            (1, 6),
        )

    def test_inside_an_element_splits_it(self) -> None:
        ran = push(6, 3, ring([(1, 0, 4), (2, 8, 6), (3, 0, 1)]) | shared(1))
        assert (ran.failed, ran.ring()) == ([], [(1, 0, 4), (2, 8, 2), (NEW, 0, 3), (2, 10, 4), (3, 0, 1)])
        assert bits(ran) == {1, 3}

    def test_inside_an_element_of_a_full_ring_copies_it(self) -> None:
        ran = push(2, 3, full((1, 16, 4)))
        assert (ran.failed, ran.ring()[0], len(ran.ring())) == ([], (NEW, 0, 7), 17)

    def test_behind_the_last_byte_appends(self) -> None:
        ran = push(4, 2, ring([(1, 0, 4)]))
        assert (ran.failed, ran.ring(), cursor(ran)) == ([], [(1, 0, 4), (NEW, 0, 2)], (1, 2))

    def test_behind_the_last_byte_of_a_full_ring_empties_it(self) -> None:
        """The newest code does this: end comes round to start, and the first element's copy bit is lost."""
        ran = push(20, 2, full((1, 0, 4), start=5) | shared(5))
        assert (ran.value, ran.ring(), ran.cells["msg0.sg.size"], bits(ran)) == (0, [], 22, set())
        assert seen(ran) == (1, 0, 4)

    def test_refuses_a_length_that_wraps_around_with_the_copied_bytes(self) -> None:
        ran = push(2, 4294967295, full((1, 0, 4)))
        assert (ran.value, ran.failed) == (EINVAL, [])


class TestPop:
    """bpf_msg_pop_data()."""

    def test_inside_an_element_leaves_two(self) -> None:
        ran = pop(3, 4, ring([(1, 10, 10), (2, 0, 5)], start=17) | shared(17))
        assert (ran.failed, ran.ring()) == ([], [(1, 10, 3), (1, 17, 3), (2, 0, 5)])
        assert (ran.cells["sk0.charged"], bits(ran), cursor(ran)) == (11, {17, 0}, (1, 5))

    def test_inside_an_element_of_a_full_ring_copies_the_rest(self) -> None:
        ran = pop(3, 4, full((1, 10, 10)) | shared(0))
        assert (ran.failed, ran.ring()[0], bits(ran)) == ([], (NEW, 0, 6), set())

    def test_over_three_elements_keeps_both_ends(self) -> None:
        ran = pop(2, 8, ring([(1, 0, 4), (2, 0, 4), (3, 0, 4)], start=16) | shared(0))
        assert (ran.failed, ran.ring(), bits(ran)) == ([], [(1, 0, 2), (3, 2, 2)], {17})

    def test_everything_leaves_an_empty_message(self) -> None:
        ran = pop(0, 8, ring([(1, 0, 4), (2, 0, 4)], start=9))
        assert (ran.failed, ran.ring(), cursor(ran), ran.cells["sk0.charged"]) == ([], [], (9, 0), 0)

    def test_refuses_a_range_whose_end_wraps_around(self) -> None:
        ran = pop(1, 4294967295, ring([(1, 0, 4), (2, 0, 4)]))
        assert (ran.value, ran.failed, ran.ring()) == (EINVAL, [], [(1, 0, 4), (2, 0, 4)])

    def test_no_bytes_are_no_range(self) -> None:
        ran = pop(99, 0, ring([(1, 0, 4)]))
        assert (ran.value, ran.ring()) == (0, [(1, 0, 4)])
