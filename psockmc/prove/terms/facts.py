"""What is assumed of numbers: bounds of sums, equations that do not hold, unknowns that increase (chains)."""

from __future__ import annotations

from collections.abc import Callable
from operator import itemgetter

from psockmc.prove.terms.nodes import BY_NUMBER, Pairs, Term, about_terms, const, intern, pairs_of
from psockmc.prove.terms.sums import Parts, parts_of, subtract

ranks: dict[Term, tuple[int, int]] = about_terms({})
"""Members of chains: the chain and the rank in it."""
untrue: set[Term] = about_terms(set())
"""Equations that are assumed not to hold."""
_facts: dict[Pairs, tuple[int | None, int | None]] = about_terms({})
"""Assumed bounds of sums of products."""
_intervals: dict[Term, tuple[int, int]] = about_terms({})
"""Bounds of integers that were asked for since something was last learned."""


def learn(fact: Term) -> None:
    """Takes note of an assumption that holds everywhere.

    It bounds a linear combination, or says that it is not 0; one that says that an unknown is less than another makes a
    chain of them. Terms that are built from here on are simplified with it.
    """
    if fact.kind == "and":
        for part in fact.args:
            learn(part)
        return
    atom = fact.args[0] if fact.kind == "not" else fact
    if fact.kind == "not" and atom.kind == "eq":
        untrue.add(atom)
    if atom.kind not in ("le", "eq") or (fact.kind == "not" and atom.kind == "eq"):
        return
    linear = atom.args[0]
    parts, constant = parts_of(linear)
    _intervals.clear()
    # Of linear == parts + constant: at most 0, or at least 1, or 0.
    if atom.kind == "eq":
        _bind(parts, -constant, -constant)
    elif fact.kind == "not":
        _bind(parts, 1 - constant, None)
    else:
        _bind(parts, None, -constant)
    _chain(subtract(const(1), linear) if fact.kind == "not" else linear)


def _bind(parts: Parts, lo: int | None, hi: int | None) -> None:
    """Notes bounds of a sum of products, and of its negation."""
    for sign, least, greatest in ((1, lo, hi), (-1, None if hi is None else -hi, None if lo is None else -lo)):
        key = tuple([(t, sign * parts[t]) for t in sorted(parts, key=BY_NUMBER)])
        old = _facts.get(key, (None, None))
        _facts[key] = (_either(max, old[0], least), _either(min, old[1], greatest))


def _either(pick: Callable[[int, int], int], first: int | None, second: int | None) -> int | None:
    if first is None or second is None:
        return second if first is None else first
    return pick(first, second)


def _chain(linear: Term) -> None:
    """Ranks two unknowns when `linear <= 0` says that one of them is less than the other."""
    pairs: list[tuple[Term, int]] = list(pairs_of(linear)) if linear.kind == "lin" else []
    if linear.value >= 1 and sorted(c for _, c in pairs) == [-1, 1] and all(t.kind == "var" for t, _ in pairs):
        less, more = (next(t for t, c in pairs if c == sign) for sign in (1, -1))
        chain, rank = ranks.setdefault(less, (len(ranks), 0))
        if more not in ranks and (chain, rank + 1) not in ranks.values():
            ranks[more] = (chain, rank + 1)


def interval(term: Term) -> tuple[int, int]:
    """Bounds of an integer, inclusive, with what was assumed about it."""
    if not _facts or term.kind not in ("lin", "var"):
        return term.lo, term.hi
    found = _intervals.get(term)
    if found is None:
        found = _intervals[term] = _interval(term)
    return found


def _interval(term: Term) -> tuple[int, int]:
    pairs, constant = (pairs_of(term), term.value) if term.kind == "lin" else (((term, 1),), 0)
    lo, hi = _within_chain(pairs, term.lo, term.hi) if len(pairs) > 1 else (term.lo, term.hi)
    known = _facts.get(pairs)
    if known is not None:
        lo = lo if known[0] is None else max(lo, known[0] + constant)
        hi = hi if known[1] is None else min(hi, known[1] + constant)
    return lo, hi


def _within_chain(pairs: Pairs, lo: int, hi: int) -> tuple[int, int]:
    """Sharper bounds: the difference of two members of a chain is at least that of their ranks.

    lo, hi: what the parts say one by one. A member that is added is paired with a lower one that is taken off.
    """
    ranked = [(*ranks[t], c, t) for t, c in pairs if c in (1, -1) and t in ranks]
    if len(ranked) < 2:
        return lo, hi
    ranked.sort(key=itemgetter(0, 1), reverse=True)
    higher: dict[tuple[int, int], list[tuple[int, Term]]] = {}
    for chain, rank, sign, member in ranked:
        above = higher.get((chain, -sign))
        if not above:
            higher.setdefault((chain, sign), []).append((rank, member))
            continue
        top, other = above.pop()
        if sign < 0:
            lo += max(0, top - rank - (other.lo - member.hi))
        else:
            hi -= max(0, top - rank + (member.hi - other.lo))
    return lo, hi


def cast(term: Term, lo: int, hi: int) -> Term:
    """The same number, where it is known to lie in lo..hi: it must not be used elsewhere."""
    least, greatest = interval(term)
    lo, hi = max(lo, least), min(hi, greatest)
    if (lo, hi) == (term.lo, term.hi) or lo > hi or term.kind in ("int", "lanes"):
        return term
    inner = term.args[0] if term.kind == "cast" else term
    node, new = intern(("cast", inner.number, lo, hi), "cast", (inner,))
    if new:
        node.lo, node.hi = lo, hi
    return node
