"""A counterexample as the source of a pytest that replays it on a plain Python ring.

The prover's word is not enough: before the source is handed out it is run here. It must show the broken claim with the
bug and nothing broken without it; otherwise `NotReplayable` says what is missing.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from psockmc.prove.plain_claims import PROMISES
from psockmc.prove.plain_ring import KNOWN_BUGS
from psockmc.render.layout import wrap
from psockmc.render.ring import Panel, RingChange, RingPicture

WIDTH = 118
WITH_SOURCE = frozenset({"sk_msg_clone"})
"""Operations that read another ring."""


class NotReplayable(Exception):
    """The plain ring cannot show this counterexample; the message is one sentence that says why."""


@dataclass(frozen=True)
class Surroundings:
    """What the operation meets besides its rings.

    `fails`: which request for memory of a kind fails (see `Memory`). `frag`: page, offset and size of the page that
    sk_msg_alloc() cuts from. `wire`: how many bytes the wire takes at a time and in all. `data`: the user's bytes.
    """

    fails: Mapping[str, int] = field(default_factory=dict)
    frag: tuple[int, int, int] | None = None
    wire: tuple[int, int] = (1 << 20, 1 << 20)
    data: bytes = b""


def pytest_source(change: RingChange, bugs: Sequence[str] = (), surroundings: Surroundings | None = None) -> str:
    """The source. With `bugs` it has two tests: the claim breaks with them, and everything holds without them.

    Raises NotReplayable.
    """
    if change.operation not in PROMISES:
        raise NotReplayable(f"the plain ring has no promises for {change.operation}: redo this one by hand")
    unknown = sorted(set(bugs) - KNOWN_BUGS)
    if unknown:
        raise NotReplayable(f"the plain ring does not know the bug {', '.join(unknown)}: redo this one by hand")
    around = surroundings or Surroundings()
    found = _try(_source(change, bugs, around, {}), change, bugs)
    return _source(change, bugs, around, found)


def _try(source: str, change: RingChange, bugs: Sequence[str]) -> dict[str, str]:
    """Run the replay of the source: with the bug something must break, without it nothing. Result: what breaks."""
    names: dict[str, object] = {}
    exec(compile(source, f"<replay of {change.operation}>", "exec"), names)
    replay = names["replay"]
    assert callable(replay)
    try:
        found, without = _found(replay, bugs), _found(replay, ()) if bugs else {}
    except ValueError as error:  # the ring's constructor says why: pages that are too large, elements that do not fit
        raise NotReplayable(f"the plain ring cannot hold this one: {error}") from None
    if not found:
        raise NotReplayable(
            f"on the plain ring {change.call} breaks nothing: one of the two is wrong, or looks elsewhere"
        )
    if without:
        raise NotReplayable(f"on the plain ring {change.call} breaks {', '.join(without)} without the bug, too")
    return found


def _found(replay: Callable[..., object], bugs: Sequence[str]) -> dict[str, str]:
    found = replay(*bugs)
    assert isinstance(found, dict)
    return found


def _source(change: RingChange, bugs: Sequence[str], around: Surroundings, found: Mapping[str, str]) -> str:
    head = f"{_docstring(change, bugs, found)}\n\n{_imports(change, around)}"
    return "\n\n\n".join([head, _replay(change, around), *_tests(bugs, found)]) + "\n"


def _docstring(change: RingChange, bugs: Sequence[str], found: Mapping[str, str]) -> str:
    lines = wrap(f'"""{change.call} breaks a claim.', WIDTH)
    if change.claim:
        lines += ["", *wrap(change.claim, WIDTH, hanging=0)]
    if bugs:
        named = ", ".join(bugs)
        lines += ["", *wrap(f"With the historic bug {named}; without it, every claim holds.", WIDTH, hanging=0)]
    if found:
        lines += ["", "On the plain ring:", ""]
    for claim, sentence in found.items():
        lines += wrap(f"* {claim}: {sentence}", WIDTH, hanging=2)
    return "\n".join([*lines, '"""'])


def _imports(change: RingChange, around: Surroundings) -> str:
    call = _call(change, around)
    names = [name for name in ("Iter", "Memory", "Sock", "Wire") if f"{name}(" in call or name == "Memory"]
    return "\n".join(
        [
            "from psockmc.prove.plain_claims import broken_claims",
            f"from psockmc.prove.plain_ring import {', '.join(sorted([*names, 'Ring']))}",
        ]
    )


def _replay(change: RingChange, around: Surroundings) -> str:
    lines = [
        "def replay(*bugs: str) -> dict[str, str]:",
        '    """The claims that break, each with a sentence."""',
        f"    memory = Memory({_memory(around)})",
    ]
    if around.frag:
        page, offset, size = around.frag
        lines += [
            f"    memory.initial_page({page}, {size})",
            f"    memory.pages[{page}].refs = 1",
            f"    memory.frag_page, memory.frag_offset = {page}, {offset}",
        ]
    for name, panel in _rings(change).items():
        lines += _ring(name, panel)
    lines.append(f"    return {_call(change, around)}")
    return "\n".join(lines)


def _memory(around: Surroundings) -> str:
    options = [f"fails={dict(around.fails)!r}".replace("'", '"')] if around.fails else []
    if around.frag:
        options.append(f"frag_size={around.frag[2]}")
    return ", ".join(options)


def _rings(change: RingChange) -> dict[str, Panel]:
    """The rings that the operation is called with, by the names that they get: `ring` is the one it is a method of."""
    panels = {panel.name: panel for panel in change.panels}
    main = panels.get("dst" if change.operation in WITH_SOURCE else "msg", change.panels[0])
    others = [panel for panel in change.panels if panel is not main]
    return {"ring": main, **({"source": others[0]} if change.operation in WITH_SOURCE and others else {})}


def _ring(name: str, panel: Panel) -> list[str]:
    """The statement that makes the ring as it was before."""
    picture = panel.before
    arguments = [
        f"frags={picture.frags}",
        f"start={picture.start}",
        *_listed("elements", [str(element) for element in _elements(picture)]),
        f"curr={picture.curr}",
        f"copybreak={picture.copybreak}",
        "memory=memory",
        *([] if name == "ring" else ["sk=ring.sk"]),
        "bugs=bugs",
    ]
    return [f"    {name} = Ring(", *(f"        {line}{_comma(line)}" for line in arguments), "    )"]


def _comma(line: str) -> str:
    return "" if line.endswith(("[", ",")) else ","


def _listed(name: str, items: list[str]) -> list[str]:
    """`name=[...]` on one line where it fits, else with a line for each item."""
    line = f"{name}=[{', '.join(items)}]"
    return [line] if len(line) < WIDTH - 10 else [f"{name}=[", *(f"    {item}," for item in items), "]"]


def _elements(picture: RingPicture) -> list[tuple[int, int, int, bool]]:
    """Page, offset, length and copy bit of the elements; all slots where start is end and there are bytes."""
    live = picture.live()
    if not live and picture.size:
        live = tuple((picture.start + step) % picture.ids for step in range(picture.ids))
    slots = [picture.slots[i] for i in live]
    return [(slot.page, slot.offset, slot.length, slot.copy) for slot in slots]


def _call(change: RingChange, around: Surroundings) -> str:
    """The operation on `ring`, with what its arguments stand for on the plain ring."""
    numbers = [str(value) for value in change.arguments.values()]
    given = {
        "sk_msg_clone": ["source", *numbers],
        "sk_msg_memcopy_from_iter": [f"Iter({around.data!r})", *numbers],
        "bpf_tcp_ingress": ["Sock()", *numbers],
        "tcp_bpf_push": [f"Wire{around.wire}", *numbers[:1], *(f"uncharge={number != '0'}" for number in numbers[1:])],
        "tls_push_record": [f"tls13={bool(int(numbers[0]))}" if numbers else "tls13=True"],
    }.get(change.operation, numbers)
    return f"broken_claims({', '.join(['ring', _quoted(change.operation), *given])})"


def _quoted(name: str) -> str:
    return f'"{name}"'


def _tests(bugs: Sequence[str], found: Mapping[str, str]) -> list[str]:
    claims = f"{{{', '.join(_quoted(claim) for claim in sorted(found))}}}"
    if not bugs:
        return [f"def test_the_claim_breaks() -> None:\n    assert set(replay()) == {claims}"]
    named = ", ".join(_quoted(bug) for bug in bugs)
    what = re.sub(r"\W", "_", bugs[0])
    return [
        f"def test_{what}_breaks_the_claim() -> None:\n    assert set(replay({named})) == {claims}",
        "def test_without_it_every_claim_holds() -> None:\n    assert replay() == {}",
    ]
