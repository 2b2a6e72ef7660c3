"""Counterexamples made small, and what they do to a ring.

A solver's numbers are any numbers. `smallest` looks for a smaller ring that shows the same, and for smaller numbers in it;
`change` computes the operation on them and keeps the rings before and after.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from psockmc.lang import tree
from psockmc.lang.types import Pointer, StructType
from psockmc.prove import proof, terms
from psockmc.prove.execute import Called, Execution
from psockmc.prove.proof import Question, Refutation
from psockmc.prove.solver import Solver, Unknown
from psockmc.prove.state import Path
from psockmc.prove.terms import Term
from psockmc.render.ring import Panel, RingChange, RingPicture, SlotPicture

SECONDS = 10.0
"""Time for making the numbers of one counterexample smaller."""
LINKS = ("", "front", "tail")


@dataclass(frozen=True)
class Counterexample:
    """A refutation on a ring of `frags` fragments, and what the operation does to its rings (None: it has no ring)."""

    frags: int
    refutation: Refutation
    change: RingChange | None


def smallest(
    question: Callable[[int], Question], refutation: Refutation, frags: int, sizes: range
) -> tuple[int, Refutation]:
    """A refutation of the same claim on the smallest ring that has one, with small numbers.

    question: the proof for a number of fragments; frags: that of the refutation; sizes: those to try first.
    """
    for size in sizes:
        if size >= frags:
            break
        asked = question(size)
        for case in proof.run(asked):
            found = case.refuted.get(refutation.claim)
            if found is not None:
                return size, _smaller_numbers(asked, found)
    return frags, _smaller_numbers(question(frags), refutation)


def _smaller_numbers(question: Question, refutation: Refutation) -> Refutation:
    """The same case with the least sum of numbers that the solver finds in time."""
    run = question.execution(refutation.decided)
    run.run(question.proof)
    wrong = [
        terms.conjunction((item.path, terms.negation(item.cond)))
        for item in run.items
        if item.claim == refutation.claim and item.kind not in ("assume", "cover")
    ]
    solver = Solver(SECONDS / 4)
    solver.add(run.machine.axioms)
    solver.add(terms.implies(item.path, item.cond) for item in run.items if item.kind == "assume")
    solver.add([terms.disjunction(wrong)])
    total = _total(run)
    best = refutation
    low, high = total.lo, terms.evaluate(total, refutation.values)
    while low < high:
        middle = (low + high) // 2
        solver.push()
        solver.add([terms.at_most(total, terms.const(middle))])
        answer = solver.solve()
        solver.pop()
        if answer is None:
            low = middle + 1
            continue
        if isinstance(answer, Unknown):
            break
        high = terms.evaluate(total, answer)
        best = replace(refutation, values=answer)
    broken = [item for item in proof.replay(question, best) if item.claim == refutation.claim]
    return replace(best, sentence=broken[0].sentence, span=broken[0].span, calls=broken[0].calls) if broken else refutation


def _total(run: Execution) -> Term:
    total = terms.const(0)
    for unknown in run.objects.unknowns.values():
        number = terms.ite(unknown, terms.const(1), terms.const(0)) if unknown.truth else unknown
        total = terms.add(total, number)
    return total


# ---------------------------------------------------------------- what it does to a ring


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
    indices = (number(name) for name in ("start", "end", "curr", "copybreak", "size"))
    return RingPicture(frags, *indices, slots=slots)


def explain(question: Callable[[int], Question], refutation: Refutation, frags: int, sizes: range) -> Counterexample:
    """The smallest counterexample with its rings."""
    size, small = smallest(question, refutation, frags, sizes)
    return Counterexample(size, small, change(question(size), small, size))
