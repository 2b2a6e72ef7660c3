"""Sums are linear combinations, so that what is added and taken off again cancels."""

from __future__ import annotations

from collections.abc import Iterable
from operator import add as plus
from operator import sub as minus

from psockmc.prove.terms.nodes import BY_NUMBER, Term, const, each_lane, in_lanes, intern, lanes, pairs_of

Parts = dict[Term, int]
"""Terms with their factors."""


def parts_of(term: Term) -> tuple[Parts, int]:
    """A number as a linear combination and a constant."""
    if term.kind == "int":
        return {}, term.value
    if term.kind == "lin":
        return dict(pairs_of(term)), term.value
    if term.kind == "cast":
        return parts_of(term.args[0])
    return {term: 1}, 0


def combination(parts: Parts, constant: int) -> Term:
    """The linear combination of these parts, plus the constant."""
    pairs = tuple([(t, parts[t]) for t in sorted(parts, key=BY_NUMBER) if parts[t]])
    if not pairs:
        return const(constant)
    if constant == 0 and len(pairs) == 1 and pairs[0][1] == 1:
        return pairs[0][0]
    if all(t.kind == "lanes" for t, _ in pairs):
        return _lane_by_lane(pairs, constant)
    term, new = intern(("lin", constant, pairs), "lin", pairs, constant)
    if new:
        term.lo = constant + sum(c * (t.lo if c > 0 else t.hi) for t, c in pairs)
        term.hi = constant + sum(c * (t.hi if c > 0 else t.lo) for t, c in pairs)
    return term


def _lane_by_lane(pairs: Iterable[tuple[Term, int]], constant: int) -> Term:
    """A sum of products of numbers that are known in each lane."""
    rows = [(in_lanes(t) or (), c) for t, c in pairs]
    if len(rows) == 1:
        ((row, factor),) = rows
        return lanes([factor * value + constant for value in row])
    columns = zip(*([factor * value for value in row] for row, factor in rows), strict=True)
    return lanes([constant + sum(column) for column in columns])


def add(left: Term, right: Term, factor: int = 1) -> Term:
    """Left + factor * right."""
    if right.kind == "int":
        if left.kind == "int":
            return const(left.value + factor * right.value)
        if right.value == 0 and left.kind != "cast":
            return left
        if left.kind == "lanes":
            addend = factor * right.value
            return lanes([value + addend for value in in_lanes(left) or ()])
    elif left.kind == right.kind == "lanes" and abs(factor) == 1:
        return lanes(list(map(plus if factor == 1 else minus, each_lane(left), each_lane(right))))
    parts, constant = parts_of(left)
    more, addend = parts_of(right)
    for term, count in more.items():
        parts[term] = parts.get(term, 0) + factor * count
    return combination(parts, constant + factor * addend)


def subtract(left: Term, right: Term) -> Term:
    """Left - right."""
    return add(left, right, -1)


def scale(term: Term, factor: int) -> Term:
    """Factor * term."""
    return add(const(0), term, factor)
