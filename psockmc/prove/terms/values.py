"""The value of a term, computed: a check of what a solver answers that shares nothing with the solver."""

from __future__ import annotations

from collections.abc import Mapping

from psockmc.prove.terms.nodes import LANE, Term, below, pairs_of

Assignment = Mapping[str, int]
"""Values of unknowns, by name. The lane is the unknown LANE."""


def evaluate(term: Term, values: Assignment, memo: dict[Term, int] | None = None) -> int:
    """The value of a term (truth values: 0 or 1) when the unknowns have these values; unknowns left out are their lo.

    The lane is the unknown LANE.

    The arithmetic is Python's own: a check of what a solver answers that shares nothing with the solver.
    """
    memo = {} if memo is None else memo
    stack = [term]
    while stack:
        top = stack[-1]
        if top in memo:
            stack.pop()
            continue
        missing = [t for t in below(top) if t not in memo]
        if missing:
            stack.extend(missing)
            continue
        memo[stack.pop()] = _value(top, values, memo)
    return memo[term]


def _value(term: Term, values: Assignment, memo: Mapping[Term, int]) -> int:
    args = term.args
    match term.kind:
        case "int":
            return term.value
        case "var":
            return values.get(term.name, term.lo)
        case "bool":
            return values.get(term.name, 0)
        case "true":
            return 1
        case "false":
            return 0
        case "lanes" | "lane":
            return int(args[values.get(LANE, 0)])
        case "lin":
            return term.value + sum(memo[t] * c for t, c in pairs_of(term))
        case "cast":
            return memo[args[0]]
        case "ite":
            return memo[args[1] if memo[args[0]] else args[2]]
        case "le":
            return int(memo[args[0]] <= 0)
        case "eq":
            return int(memo[args[0]] == 0)
        case "not":
            return 1 - memo[args[0]]
        case "and":
            return int(all(memo[t] for t in args))
        case "or":
            return int(any(memo[t] for t in args))
    return _operate(term.name, memo[args[0]], memo[args[1]])


def _operate(name: str, left: int, right: int) -> int:
    match name:
        case "*":
            return left * right
        case "//":
            return left // right if right else 0
        case _:
            return left % right if right else 0
