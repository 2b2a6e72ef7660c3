"""Counterexamples made small.

A solver's numbers are any numbers. `smallest` looks for a smaller ring that shows the same, and for smaller numbers
in it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from psockmc.prove import proof, terms
from psockmc.prove.execute import Execution
from psockmc.prove.proof import Question, Refutation
from psockmc.prove.solver import Solver, Unknown
from psockmc.prove.terms import Term

SECONDS = 10.0
"""Time for making the numbers of one counterexample smaller."""


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
    solver = Solver(SECONDS / 4)
    solver.add(run.machine.axioms)
    solver.add([proof.breaking(run.items, refutation.claim)])
    total = _total(run)
    best = refutation
    low, high = total.lo, terms.evaluate(total, refutation.values)
    while low < high:
        middle = (low + high) // 2
        answer = solver.ask([terms.at_most(total, terms.const(middle))])
        if answer is None:
            low = middle + 1
            continue
        if isinstance(answer, Unknown):
            break
        high = terms.evaluate(total, answer)
        best = replace(refutation, values=answer)
    broken = [item for item in proof.replay(question, best) if item.claim == refutation.claim]
    return (
        replace(best, sentence=broken[0].sentence, span=broken[0].span, calls=broken[0].calls) if broken else refutation
    )


def _total(run: Execution) -> Term:
    total = terms.const(0)
    for unknown in run.objects.unknowns.values():
        number = terms.ite(unknown, terms.const(1), terms.const(0)) if unknown.truth else unknown
        total = terms.add(total, number)
    return total
