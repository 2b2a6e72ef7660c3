"""The models against the plain ring: two writings of the same kernel functions, which agree on random rings.

The newest code, and each historic bug that both have. What is compared: the result, the indices, every slot with its
copy bit, the charge, the references of a page, where a byte that is followed went, and what the program sees.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from psockmc.prove.kernel_tree.cases import Case, World, build_world
from psockmc.prove.kernel_tree.library import Op
from psockmc.prove.plain_ring import PAGE_SIZE, Broken, Ring
from tests.ring.kernel.strategies import cases, with_args
from tests.ring.model_runs import FRAGS, Model, compiled

FIRST_NEW_PAGE = 1000
NEVER = 2**32 - 1
SKMSG, FILTER = "from models.ring.skmsg import ", "from models.ring."

CALLS: dict[Op, tuple[str, str]] = {
    Op.TRIM: ("sk_msg_trim(sk0, msg0, args0.a)", SKMSG + "sk_msg_trim"),
    Op.ALLOC: ("args0.result = sk_msg_alloc(sk0, msg0, args0.a, args0.b)", SKMSG + "sk_msg_alloc"),
    Op.CLONE: ("args0.result = sk_msg_clone(sk0, msg0, msg1, args0.a, args0.b)", SKMSG + "sk_msg_clone"),
    Op.RETURN: ("sk_msg_return(sk0, msg0, args0.a)", SKMSG + "sk_msg_return"),
    Op.RETURN_ZERO: ("sk_msg_return_zero(sk0, msg0, args0.a)", SKMSG + "sk_msg_return_zero"),
    Op.FREE: ("args0.result = sk_msg_free(sk0, msg0)", SKMSG + "sk_msg_free"),
    Op.FREE_NOCHARGE: ("args0.result = sk_msg_free_nocharge(sk0, msg0)", SKMSG + "sk_msg_free_nocharge"),
    Op.FREE_PARTIAL: ("sk_msg_free_partial(sk0, msg0, args0.a)", SKMSG + "sk_msg_free_partial"),
    Op.XFER: ("sk_msg_xfer(msg0, msg1, args0.a, args0.b)", "from models.ring.skmsg_h import sk_msg_xfer"),
    Op.PULL: (
        "args0.result = bpf_msg_pull_data(msg0, args0.a, args0.b, args0.c)",
        FILTER + "pull import bpf_msg_pull_data",
    ),
    Op.PUSH: (
        "args0.result = bpf_msg_push_data(msg0, args0.a, args0.b, args0.c)",
        FILTER + "push import bpf_msg_push_data",
    ),
    Op.POP: (
        "args0.result = bpf_msg_pop_data(msg0, args0.a, args0.b, args0.c)",
        FILTER + "pop import bpf_msg_pop_data",
    ),
    Op.INGRESS: (
        "args0.result = bpf_tcp_ingress(sk1, psock1, msg0, args0.a)",
        FILTER + "tcp_bpf import bpf_tcp_ingress",
    ),
}

BUGS = [
    ("helpers-overestimate-bounds", Op.PULL),
    ("helpers-overestimate-bounds", Op.PUSH),
    ("pop-data-bounds-u32-wrap", Op.POP),
    ("pop-data-several", Op.POP),
    ("pull-data-offset-tests", Op.PULL),
    ("pull-data-shift-start", Op.PULL),
    ("pull-data-shift-wrap", Op.PULL),
    ("push-data-copy-len-wrap", Op.PUSH),
    ("push-data-tail-offset", Op.PUSH),
    ("reset-curr-loses-copybreak", Op.PULL),
    ("shift-does-not-update-curr", Op.POP),
    ("copy-bitmap-out-of-sync", Op.POP),
    ("copy-bitmap-out-of-sync", Op.PULL),
    ("ingress-redirect-skips-partial-sge", Op.INGRESS),
    ("ingress-rmem-unlimited", Op.INGRESS),
]


@dataclass(frozen=True)
class Seen:
    """What both sides have after an operation."""

    result: int
    messages: tuple[dict[str, Any], ...]
    charged: tuple[int, ...]
    refs: int


def cells_of(world: World, case: Case, followed: tuple[int, int], fails: int) -> dict[str, int]:
    """The world as the model's cells. `fails`: which allocation of pages fails, 0: none."""
    page, offset = followed
    cells = {
        "memory0.first_new_page": FIRST_NEW_PAGE,
        "memory0.next_page": FIRST_NEW_PAGE,
        "memory0.fail_at": fails - 1 if fails else NEVER,
        "memory0.small_from": NEVER,
        "sk0.charged": world.socks[0].charged,
        "sk0.wmem_fail_at": NEVER,
        "sk1.rmem_fail_at": NEVER,
        "sk0.sk_frag.page": world.memory.frag_page,
        "sk0.sk_frag.offset": world.memory.frag_offset,
        "sk0.sk_frag.size": world.memory.frag_size,
        "follow0.page": page,
        "follow0.byte": offset,
        "follow0.refs": world.memory.pages[page].refs if page in world.memory.pages else 0,
    }
    for name, value in zip("abc", case.args, strict=False):
        cells[f"args0.{name}"] = value & 0xFFFFFFFF
    for number, ring in enumerate(world.rings):
        cells |= _cells_of_ring(f"msg{number}", ring)
    return cells


def _cells_of_ring(name: str, ring: Ring) -> dict[str, int]:
    cells = {f"{name}.sg.{part}": getattr(ring, part) for part in ("start", "curr", "end", "size", "copybreak")}
    for i, slot in enumerate(ring.data):
        cells[f"{name}.sg.copy[{i}]"] = int(ring.copy[i])
        for part, value in (("page", slot.page), ("offset", slot.offset), ("length", slot.length)):
            cells[f"{name}.sg.data[{i}].{part}"] = value
        cells[f"{name}.sg.data[{i}].is_last"] = int(slot.last)
    return cells


def on_model(model: Model, cells: dict[str, int], rings: int) -> tuple[Seen, dict[str, int], list[str]]:
    """Run the model."""
    after, failed = model.run(cells)
    after = {**cells, **after}
    messages = tuple(_message(after, f"msg{number}") for number in range(rings))
    charged = (after["sk0.charged"], after.get("sk1.charged", 0), after.get("sk1.sk_rmem_alloc", 0))
    return Seen(after.get("args0.result", 0), messages, charged, after["follow0.refs"]), after, failed


def _message(after: dict[str, int], name: str) -> dict[str, Any]:
    fields: dict[str, Any] = {part: after.get(f"{name}.sg.{part}", 0) for part in ("start", "curr", "end")}
    fields |= {part: after.get(f"{name}.sg.{part}", 0) for part in ("size", "copybreak")}
    fields["slots"] = [
        (*(after.get(f"{name}.sg.data[{i}].{part}", 0) for part in ("page", "offset", "length")),
         bool(after.get(f"{name}.sg.copy[{i}]", 0)))
        for i in range(FRAGS + 2)
    ]  # fmt: skip
    return fields


def on_plain_ring(world: World, case: Case, followed: int) -> tuple[Seen, list[int]]:
    """Run the plain ring; new pages get the model's numbers. Result: also the new pages. Raises Broken."""
    old = set(world.memory.pages)
    ring, result, rings = world.rings[0], 0, list(world.rings)
    args = (world.rings[1], *case.args) if case.op in (Op.CLONE, Op.XFER) else case.args
    if case.op == Op.INGRESS:
        result, moved = ring.bpf_tcp_ingress(world.socks[1], *args)
        rings += [moved] if moved else []
    else:
        name = CALLS[case.op][1].rsplit(" ", 1)[1]
        result = getattr(ring, name)(*args) or 0
    pages = sorted(set(world.memory.pages) - old)
    new = {page: FIRST_NEW_PAGE + number for number, page in enumerate(pages)}
    messages = tuple(_message_of(ring, new) for ring in rings)
    charged = (world.socks[0].charged, world.socks[1].charged, world.socks[1].rmem_alloc)
    return Seen(result, messages, charged, world.memory.pages[followed].refs if followed else 0), pages


def _message_of(ring: Ring, new: dict[int, int]) -> dict[str, Any]:
    fields: dict[str, Any] = {part: getattr(ring, part) for part in ("start", "curr", "end", "size", "copybreak")}
    fields["slots"] = [
        (new.get(slot.page, slot.page), slot.offset, slot.length, copy)
        for slot, copy in zip(ring.data, ring.copy, strict=True)
    ]
    return fields


def compare(case: Case, bugs: tuple[str, ...], at: int, fails: int) -> None:
    """Run both on the case and compare; `at` says which byte is followed."""
    world = build_world(case, bugs)
    world.memory.fails = {"pages": fails} if fails else {}
    text = [(ring.elem(i).page, ring.elem(i).offset + k) for ring in world.rings for i in ring.live()
            for k in range(ring.elem(i).length)]  # fmt: skip
    page, offset = text[at % len(text)] if text else (0, 0)
    value = world.memory.read(page, offset, 1) if page else b""
    cells = cells_of(world, case, (page, offset), fails)
    rings = len(world.rings) + (case.op == Op.INGRESS)
    seen, after, failed = on_model(compiled(*CALLS[case.op], bugs), cells, rings)
    try:
        expected, new_pages = on_plain_ring(world, case, page)
    except Broken:
        if not failed:
            raise
        return
    if not bugs:
        assert failed == [] or world.memory.warnings
    if len(expected.messages) < rings:  # nothing was moved: the message that was to take it is gone
        seen = Seen(seen.result, seen.messages[:1], seen.charged, seen.refs)
    assert seen == expected
    if after.get("follow0.copies", 0):
        copy = new_pages[after["follow0.copy_page"] - FIRST_NEW_PAGE]
        assert world.memory.read(copy, after["follow0.copy_offset"], 1) == value


@pytest.mark.parametrize("op", CALLS, ids=lambda op: op.name.lower())
@settings(max_examples=20, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_the_newest_code_is_written_the_same_twice(op, data):
    case = bounded(data.draw(cases(op, FRAGS)))
    compare(case, (), data.draw(st.integers(0, 99)), data.draw(st.sampled_from((0, 0, 0, 1))))


@pytest.mark.parametrize(("bug", "op"), BUGS, ids=lambda value: value.name.lower() if isinstance(value, Op) else value)
@settings(max_examples=12, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_each_bug_is_written_the_same_twice(bug, op, data):
    case = bounded(data.draw(cases(op, FRAGS)))
    compare(case, (bug,), data.draw(st.integers(0, 99)), 0)


def bounded(case: Case) -> Case:
    """Without what the two count differently: numbered requests, and fragment pages after the first."""
    case = with_args(case, fail_at=0)
    if case.op == Op.ALLOC:
        case = with_args(case, frag_size=PAGE_SIZE)
    return case
