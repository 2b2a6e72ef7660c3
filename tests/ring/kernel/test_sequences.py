"""The plain ring and the real code in lockstep: sequences of operations on one message, as the callers make them."""

from __future__ import annotations

from collections.abc import Collection

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from psockmc.prove.kernel_tree.cases import Case, Message, Observed, build_world, step_on_kernel, step_on_ring
from psockmc.prove.kernel_tree.compare import different
from psockmc.prove.kernel_tree.library import Kernel, Op
from psockmc.prove.plain_ring import Iter

CHECKS = [HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
STEPS = [Op.ALLOC, Op.MEMCOPY, Op.TRIM, Op.FREE_PARTIAL, Op.PULL, Op.PUSH, Op.POP, Op.TCP_PUSH, Op.RETURN]


class Lockstep:
    """A message on both sides. `step` runs an operation on both and fails if they do not do the same."""

    def __init__(self, kernel: Kernel, bugs: Collection[str], case: Case) -> None:
        self.case, self.kernel = case, kernel
        self.world = build_world(case, bugs)
        numbers = list(range(len(self.world.rings)))
        kernel.load(self.world.rings, self.world.memory, self.world.socks, numbers)

    def step(self, op: Op, *args: int, data: bytes = b"", wire: tuple[int, int] = (0, 0)) -> Observed:
        """Run the operation on both sides."""
        case = Case(op, args, self.case.messages, self.case.frags, data=data, wire=wire)
        self.world.source = Iter(data)
        seen = step_on_ring(case, self.world)
        assert different(seen, step_on_kernel(case, self.kernel, Iter(data))) == []
        return seen

    @property
    def size(self) -> int:
        """The message's size."""
        return self.world.rings[0].size


@pytest.mark.parametrize("start", [0, 3, 5])
@settings(max_examples=30, deadline=None, suppress_health_check=CHECKS)
@given(data=st.data())
def test_sequences_do_the_same(kernel, bugs, start, data):
    run = Lockstep(kernel, bugs, Case(Op.TRIM, (), (Message(start, ((1, 0, 5, True),)),), kernel.frags, frag_size=16))
    for _ in range(data.draw(st.integers(1, 8))):
        op = data.draw(st.sampled_from(STEPS))
        if not run.size and op not in (Op.ALLOC, Op.TRIM):
            continue
        at, length = data.draw(st.integers(0, run.size)), data.draw(st.integers(1, 20))
        ring = run.world.rings[0]
        arguments = {
            Op.ALLOC: (run.size + length, ring.end - 1),
            Op.MEMCOPY: (length,),
            Op.PULL: (at, at + length, 0),
            Op.PUSH: (at, length, 0),
            Op.POP: (at, length, 0),
            Op.TCP_PUSH: (at, 1),
        }.get(op, (at,))
        if run.step(op, *arguments, data=bytes(range(length)), wire=(length, 30)).oopsed:
            return


def test_a_partly_sent_element_that_is_corked_loses_bytes_of_the_user(kernel, bugs):
    """As tcp_bpf_sendmsg() does it: send 4 bytes, the verdict is for 2, the rest is corked and 3 more bytes follow."""
    run = Lockstep(kernel, bugs, Case(Op.ALLOC, (), (Message(),), kernel.frags, frag_size=64))
    run.step(Op.ALLOC, 4, -1)
    run.step(Op.MEMCOPY, 4, data=b"abcd")
    run.step(Op.TCP_PUSH, 2, 1, wire=(9, 9))
    run.step(Op.ALLOC, 5, 0)
    run.step(Op.MEMCOPY, 3, data=b"xyz")
    assert bytes(run.world.rings[0]) == b"cd\0\0x"


def test_a_push_at_the_end_of_a_full_ring_makes_it_look_empty(kernel, bugs):
    elements = tuple((page, 0, 2, page == 1) for page in range(1, kernel.frags + 1))
    run = Lockstep(kernel, bugs, Case(Op.PUSH, (), (Message(0, elements),), kernel.frags))
    run.step(Op.PUSH, 2 * kernel.frags, 3, 0)
    assert (run.world.rings[0].used(), run.size) == (0, 2 * kernel.frags + 3)
