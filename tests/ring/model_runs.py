"""Runs the models of ring operations on many rings: an operation is compiled once and then run on numbers.

`compiled(statement, imports, variants)` gives a `Model`; its `run` takes cells by name (`msg0.sg.start`) and gives all
cells afterwards. Rings have 4 fragments here, so that random ones are often full and often wrapped.
"""

from __future__ import annotations

import functools
import re
import tempfile
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from psockmc.explore.reference import Interpreter
from psockmc.ir.lower import compile_scenario
from psockmc.ir.system import TransitionSystem
from psockmc.lang import load_program

ROOT = Path(__file__).parents[2]
FRAGS = 4

TOUCHED = (
    "args0.a",
    "args0.b",
    "args0.c",
    "memory0.next_page",
    "sk0.charged",
    "sk0.sk_frag.offset",
    "follow0.refs",
    "follow0.page",
    "follow0.byte",
    "memory0.first_new_page",
    "memory0.fail_at",
    "memory0.small_from",
    "sk0.wmem_fail_at",
    "sk0.sk_frag.page",
    "sk0.sk_frag.size",
    "sk1.rmem_fail_at",
)
"""What operations may begin with, beside the messages."""
OF_MESSAGES = tuple(f"msg.sg.{part}" for part in ("start", "curr", "end", "size", "copybreak"))
OF_SLOTS = tuple(f"msg.sg.data[i].{part}" for part in ("page", "offset", "length"))

# What can have one value only is compiled as the constant that it is; so go() changes everything, and back.
PROGRAM = """
\"\"\"One operation, its arguments in args0.\"\"\"
from psockmc.lang import NULL, Ptr, Struct, instance, process, s32, scenario, u32, u64, user
from models.ring.types import SG_SLOTS, follow0, iov_iter, memory0, sk_buff, sk_msg, sk_psock, sock
{imports}

class arguments(Struct, name="args"):
    a: u32
    b: u32
    c: u32
    result: s32

args0 = instance(arguments)
sk0 = instance(sock)
sk1 = instance(sock)
psock1 = instance(sk_psock)
msg0 = instance(sk_msg)
msg1 = instance(sk_msg)

@user
def world() -> None:
    msg0.sk = sk0
    msg1.sk = sk0
    memory0.fresh = msg1
    psock1.tx_enabled = True
    psock1.sk = sk1

@user
def variable(msg: Ptr[sk_msg]) -> None:
{touched_messages}
    for i in range(SG_SLOTS):
        msg.sg.copy[i] = not msg.sg.copy[i]
        msg.sg.copy[i] = not msg.sg.copy[i]
{touched_slots}
        msg.sg.data[i].is_last = not msg.sg.data[i].is_last
        msg.sg.data[i].is_last = not msg.sg.data[i].is_last

@user
def go() -> None:
{touched}
    variable(msg0)
    variable(msg1)
    {statement}

one = scenario("one operation", setup=world, run=[process(go)], pools={{}}, properties=[])
"""


MOST_STEPS = 5_000
"""More than any operation takes on a ring as small as these, unless a bug lets it go round for ever."""


@dataclass(frozen=True)
class Model:
    """A compiled operation."""

    system: TransitionSystem
    names: tuple[str, ...]

    def run(self, cells: dict[str, int]) -> tuple[dict[str, int], list[str]]:
        """All cells afterwards, and the sentences of failed checks and findings; cells it does not have are ignored."""
        interpreter = Interpreter(self.system)
        state = list(self.system.initial)
        for number, name in enumerate(self.names):
            state[number] = cells.get(name, state[number])
        current, failed = tuple(state), list[str]()
        for _ in range(MOST_STEPS):
            steps = interpreter.steps(current)
            if not steps:
                break
            (step,) = steps
            failed += [message for _, message, _ in step.findings]
            if step.state is None:
                break
            current = step.state
        else:
            failed.append("it goes round for ever")
        return dict(zip(self.names, current, strict=False)), failed


def _program(statement: str, imports: str) -> str:
    return PROGRAM.format(
        statement=statement,
        imports=imports,
        touched=_there_and_back(TOUCHED, 4),
        touched_messages=_there_and_back(OF_MESSAGES, 4),
        touched_slots=_there_and_back(OF_SLOTS, 8),
    )


def _there_and_back(places: Iterable[str], indent: int) -> str:
    return "\n".join(f"{' ' * indent}{place} {change} 1" for place in places for change in ("+=", "-="))


@functools.cache
def compiled(statement: str, imports: str, variants: tuple[str, ...] = ()) -> Model:
    """The operation, with the functions of these variants (IDs of bugs) put in."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "operation.py"
        path.write_text(_program(statement, imports), encoding="utf-8")
        files = [ROOT / "models/ring/variants" / f"{variant.replace('-', '_')}.py" for variant in variants]
        program = load_program(ROOT, [path], files, constants={"MAX_MSG_FRAGS": FRAGS})
    system = compile_scenario(program, "one")
    return Model(system, tuple(_as_written(cell.name) for cell in system.cells))


def _as_written(cell: str) -> str:
    """The name of a cell as the model writes it: `msg0.sg.data[3].page` for `msg0.sg.data.page[3]`."""
    return re.sub(r"\.data\.(\w+)\[(\d+)\]$", r".data[\2].\1", cell)
