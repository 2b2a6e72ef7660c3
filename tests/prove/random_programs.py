"""Random programs of the language for the prover: one function that works on a box, with everything that it may do."""

from __future__ import annotations

from dataclasses import dataclass

from hypothesis import strategies as st

PRELUDE = """
from psockmc.lang import (
    Array, Ptr, Struct, arbitrary, assume, check, choose, cover, instance, process, proof, s32, scenario, u8, u32, user, xchg,
)


class item(Struct):
    x: u32
    small: u8


class box(Struct):
    n: u32
    s: s32
    r: u32
    flag: bool
    a: Array[u32, 4]
    e: Array[item, 3]


@user
def bump(b: Ptr[box]) -> u32:
    b.n += 1
    return b.n - 1


@user
def put(to: item, value: u32) -> None:
    if value < 4:
        to.x = value
        return
    to.small = 9


@user
def next_of(i: u32) -> u32:
    if i + 1 == 4:
        return 0
    return i + 1


@user
def before(i: u32) -> u32:
    return 3 if i == 0 else i - 1


@user
def find(b: Ptr[box], value: u32) -> u32:
    at: u32 = 0
    while at < 4:
        if b.a[at] == value:
            return at
        at += 1
    return 4


@user
def seek(b: Ptr[box], value: u32) -> u32:
    at: u32 = 0
    while True:
        if b.e[at].x == value:
            return at
        at += 1
        if at == 3:
            break
    return 0
"""

PROOF = """

@proof("random", split=1)
def random(b: Ptr[box]) -> None:
    i: u32 = choose(4)
    b.r = work(b, i)
"""

SCENARIO = """

box0 = instance(box)


@user
def world() -> None:
    {setup}


@user
def go() -> None:
    box0.r = work(box0, {i})


one = scenario("one run", setup=world, run=[process(go)], pools={{}}, properties=[])
"""

CELLS = [
    "n",
    "s",
    "r",
    "flag",
    *(f"a[{i}]" for i in range(4)),
    *(f"e[{i}].{f}" for i in range(3) for f in ("x", "small")),
]
"""All scalars of a box."""


@dataclass
class _Writer:
    """Draws the lines of `work`. loops: how many loops are around; counters: loop counters used so far."""

    draw: st.DrawFn
    loops: int = 0
    counters: int = 0
    checks: int = 0

    def one_of(self, *choices: str) -> str:
        """One of some texts."""
        return self.draw(st.sampled_from(choices))

    def number(self, depth: int) -> str:
        """An integer expression."""
        kind = self.draw(st.integers(0, 10 if depth else 3))
        match kind:
            case 0:
                return str(self.draw(st.integers(0, 5)))
            case 1:
                return self.one_of("x", "y", "i", "b.n", "b.s")
            case 2:
                return f"b.a[{self.index(depth, 4)}]"
            case 3:
                return f"b.e[{self.index(depth, 3)}].{self.one_of('x', 'small')}"
            case 4:
                return f"({self.number(depth - 1)} + {self.number(depth - 1)})"
            case 5:
                return f"({self.number(depth - 1)} - {self.number(depth - 1)})"
            case 6:
                return f"({self.number(depth - 1)} * {self.draw(st.integers(0, 3))})"
            case 7:
                return f"({self.number(depth - 1)} if {self.truth(depth - 1)} else {self.number(depth - 1)})"
            case 8:
                return f"{self.one_of('next_of', 'before')}(i)"
            case 9:
                return f"{self.one_of('find', 'seek')}(b, {self.number(depth - 1)})"
            case _:
                return self.one_of("bump(b)", f"next_of({self.index(depth - 1, 4)})")

    def index(self, depth: int, length: int) -> str:
        """An index of an array; most often inside of it."""
        inside = ["i" if length == 4 else "before(i) // 2", "1", "next_of(i) % 3"]
        if depth:
            inside.append(f"find(b, {self.number(depth - 1)}) % {length}")
        return self.one_of(*inside, "x")

    def truth(self, depth: int) -> str:
        """A condition."""
        kind = self.draw(st.integers(0, 6 if depth else 1))
        match kind:
            case 0:
                return f"({self.number(depth)} {self.one_of('<', '<=', '==', '!=', '>=', '>')} {self.number(depth)})"
            case 1:
                return "b.flag"
            case 2:
                return f"(not {self.truth(depth - 1)})"
            case 3 | 4:
                return f"({self.truth(depth - 1)} {self.one_of('and', 'or')} {self.truth(depth - 1)})"
            case 5:
                return f"(xchg(b.n, {self.draw(st.integers(0, 3))}) == {self.number(depth - 1)})"
            case _:
                return f"(bump(b) {self.one_of('<', '==')} {self.number(depth - 1)})"

    def block(self, depth: int) -> list[str]:
        """Some statements, indented."""
        lines: list[str] = []
        for _ in range(self.draw(st.integers(1, 3))):
            lines += self.statement(depth)
        return ["    " + line for line in lines]

    def statement(self, depth: int) -> list[str]:
        """One statement."""
        kind = self.draw(st.integers(0, 12 if depth else 7))
        match kind:
            case 0 | 1:
                target = self.one_of(
                    "x", "y", "b.n", "b.s", f"b.a[{self.index(1, 4)}]", f"b.e[{self.index(1, 3)}].small"
                )
                return [f"{target} {self.one_of('=', '=', '+=', '-=')} {self.number(2)}"]
            case 2:
                return [f"b.flag = {self.truth(1)}"]
            case 3:
                return [f"put(b.e[{self.index(1, 3)}], {self.number(1)})"]
            case 4:
                self.checks += 1
                return [f'check({self.truth(0)}, "C{self.checks}: it holds")']
            case 5:
                return [self.one_of("break", "continue")] if self.loops else ["b.n += 1"]
            case 6:
                return [f"return {self.number(1)}"] if self.draw(st.booleans()) else ["x = 2"]
            case 7:
                return [f"assume({self.truth(0)})"] if self.draw(st.integers(0, 3)) == 0 else ["y -= 1"]
            case 8 | 9:
                return [f"if {self.truth(2)}:", *self.block(depth - 1), "else:", *self.block(depth - 1)]
            case 10:
                return [f"if {self.truth(2)}:", *self.block(depth - 1)]
            case 11:
                return self.bounded_while(depth)
            case _:
                self.loops += 1
                body = self.block(depth - 1)
                self.loops -= 1
                self.counters += 1
                return [f"for j{self.counters} in range(3):", *body]

    def bounded_while(self, depth: int) -> list[str]:
        """A loop that goes round three times at most; a step of each round is what the compiler asks for."""
        self.counters += 1
        counter = f"k{self.counters}"
        more = f" and {self.truth(1)}" if self.draw(st.booleans()) else ""
        self.loops += 1
        body = self.block(depth - 1)
        self.loops -= 1
        return [
            f"{counter}: u32 = 0",
            f"while {counter} < 3{more}:",
            f"    {counter} += 1",
            "    b.flag = b.flag",
            *body,
        ]


@st.composite
def works(draw: st.DrawFn) -> str:
    """The text of `work(b, i)`."""
    writer = _Writer(draw)
    body = [line for _ in range(draw(st.integers(2, 5))) for line in writer.statement(2)]
    head = ["", "", "@user", "def work(b: Ptr[box], i: u32) -> u32:", "    x: u32 = b.n", "    y: s32 = b.s"]
    return "\n".join([*head, *("    " + line for line in body), f"    return {writer.number(1)}", ""])


@st.composite
def boxes(draw: st.DrawFn) -> dict[str, int]:
    """The content of a box: small numbers, and now and then those at which types end."""
    few = st.integers(0, 4)
    values = {cell: draw(few) for cell in CELLS}
    values["n"] = draw(st.one_of(few, st.integers(2**32 - 3, 2**32 - 1)))
    values["s"] = draw(st.one_of(few, st.integers(-3, -1), st.integers(2**31 - 3, 2**31 - 1)))
    values["flag"] = draw(st.integers(0, 1))
    return values
