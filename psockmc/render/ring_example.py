"""What a counterexample does to the rings of an operation: computed on its numbers, kept before and after."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from psockmc.lang import tree
from psockmc.lang.types import Pointer, StructType
from psockmc.prove import rings, terms
from psockmc.prove.counterexample import smallest
from psockmc.prove.execute import Called, Execution
from psockmc.prove.proof import Question, Refutation
from psockmc.prove.rings import ClaimVerdict, Plan
from psockmc.prove.state import Path
from psockmc.prove.terms import Term
from psockmc.render.ring import Panel, RingChange, RingPicture, SlotPicture

LINKS = ("", "front", "tail")
SMALL_ENOUGH = 5
"""Rings smaller than this are tried for a counterexample to a claim that is violated on a bigger one."""
SECONDS = 10.0
"""Time for one question to the solver."""


@dataclass(frozen=True)
class Counterexample:
    """A refutation on a ring of `frags` fragments, and what the operation does to its rings (None: it has no ring)."""

    frags: int
    refutation: Refutation
    change: RingChange | None


def explain(plan: Plan, verdict: ClaimVerdict) -> Counterexample:
    """The smallest counterexample to a violated claim."""
    assert verdict.refutation is not None
    programs: dict[int, tree.Program] = {}

    def question(frags: int) -> Question:
        if frags not in programs:
            programs[frags] = rings.load(plan.root, frags, plan.variants)
        return rings.question(programs[frags], verdict.op, frags, SECONDS)

    sizes = range(rings.LEAST_FRAGS, min(verdict.frags, SMALL_ENOUGH))
    size, small = smallest(question, verdict.refutation, verdict.frags, sizes)
    return Counterexample(size, small, change(question(size), small, size))


def change(question: Question, refutation: Refutation, frags: int) -> RingChange | None:
    """The operation on the numbers of a refutation: its rings before and after; None when it works on no ring."""
    run = question.execution(refutation.decided, dict(refutation.values))
    run.run(question.proof)
    name = question.proof.property_id.split()[0]
    calls = [call for call in run.called if call.name == name] or run.called[-1:]
    if not calls:
        return None
    call = calls[0]
    messages = [obj for obj, struct in zip(run.objects.names, run.objects.structs, strict=True) if struct == "sk_msg"]
    touched = [msg for msg in messages if msg in {str(path[0]) for path in (*call.before, *call.after)}]
    panels = tuple(
        Panel(msg, _picture(run, call.before, msg, frags), _picture(run, call.after, msg, frags)) for msg in touched
    )
    if not panels:
        return None
    result = call.result
    value = None if result is None else int(result is terms.TRUE) if result.truth else result.value
    claim = f"{refutation.claim}: {refutation.sentence}"
    return RingChange(call.name, _arguments(question.program, call), panels, claim, value)


def _arguments(program: tree.Program, call: Called) -> dict[str, int]:
    """The numbers that a function was called with."""
    pointers = {p.name for p in program.functions[call.name].params if isinstance(p.type, Pointer | StructType)}
    return {
        name: int(arg is terms.TRUE) if arg.truth else arg.value
        for name, arg in call.arguments.items()
        if name not in pointers and isinstance(arg, Term)
    }


def _picture(run: Execution, memory: Mapping[Path, Term], msg: str, frags: int) -> RingPicture:
    def number(*path: str | int) -> int:
        full = (msg, "sg", *path)
        value = memory.get(full)
        value = run.objects.initial(full) if value is None else value
        return int(value is terms.TRUE) if value.truth else value.value

    slots = tuple(
        SlotPicture(
            number("data", i, "page"),
            number("data", i, "offset"),
            number("data", i, "length"),
            bool(number("copy", i)),
            LINKS[number("data", i, "chain") % len(LINKS)] if number("data", i, "is_chain") else "",
        )
        for i in range(frags + 2)
    )
    start, end, curr, copybreak, size = (number(name) for name in ("start", "end", "curr", "copybreak", "size"))
    return RingPicture(frags, start, end, curr, copybreak, size, slots)
