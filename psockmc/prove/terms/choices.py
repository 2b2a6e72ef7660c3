"""Numbers that depend on conditions, and the few numbers that such a term can be."""

from __future__ import annotations

from collections.abc import Mapping

from psockmc.prove.terms.nodes import FALSE, TRUE, Term, const, each_lane, intern, lanes, pairs_of
from psockmc.prove.terms.sums import add, subtract
from psockmc.prove.terms.truths import conjunction, disjunction, negation

MANY_CASES = 80
"""Terms with more than this many possible values are not split into cases."""


def ite(cond: Term, then: Term, other: Term) -> Term:
    """`then` where the condition holds, else `other`; both integers."""
    if cond is TRUE or then is other:
        return then
    if cond is FALSE:
        return other
    if cond.kind == "not":
        cond, then, other = negation(cond), other, then
    if cond.kind == "lane" and {then.kind, other.kind} <= {"int", "lanes"}:
        width = len(cond.args)
        sides = zip(cond.args, each_lane(then, width), each_lane(other, width), strict=True)
        return lanes([a if holds else b for holds, a, b in sides])
    if then.is_int and other.is_int and {then.value, other.value} == {0, 1}:
        return indicator(cond if then.value else negation(cond))
    difference = subtract(then, other)
    if difference.is_int and not {then.kind, other.kind} <= {"int", "lanes"}:
        return add(other, indicator(cond), difference.value)
    first, second = leaves(then), leaves(other)
    if first is not None and second is not None:
        found = {leaf: conjunction((cond, when)) for leaf, when in first.items()}
        for leaf, when in second.items():
            found[leaf] = disjunction((found.get(leaf, FALSE), conjunction((negation(cond), when))))
        return guarded(found)
    if other.kind == "ite" and other.args[1] is then:
        return ite(disjunction((cond, other.args[0])), then, other.args[2])
    if other.kind == "ite" and other.args[0] is cond:
        return ite(cond, then, other.args[2])
    if then.kind == "ite" and then.args[0] is cond:
        return ite(cond, then.args[1], other)
    return _ite(cond, then, other)


def indicator(cond: Term) -> Term:
    """1 where the condition holds, else 0: always the same term for a condition, so that what is counted cancels."""
    if cond is TRUE or cond is FALSE:
        return const(int(cond is TRUE))
    if cond.kind == "not":
        return add(const(1), _ite(negation(cond), const(1), const(0)), -1)
    term = _ite(cond, const(1), const(0))
    term.known = {const(1): cond, const(0): negation(cond)}
    return term


def _ite(cond: Term, then: Term, other: Term) -> Term:
    term, new = intern(("ite", cond.number, then.number, other.number), "ite", (cond, then, other))
    if new:
        term.lo, term.hi = min(then.lo, other.lo), max(then.hi, other.hi)
    return term


def guarded(found: Mapping[Term, Term]) -> Term:
    """The leaf whose condition holds; the conditions exclude each other and one of them holds."""
    found = {leaf: when for leaf, when in found.items() if when is not FALSE}
    ordered = sorted(found, key=lambda leaf: leaf.number)
    term = ordered[-1]
    for leaf in reversed(ordered[:-1]):
        term = _ite(found[leaf], leaf, term)
    if term.known is None and len(found) <= MANY_CASES:
        term.known = found
    return term


def leaves(term: Term) -> Mapping[Term, Term] | None:
    """The numbers (one, or one for each lane) that a term can be, each with its condition; None: there are many.

    The conditions exclude each other, and one of them always holds.
    """
    if term.known is None:
        term.known = _leaves(term) or {}
    return term.known or None


def _leaves(term: Term) -> Mapping[Term, Term] | None:
    match term.kind:
        case "int" | "lanes":
            return {term: TRUE}
        case "ite":
            return None
        case "lin":
            return _linear_leaves(term)
        case _:
            return None


def _linear_leaves(term: Term) -> Mapping[Term, Term] | None:
    if sum(part.kind != "lanes" for part, _ in pairs_of(term)) > 2:
        return None  # a count, not an index
    found: dict[Term, Term] = {const(term.value): TRUE}
    for part, factor in pairs_of(term):
        parts = leaves(part)
        if parts is None or len(parts) * len(found) > MANY_CASES:
            return None
        more: dict[Term, Term] = {}
        for base, cond in found.items():
            for leaf, when in parts.items():
                total = add(base, leaf, factor)
                both = conjunction((cond, when))
                if both is not FALSE:
                    more[total] = disjunction((more.get(total, FALSE), both))
        found = more
    return found
