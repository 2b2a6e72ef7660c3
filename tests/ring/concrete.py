"""Runs one operation of the ring program on numbers, in the reference interpreter.

A world is a mapping from cells (`msg0.sg.start`) to values; what is not named is 0. The objects are sk0, sk1, psock0,
psock1, msg0, msg1, msg2, rec0, skb0, iter0, memory0 and follow0.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path

from psockmc.explore.reference import Interpreter
from psockmc.ir.lower import compile_scenario
from psockmc.lang import load_source

ROOT = Path(__file__).parents[2]

World = dict[str, int | str]
"""Cells and their values; objects are written by their names."""

WORLD = """
\"\"\"One operation on one world.\"\"\"
from psockmc.lang import NULL, Ptr, Struct, instance, process, s32, scenario, u32, u64, user
from models.ring.types import follow0, iov_iter, memory0, sk_buff, sk_msg, sk_psock, sock{more_types}
{imports}

class result(Struct):
    value: s32

sk0 = instance(sock)
sk1 = instance(sock)
psock0 = instance(sk_psock)
psock1 = instance(sk_psock)
msg0 = instance(sk_msg)
msg1 = instance(sk_msg)
msg2 = instance(sk_msg)
skb0 = instance(sk_buff)
iter0 = instance(iov_iter)
result0 = instance(result)
{instances}

@user
def world() -> None:
    {setup}

@user
def go() -> None:
    {statement}

one = scenario("one operation", setup=world, run=[process(go)], pools={{}}, properties=[])
"""


@dataclass
class Ran:
    """The cells afterwards, the sentences of the checks that failed, and what `result0.value` is."""

    cells: dict[str, int]
    failed: list[str] = field(default_factory=list)

    @property
    def value(self) -> int:
        """The operation's result."""
        return self.cells["result0.value"]

    def ring(self, name: str = "msg0") -> list[tuple[int, int, int]]:
        """The elements from start to end as (page, offset, length)."""
        at, end = self.cells[f"{name}.sg.start"], self.cells[f"{name}.sg.end"]
        elements = []
        while at != end:
            data = f"{name}.sg.data[{at}]"
            elements.append(tuple(self.cells[f"{data}.{part}"] for part in ("page", "offset", "length")))
            at = (at + 1) % 18
        return elements


def run(statement: str, world: World, *, imports: str = "", more_types: str = "", instances: str = "") -> Ran:
    """Runs the statement to its end on the world; fatal findings are among `failed`."""
    setup = "\n    ".join(f"{name} = {value}" for name, value in world.items()) or "pass"
    text = WORLD.format(statement=statement, imports=imports, more_types=more_types, instances=instances, setup=setup)
    system = compile_scenario(load_source(text, root=ROOT), "one")
    interpreter = Interpreter(system)
    ran = Ran({})
    current = system.initial
    while steps := interpreter.steps(current):
        (step,) = steps
        ran.failed += [message for _, message, *_ in step.findings]
        if step.state is None:
            break
        current = step.state
    ran.cells = {_place(cell.name): current[number] for number, cell in enumerate(system.cells)}
    return ran


def _place(cell: str) -> str:
    """The name of a cell as the model writes it: `msg0.sg.data[3].page` for `msg0.sg.data.page[3]`."""
    return re.sub(r"\.data\.(\w+)\[(\d+)\]$", r".data[\2].\1", cell)


def ring(
    elements: list[tuple[int, int, int]],
    *,
    start: int = 0,
    curr: int | None = None,
    copybreak: int = 0,
    name: str = "msg0",
    copy: tuple[int, ...] = (),
) -> World:
    """The cells of a message with these elements (page, offset, length); copy: slots whose copy bit is set."""
    world: World = {
        f"{name}.sg.start": start,
        f"{name}.sg.end": (start + len(elements)) % 18,
        f"{name}.sg.size": sum(length for _, _, length in elements),
        f"{name}.sg.curr": start if curr is None else curr,
        f"{name}.sg.copybreak": copybreak,
    }
    for number, element in enumerate(elements):
        data = f"{name}.sg.data[{(start + number) % 18}]"
        world |= {f"{data}.{part}": value for part, value in zip(("page", "offset", "length"), element, strict=True)}
    return world | {f"{name}.sg.copy[{slot}]": 1 for slot in copy}
