"""Bounds on members of a chain: of several that imply each other, the sharpest are kept."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from psockmc.prove.terms.facts import ranks
from psockmc.prove.terms.nodes import Term
from psockmc.prove.terms.sums import parts_of


@dataclass(frozen=True, slots=True)
class Bound:
    """`member + addend <= rest` (upper) or `member + addend > rest`, for a member of a chain, by its rank."""

    chain: int
    rest: tuple[object, ...]
    upper: bool
    rank: int
    addend: int

    def reaches(self, other: Bound) -> bool:
        """Whether this member plus its addend is at least the other one plus its own, whatever their values."""
        return self.rank >= other.rank and other.addend - self.addend <= self.rank - other.rank

    def opposite(self) -> Bound:
        """The bound that holds where this one does not."""
        return Bound(self.chain, self.rest, not self.upper, self.rank, self.addend)


def bound_of(linear: Term) -> Bound | None:
    """`linear <= 0` as a bound on the one member of a chain that occurs in it."""
    parts, constant = parts_of(linear)
    ranked = [(t, c) for t, c in parts.items() if t in ranks]
    if len(ranked) != 1 or abs(ranked[0][1]) != 1:
        return None
    member, sign = ranked[0]
    chain, rank = ranks[member]
    rest = tuple(sorted((t.number, -sign * c) for t, c in parts.items() if t is not member))
    if sign == 1:
        return Bound(chain, rest, True, rank, constant)
    return Bound(chain, rest, False, rank, 1 - constant)


def bounds_said(term: Term) -> tuple[Bound, ...]:
    """What a comparison that holds says about members of a chain."""
    if term.says is None:
        term.says = _said_by(term)
    return term.says


def _said_by(term: Term) -> tuple[Bound, ...]:
    atom = term.args[0] if term.kind == "not" else term
    if atom.kind not in ("le", "eq"):
        return ()
    bound = atom.bound
    if bound is None or (atom.kind == "eq" and term.kind == "not"):
        return ()
    if atom.kind == "eq":
        upper = bound if bound.upper else Bound(bound.chain, bound.rest, True, bound.rank, bound.addend - 1)
        return upper, Bound(bound.chain, bound.rest, False, bound.rank, upper.addend + 1)
    return (bound.opposite(),) if term.kind == "not" else (bound,)


def keep_sharpest(flat: dict[Term, None], bounds: Callable[[Term], tuple[Bound, ...]]) -> bool:
    """Drops comparisons with a chain that others imply; False when two of them exclude each other.

    bounds: what is looked at of each: what it says or, in a disjunction, what its negation says; what implies another
    one there is not needed.
    """
    kept: dict[tuple[object, ...], list[tuple[Term, Bound]]] = {}
    for term in list(flat):
        for bound in bounds(term):
            group = kept.setdefault((bound.chain, bound.rest), [])
            for other, theirs in list(group):
                if theirs.upper != bound.upper:
                    upper, lower = (bound, theirs) if bound.upper else (theirs, bound)
                    if upper.reaches(lower):
                        return False
                elif other in flat and other is not term and _implied(other) and _says_more(bound, theirs):
                    del flat[other]
                    group.remove((other, theirs))
                elif term in flat and other is not term and _implied(term) and _says_more(theirs, bound):
                    del flat[term]
                    break
            else:
                group.append((term, bound))
    return True


def _implied(term: Term) -> bool:
    """Whether a bound is all that a comparison says: an equation says more."""
    return (term.args[0] if term.kind == "not" else term).kind == "le"


def _says_more(first: Bound, second: Bound) -> bool:
    """Of two upper bounds the one on the greater member says more; of two lower bounds, the other one."""
    return first.reaches(second) if first.upper else second.reaches(first)
