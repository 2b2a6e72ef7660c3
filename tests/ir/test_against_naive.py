"""The memory that random programs reach is the memory that an independent interpreter of their source text reaches."""

from __future__ import annotations

import ast
from itertools import islice

from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from psockmc.explore.reference import Interpreter
from psockmc.ir.lower import compile_scenario
from psockmc.ir.system import TransitionSystem
from psockmc.lang import load_source
from tests.ir.naive import Program, reachable

MOST = 1500
"""States of a program that is worth its time."""

PRELUDE = """
from psockmc.lang import Array, Const, Int, Ptr, Struct, atomic, instance, process, scenario, user, xchg


class couple(Struct):
    u: Int[0, 3] = 1
    w: Int[0, 3]


class box(Struct):
    a: Int[0, 3]
    b: Int[0, 3] = 2
    k: Const[Int[0, 3]] = 3
    cells: Array[Int[0, 3], 3]
    pair: couple
    next: Ptr[box]


box0 = instance(box, next=box1)
box1 = instance(box, next=box0, a=1)


@user
def get(q: Ptr[box]) -> Int[0, 3]:
    if q.a > 1:
        return q.b
    return q.a


@user
def put(q: Ptr[box], v: Int[0, 3]) -> None:
    v = v ^ q.a
    q.b = v


@user
def swap(r: couple, v: Int[0, 3]) -> Int[0, 3]:
    with atomic("one step"):
        old = r.u
        if old == v:
            return old
        r.u = v
    r.w = old
    return old


@user
def has_one(q: Ptr[box]) -> bool:
    for i in range(2):
        if q.cells[i] == 1:
            return True
    return False
"""
START = {f"{box}.{name}": value for box in ("box0", "box1") for name, value in
         {"a": 0, "b": 2, "k": 3, "cells[0]": 0, "cells[1]": 0, "cells[2]": 0, "pair.u": 1, "pair.w": 0}.items()}  # fmt: skip
START |= {"box0.next": "box1", "box1.next": "box0", "box1.a": 1}  # type: ignore[dict-item]

pointers = st.sampled_from(["box0", "box1", "p", "q", "p", "p.next", "box0.next"])
atoms = st.one_of(
    st.sampled_from(["0", "1", "2", "3", "x", "y", "x", "box0.a", "p.a", "box1.b", "box0.k", "p.next.b", "q.pair.u"]),
    st.builds("{}.cells[{}]".format, pointers, st.sampled_from(["0", "1", "2", "x", "box0.a"])),
)
tests = st.one_of(
    st.builds("{} {} {}".format, atoms, st.sampled_from(["==", "!=", "<", ">="]), atoms),
    st.builds("has_one({})".format, pointers),
    st.builds("{} == {}".format, pointers, pointers),
)
conditions = st.one_of(
    tests,
    st.builds("(not {})".format, tests),
    st.builds("({} {} {})".format, tests, st.sampled_from(["and", "or"]), tests),
)
numbers = st.one_of(
    atoms,
    st.builds("({} {} {})".format, atoms, st.sampled_from(["&", "|", "^"]), atoms),
    st.builds("({} if {} else {})".format, atoms, conditions, atoms),
    st.builds("get({})".format, pointers),
    st.builds("swap({}.pair, {})".format, pointers, atoms),
    st.builds("xchg({}.a, {} ^ get({}))".format, pointers, atoms, pointers),
)
places = st.one_of(
    st.sampled_from(["box0.a", "p.b", "q.a", "p.next.a", "box1.pair.w", "x", "y", "x"]),
    st.builds("{}.cells[{}]".format, pointers, st.sampled_from(["0", "1", "2", "x", "p.a"])),
)
simple = st.one_of(
    st.builds("{} = {}".format, places, numbers),
    st.builds("{} = {}".format, st.sampled_from(["p", "p", "q.next", "box0.next"]), pointers),
    st.builds(
        "{} {}= {}".format,
        st.sampled_from(["box0.a", "p.b", "p.next.a", "q.cells[x]"]),
        st.sampled_from("&|^"),
        numbers,
    ),
    st.builds("put({}, {})".format, pointers, numbers),
)


@st.composite
def blocks(draw: st.DrawFn, depth: int = 2, loops: int = 0) -> list[str]:
    """A few statements; `loops` of loops around them have counters k0, k1, ..."""
    result: list[str] = []
    for _ in range(draw(st.integers(1, 2))):
        kinds = ["simple", "simple", "if", "while", "for", "atomic"] if depth else ["simple"]
        kinds += ["break", "continue", "return"] if loops else []
        kind = draw(st.sampled_from(kinds))
        inner = (
            [] if not depth else [f"    {line}" for line in draw(blocks(depth - 1, loops + (kind in ("while", "for"))))]
        )
        match kind:
            case "simple":
                result.append(draw(simple))
            case "if":
                other = [f"    {line}" for line in draw(blocks(depth - 1, loops))]
                result += [f"if {draw(conditions)}:", *inner, "else:", *other]
            case "while":
                k = f"k{loops}"
                cond = draw(st.sampled_from([f"{k} < 2 and box0.a != 4", f"p.a != 4 and {k} < 2"]))
                result += [f"{k}: Int[0, 3] = 0", f"while {cond}:", f"    {k} = {k} + 1", *inner]
            case "for":
                result += [f"for i{loops} in range(2):", *inner]
            case "atomic":
                lines = draw(st.lists(simple, min_size=1, max_size=2))
                result += ["with atomic('one step'):", *(f"    {line}" for line in lines)]
            case _:
                return [*result, f"if {draw(conditions)}:", f"    {kind}"] if draw(st.booleans()) else [*result, kind]
    return result


def define(name: str, body: list[str]) -> str:
    start = ["x: Int[0, 3] = 0", "y: Int[0, 3] = 1", "p = box0"]
    return f"\n\n@user\ndef {name}(q: Ptr[box]) -> None:\n" + "".join(f"    {line}\n" for line in (*start, *body))


def memories(ts: TransitionSystem) -> tuple[set[frozenset[tuple[str, object]]], set[frozenset[tuple[str, object]]]]:
    """All memory that is reachable, and that at the end: cells as the naive interpreter names them."""
    interpreter, shared = Interpreter(ts), min(c.pc for c in ts.contexts)
    everywhere, ends = set(), set()
    seen, todo = {ts.initial}, [ts.initial]
    while todo:
        state = todo.pop()
        names = [("", *ts.pools[c.pool].objects) if c.pool >= 0 else () for c in ts.cells[:shared]]
        memory = frozenset((c.name, n[v] if n else v) for c, n, v in zip(ts.cells, names, state, strict=False))
        everywhere.add(memory)
        if all(c.stops[state[c.pc]].done for c in ts.contexts):
            ends.add(memory)
        assume(len(seen) < MOST)
        for step in interpreter.steps(state):
            assert not step.cut
            if step.state is not None and step.state not in seen:
                seen.add(step.state)
                todo.append(step.state)
    return everywhere, ends


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(blocks(), blocks(depth=1))
def test_memory_is_what_the_source_says(one: list[str], other: list[str]) -> None:
    text = PRELUDE + define("f", one) + define("g", other)
    text += '\n\ns = scenario("random", run=[process(f, box1), process(g, box0)])\n'
    ts = compile_scenario(load_source(text, "model.py"), "s")
    functions = {f.name: f for f in ast.parse(text).body if isinstance(f, ast.FunctionDef)}
    program = Program(functions, frozenset(("box0", "box1")), {"k": 3}, 3)
    everywhere, ends = memories(ts)
    names = {name for name, _ in next(iter(everywhere))}
    threads = [lambda: program.call("f", ["box1"]), lambda: program.call("g", ["box0"])]
    found = list(islice(reachable(START, threads), MOST))
    assume(len(found) < MOST)
    found = [(frozenset(cell for cell in memory if cell[0] in names), done) for memory, done in found]
    assert everywhere == {memory for memory, _ in found}
    assert ends == {memory for memory, done in found if done}
