"""Terms: integers and truth values over unknowns, built once each and simplified while they are built.

Integers are mathematical; what C does to them when they leave their type is made explicit by who builds the term
(`psockmc.prove.machine`). Sums are kept as linear combinations, so that a walk along a ring that adds lengths and takes
them off again yields the number it started from, not a tower of sums. Every integer term knows an interval that
contains it; comparisons which the interval decides become constants at once.

**Lanes.** One number that has few possible values, such as the place at which a ring starts, need not be an
unknown. It is carried as the tuple of all its values, one for each lane, and arithmetic on it is done lane by lane.
Whatever comes out the same in every lane is a constant again: that slot 3 behind the start is not the end holds
wherever the ring starts, without a question to the solver. Only what really depends on the lane becomes a condition
on it.

**Chains.** Unknowns that are known to increase, each greater than the one before (the places at which the elements of a
message end), are ranked. Comparisons of one and the same number with several of them imply each other, and only the
sharpest are kept: that a byte lies behind the third end and behind the second is that it lies behind the third.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from math import gcd
from operator import add as plus
from operator import attrgetter, itemgetter
from operator import eq as equal
from operator import le as less_or_equal
from operator import sub as minus
from typing import Final

TRUTH_KINDS = frozenset(("true", "false", "bool", "lane", "le", "eq", "not", "and", "or"))
ATOMS = frozenset(("bool", "lane", "le", "eq"))
ROWS = frozenset(("lane", "lanes"))
VALUES = frozenset(("int", "lanes"))
LANE = "lane"
MANY_CASES = 80
"""Terms with more than this many possible values are not split into cases."""


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


@dataclass(eq=False, slots=True)
class Term:
    """One node. Two terms are equal iff they are the same object.

    kind of an integer: `int`, `var`, `lanes` (args: its value in each lane), `lin` (args: pairs (term, factor);
    value: the constant), `ite` (condition, then, other), `cast` (a term that is known to lie in lo..hi where it is
    used), `op` (name in `name`; args). Of a truth value: `true`, `false`, `bool` (an unknown), `lane` (args:
    whether it holds, for each lane), `le` and `eq` (args: the linear combination that is <= 0 or == 0), `not`,
    `and`, `or`. lo, hi: bounds of an integer, inclusive. atoms: which comparisons, unknowns and conditions on the
    lane occur in it, a bit for each. bound: of a comparison with a member of a chain; says: all bounds it implies.
    is_int: whether it is a known integer; truth: whether it is a truth value.
    """

    kind: str
    args: tuple[object, ...]
    number: int
    value: int = 0
    name: str = ""
    lo: int = 0
    hi: int = 0
    atoms: int = 0
    bound: Bound | None = None
    says: tuple[Bound, ...] | None = None
    known: Mapping[Term, Term] | None = None
    negated: Term | None = field(default=None, repr=False)
    is_int: bool = False
    truth: bool = False


Key = tuple[object, ...]
Pairs = tuple[tuple[Term, int], ...]
"""Terms with their factors, in the order of the terms' numbers."""
BY_NUMBER = attrgetter("number")
_table: dict[Key, Term] = {}


_ranks: dict[Term, tuple[int, int]] = {}
"""Members of chains: the chain and the rank in it."""
_facts: dict[Pairs, tuple[int | None, int | None]] = {}
"""Assumed bounds of sums of products."""
_untrue: set[Term] = set()
"""Equations that are assumed not to hold."""
_along: dict[tuple[Term, ...], Term] = {}
"""Conjunctions of the conditions on a way that were asked for."""
_intervals: dict[Term, tuple[int, int]] = {}
"""Bounds of integers that were asked for since something was last learned."""


def forget() -> None:
    """Drops all terms but the constants, and all facts. Older terms must not be used on.

    A term and its negation know each other; cutting these ties lets go of the terms at once, without the collector.
    """
    for term in _table.values():
        term.negated = term.known = None
    TRUE.negated, FALSE.negated = FALSE, TRUE
    _table.clear()
    _ranks.clear()
    _facts.clear()
    _untrue.clear()
    _intervals.clear()
    _along.clear()
    for term in (TRUE, FALSE):
        _table[(term.kind,)] = term


def _intern(key: Key, kind: str, args: tuple[object, ...], value: int = 0, name: str = "") -> tuple[Term, bool]:
    found = _table.get(key)
    if found is not None:
        return found, False
    term = Term(kind, args, len(_table), value, name)
    term.is_int = kind == "int"
    term.truth = kind in TRUTH_KINDS
    term.atoms = 1 << term.number if kind in ATOMS else 0
    if kind == "lin":
        for part, _ in pairs_of(term):
            term.atoms |= part.atoms
    elif kind not in ROWS:
        for node in args:
            if isinstance(node, Term):
                term.atoms |= node.atoms
    _table[key] = term
    return term, True


TRUE: Final = _intern(("true",), "true", ())[0]
FALSE: Final = _intern(("false",), "false", ())[0]
TRUE.negated, FALSE.negated = FALSE, TRUE


def learn(fact: Term) -> None:
    """Takes note of an assumption that holds everywhere.

    It bounds a linear combination, or says that it is not 0; one that says that an unknown is less than another makes a
    chain of them. Terms that are built from here on are simplified with it.
    """
    if fact.kind == "and":
        for part in fact.args:
            learn(_term(part))
        return
    atom = _term(fact.args[0]) if fact.kind == "not" else fact
    if fact.kind == "not" and atom.kind == "eq":
        _untrue.add(atom)
    if atom.kind not in ("le", "eq") or (fact.kind == "not" and atom.kind == "eq"):
        return
    linear = _term(atom.args[0])
    parts, constant = _parts(linear)
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
        chain, rank = _ranks.setdefault(less, (len(_ranks), 0))
        if more not in _ranks and (chain, rank + 1) not in _ranks.values():
            _ranks[more] = (chain, rank + 1)


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
    ranked = [(*_ranks[t], c, t) for t, c in pairs if c in (1, -1) and t in _ranks]
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


# ---------------------------------------------------------------- integers


def const(value: int) -> Term:
    """A known integer."""
    term, new = _intern(("int", value), "int", (), value)
    if new:
        term.lo = term.hi = value
    return term


def var(name: str, lo: int, hi: int) -> Term:
    """An unknown integer in lo..hi; a name always stands for the same unknown with the same bounds."""
    if lo == hi:
        return const(lo)
    term, new = _intern(("var", name, lo, hi), "var", (), name=name)
    if new:
        term.lo, term.hi = lo, hi
    return term


def lanes(values: Sequence[int]) -> Term:
    """An integer that has this value in each lane."""
    row = tuple(values)
    if row.count(row[0]) == len(row):
        return const(row[0])
    term, new = _intern(("lanes", row), "lanes", row)
    if new:
        term.lo, term.hi = min(row), max(row)
    return term


def lane(holds: Sequence[bool]) -> Term:
    """A truth value that holds in these lanes."""
    if all(holds):
        return TRUE
    if not any(holds):
        return FALSE
    row = tuple(holds)
    return _intern(("lane", row), "lane", row)[0]


def in_lanes(term: Term) -> tuple[int, ...] | None:
    """The value of a lanes term in each lane; None for other terms."""
    return term.args if term.kind == "lanes" else None  # type: ignore[return-value]


Parts = dict[Term, int]


def pairs_of(linear: Term) -> Pairs:
    """The terms of a linear combination with their factors."""
    return linear.args  # type: ignore[return-value]


def _parts(term: Term) -> tuple[Parts, int]:
    if term.kind == "int":
        return {}, term.value
    if term.kind == "lin":
        return dict(pairs_of(term)), term.value
    if term.kind == "cast":
        return _parts(_term(term.args[0]))
    return {term: 1}, 0


def _linear(parts: Parts, constant: int) -> Term:
    pairs = tuple([(t, parts[t]) for t in sorted(parts, key=BY_NUMBER) if parts[t]])
    if not pairs:
        return const(constant)
    if constant == 0 and len(pairs) == 1 and pairs[0][1] == 1:
        return pairs[0][0]
    if all(t.kind == "lanes" for t, _ in pairs):
        return _lane_by_lane(pairs, constant)
    term, new = _intern(("lin", constant, pairs), "lin", pairs, constant)
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


def cast(term: Term, lo: int, hi: int) -> Term:
    """The same number, where it is known to lie in lo..hi: it must not be used elsewhere."""
    least, greatest = interval(term)
    lo, hi = max(lo, least), min(hi, greatest)
    if (lo, hi) == (term.lo, term.hi) or lo > hi or term.kind in ("int", "lanes"):
        return term
    inner = _term(term.args[0]) if term.kind == "cast" else term
    node, new = _intern(("cast", inner.number, lo, hi), "cast", (inner,))
    if new:
        node.lo, node.hi = lo, hi
    return node


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
        return lanes(list(map(plus if factor == 1 else minus, _row(left), _row(right))))
    parts, constant = _parts(left)
    more, addend = _parts(right)
    for term, count in more.items():
        parts[term] = parts.get(term, 0) + factor * count
    return _linear(parts, constant + factor * addend)


def subtract(left: Term, right: Term) -> Term:
    """Left - right."""
    return add(left, right, -1)


def scale(term: Term, factor: int) -> Term:
    """Factor * term."""
    return add(const(0), term, factor)


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
        sides = zip(cond.args, _row(then, width), _row(other, width), strict=True)
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
        return ite(disjunction((cond, _term(other.args[0]))), then, _term(other.args[2]))
    if other.kind == "ite" and other.args[0] is cond:
        return ite(cond, then, _term(other.args[2]))
    if then.kind == "ite" and then.args[0] is cond:
        return ite(cond, _term(then.args[1]), other)
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
    term, new = _intern(("ite", cond.number, then.number, other.number), "ite", (cond, then, other))
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


def options(term: Term) -> Mapping[Term, Term] | None:
    """`leaves`, or the values of an unknown that has few."""
    if term.kind == "var" and term.hi - term.lo < MANY_CASES:
        return {const(v): _compare("eq", subtract(term, const(v))) for v in range(term.lo, term.hi + 1)}
    return leaves(term)


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


def _row(term: Term, width: int = 1) -> Sequence[int]:
    """The value in each lane, of which there are `width` when it is the same in all."""
    return in_lanes(term) or (term.value,) * width


def _term(part: object) -> Term:
    assert isinstance(part, Term)
    return part


def operation(name: str, left: Term, right: Term, lo: int, hi: int) -> Term:
    """A non-linear operation that stays symbolic: `*`, `//`, `%` (of non-negative numbers)."""
    term, new = _intern(("op", name, left.number, right.number), "op", (left, right), name=name)
    if new:
        term.lo, term.hi = lo, hi
    return term


def cases(term: Term) -> Mapping[int, Term] | None:
    """The values that a term can have, each with the condition under which it has it; None when there are many.

    The conditions exclude each other, and one of them always holds.
    """
    found: dict[int, Term] = {}
    parts = leaves(term)
    if parts is None:
        if term.hi - term.lo >= MANY_CASES:
            return None
        return {v: _compare("eq", subtract(term, const(v))) for v in range(term.lo, term.hi + 1)}
    for leaf, when in parts.items():
        values = in_lanes(leaf) or (leaf.value,)
        for value in dict.fromkeys(values):
            here = TRUE if len(values) == 1 else lane([v == value for v in values])
            found[value] = disjunction((found.get(value, FALSE), conjunction((when, here))))
    return found


# ---------------------------------------------------------------- truth values


def unknown(name: str) -> Term:
    """An unknown truth value."""
    return _intern(("bool", name), "bool", (), name=name)[0]


def boolean(value: bool) -> Term:
    """A known truth value."""
    return TRUE if value else FALSE


def at_most(left: Term, right: Term) -> Term:
    """Left <= right."""
    if left.kind in VALUES and right.kind in VALUES:
        return _pointwise(less_or_equal, left, right)
    difference = subtract(left, right)
    lo, hi = interval(difference)
    if hi <= 0 or left.hi <= right.lo:
        return TRUE
    if lo > 0 or left.lo > right.hi:
        return FALSE
    return _decided(difference, "le")


def equals(left: Term, right: Term) -> Term:
    """Left == right."""
    if left is right:
        return TRUE
    if left.kind in VALUES and right.kind in VALUES:
        return _pointwise(equal, left, right)
    difference = subtract(left, right)
    lo, hi = interval(difference)
    if lo > 0 or hi < 0 or left.lo > right.hi or right.lo > left.hi:
        return FALSE
    return _decided(difference, "eq")


def _pointwise(holds: Callable[[int, int], bool], left: Term, right: Term) -> Term:
    """A comparison of numbers that are known in each lane."""
    if left.is_int and right.is_int:
        return boolean(holds(left.value, right.value))
    width = len(right.args if left.is_int else left.args)
    return lane(list(map(holds, _row(left, width), _row(right, width))))


def _decided(difference: Term, kind: str) -> Term:
    """The comparison with 0, by the cases of the difference where it has few."""
    if difference.kind == "int":
        return boolean(difference.value == 0 if kind == "eq" else difference.value <= 0)
    if (values := in_lanes(difference)) is not None:
        return lane([v == 0 if kind == "eq" else v <= 0 for v in values])
    parts = leaves(difference)
    if parts is not None:
        decided = [(_decided(leaf, kind), when) for leaf, when in parts.items()]
        holds = [conjunction((when, truth)) for truth, when in decided if truth is not FALSE]
        fails = [conjunction((when, negation(truth))) for truth, when in decided if truth is not TRUE]
        return disjunction(holds) if len(holds) <= len(fails) else negation(disjunction(fails))
    return _by_sides(difference, kind) or _compare(kind, difference)


def _by_sides(difference: Term, kind: str) -> Term | None:
    """The comparison of a sum with one `ite`, where both of its sides are decided; else None."""
    pairs = pairs_of(difference) if difference.kind == "lin" else ()
    split = [(part, factor) for part, factor in pairs if part.kind == "ite"]
    if len(split) != 1:
        return None
    ((part, factor),) = split
    rest = add(difference, part, -factor)
    cond, *sides = map(_term, part.args)
    then, other = (_settled(add(rest, side, factor), kind) for side in sides)
    return None if then is None or other is None else choice(cond, then, other)


def _settled(difference: Term, kind: str) -> Term | None:
    """The comparison with 0, where bounds decide it."""
    lo, hi = interval(difference)
    if kind == "le":
        return TRUE if hi <= 0 else FALSE if lo > 0 else None
    return TRUE if lo == hi == 0 else FALSE if lo > 0 or hi < 0 else None


def _compare(kind: str, difference: Term) -> Term:
    parts, constant = _parts(difference)
    divisor = gcd(*parts.values())
    if kind == "eq" and constant % divisor:
        return FALSE
    if kind == "eq":
        # One of the two signs stands for both.
        first = min(parts, key=BY_NUMBER)
        if parts[first] < 0:
            divisor = -divisor
        parts = {t: c // divisor for t, c in parts.items()}
        constant //= divisor
    else:
        parts = {t: c // divisor for t, c in parts.items()}
        constant = -((-constant) // divisor)
        pairs = sorted(parts.items(), key=lambda pair: pair[0].number)
        if pairs[0][1] < 0:
            # not (x <= 0) is 1 - x <= 0: one of the two is a negation of the other.
            opposite = _linear({t: -c for t, c in parts.items()}, 1 - constant)
            return negation(_atom("le", opposite))
    return _atom(kind, _linear(parts, constant))


def _atom(kind: str, linear: Term) -> Term:
    term, new = _intern((kind, linear.number), kind, (linear,))
    if new and _ranks:
        term.bound = _bound(linear)
    return FALSE if term in _untrue else term


def _bound(linear: Term) -> Bound | None:
    """`linear <= 0` as a bound on the one member of a chain that occurs in it."""
    parts, constant = _parts(linear)
    ranked = [(t, c) for t, c in parts.items() if t in _ranks]
    if len(ranked) != 1 or abs(ranked[0][1]) != 1:
        return None
    member, sign = ranked[0]
    chain, rank = _ranks[member]
    rest = tuple(sorted((t.number, -sign * c) for t, c in parts.items() if t is not member))
    if sign == 1:
        return Bound(chain, rest, True, rank, constant)
    return Bound(chain, rest, False, rank, 1 - constant)


def _bounds(term: Term) -> tuple[Bound, ...]:
    """What a comparison that holds says about members of a chain."""
    if term.says is None:
        term.says = _said_by(term)
    return term.says


def _said_by(term: Term) -> tuple[Bound, ...]:
    atom = _term(term.args[0]) if term.kind == "not" else term
    if atom.kind not in ("le", "eq"):
        return ()
    bound = atom.bound
    if bound is None or (atom.kind == "eq" and term.kind == "not"):
        return ()
    if atom.kind == "eq":
        upper = bound if bound.upper else Bound(bound.chain, bound.rest, True, bound.rank, bound.addend - 1)
        return upper, Bound(bound.chain, bound.rest, False, bound.rank, upper.addend + 1)
    return (bound.opposite(),) if term.kind == "not" else (bound,)


def _keep_sharpest(flat: dict[Term, None], conjoined: bool) -> bool:
    """Drops comparisons with a chain that others imply; False when two of them exclude each other.

    Of a disjunction, the negations are looked at: what implies another one there is not needed.
    """
    kept: dict[tuple[object, ...], list[tuple[Term, Bound]]] = {}
    for term in list(flat):
        for bound in _bounds(term if conjoined else negation(term)):
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
    return (_term(term.args[0]) if term.kind == "not" else term).kind == "le"


def _says_more(first: Bound, second: Bound) -> bool:
    """Of two upper bounds the one on the greater member says more; of two lower bounds, the other one."""
    return first.reaches(second) if first.upper else second.reaches(first)


def negation(term: Term) -> Term:
    """Not term."""
    if term.negated is None:
        if term.kind == "not":
            opposite = _term(term.args[0])
        elif term.kind == "lane":
            opposite = lane([not holds for holds in term.args])
        elif term.kind == "and":
            opposite = disjunction(negation(_term(part)) for part in term.args)
        elif term.kind == "or":
            opposite = conjunction(negation(_term(part)) for part in term.args)
        else:
            opposite = _intern(("not", term.number), "not", (term,))[0]
        term.negated = opposite
        # What is never true may not have been known as such: it is the negation of TRUE, but TRUE's is FALSE.
        if opposite.negated is None:
            opposite.negated = term
    return term.negated


def conjunction(terms: Iterable[Term]) -> Term:
    """All of them."""
    flat: dict[Term, None] = {}
    for term in terms:
        if term is FALSE:
            return FALSE
        if term.kind == "and":
            flat.update(dict.fromkeys(term.args))  # type: ignore[arg-type]
        elif term is not TRUE:
            flat[term] = None
    if not _merge_lanes(flat, all) or (_ranks and len(flat) > 1 and not _keep_sharpest(flat, True)):
        return FALSE
    for term in flat:
        if term.negated is not None and term.negated in flat:
            return FALSE
    return _gathered("and", flat, TRUE)


def along(taken: tuple[Term, ...]) -> Term:
    """All of the conditions that led to a place: asked for again and again while a run is there."""
    if len(taken) < 2:
        return taken[0] if taken else TRUE
    found = _along.get(taken)
    if found is None:
        found = _along[taken] = conjunction(taken)
    return found


def _merge_lanes(flat: dict[Term, None], both: Callable[[Iterable[object]], bool]) -> bool:
    """Makes one condition on the lane of several; False when that decides the whole."""
    found = [term for term in flat if term.kind == "lane"]
    if len(found) < 2:
        return True
    for term in found:
        del flat[term]
    merged = lane([both(column) for column in zip(*(term.args for term in found), strict=True)])
    if merged.kind == "lane":
        flat[merged] = None
    return merged is not (FALSE if both is all else TRUE)


def disjunction(terms: Iterable[Term]) -> Term:
    """One of them at least; what all of them demand is demanded once."""
    flat: dict[Term, None] = {}
    for term in terms:
        if term is TRUE:
            return TRUE
        if term.kind == "or":
            flat.update(dict.fromkeys(term.args))  # type: ignore[arg-type]
        elif term is not FALSE:
            flat[term] = None
    if not _merge_lanes(flat, any) or (_ranks and len(flat) > 1 and not _keep_sharpest(flat, False)):
        return TRUE
    for term in flat:
        if term.negated is not None and term.negated in flat:
            return TRUE
    if len(flat) > 1:
        factored = _factored(flat)
        if factored is not None:
            return factored
    return _gathered("or", flat, FALSE)


def _demands(term: Term) -> tuple[object, ...]:
    return term.args if term.kind == "and" else (term,)


def _factored(flat: dict[Term, None]) -> Term | None:
    """What all alternatives demand, and one of the rests: `a and b or a and c` is `a and (b or c)`."""
    sets = [dict.fromkeys(_demands(term)) for term in flat]
    common = [t for t in sets[0] if all(t in s for s in sets[1:])]
    if not common:
        return None
    rests = [conjunction(_term(t) for t in s if t not in common) for s in sets]
    return conjunction((*map(_term, common), disjunction(rests)))


def _gathered(kind: str, flat: dict[Term, None], empty: Term) -> Term:
    if not flat:
        return empty
    if len(flat) == 1:
        return next(iter(flat))
    args = tuple(sorted(flat, key=BY_NUMBER))
    return _intern((kind, args), kind, args)[0]


def implies(cond: Term, then: Term) -> Term:
    """Where the condition holds, `then` holds."""
    parts = [_term(part) for part in cond.args] if cond.kind == "and" else [cond]
    return disjunction((*map(negation, parts), then))


def choice(cond: Term, then: Term, other: Term) -> Term:
    """`ite` for truth values."""
    if cond is TRUE or then is other:
        return then
    if cond is FALSE:
        return other
    if then is TRUE:
        return disjunction((cond, other))
    if then is FALSE:
        return conjunction((negation(cond), other))
    if other is TRUE:
        return disjunction((negation(cond), then))
    if other is FALSE:
        return conjunction((cond, then))
    return disjunction((conjunction((cond, then)), conjunction((negation(cond), other))))


# ---------------------------------------------------------------- simplification


class Given:
    """Terms as they are where a condition holds: what it decides is put in."""

    def __init__(self, cond: Term) -> None:
        self.memo: dict[Term, Term] = {}
        self.atoms = cond.atoms
        self._learn(cond)

    def _learn(self, cond: Term) -> None:
        if cond.kind == "and":
            for part in cond.args:
                self._learn(_term(part))
        if cond is not TRUE:
            self.memo[cond] = TRUE
            self.memo[negation(cond)] = FALSE

    def __call__(self, term: Term) -> Term:
        """The term, simplified; equal to it wherever the condition holds."""
        if not term.atoms & self.atoms:
            return term
        found = self.memo.get(term)
        if found is None:
            found = self.memo[term] = self._simpler(term)
        return found

    def _simpler(self, term: Term) -> Term:
        args = term.args
        match term.kind:
            case "ite":
                cond = self(_term(args[0]))
                if cond is TRUE:
                    return self(_term(args[1]))
                if cond is FALSE:
                    return self(_term(args[2]))
                return ite(cond, self(_term(args[1])), self(_term(args[2])))
            case "lin":
                parts: Parts = {}
                constant = term.value
                for part, factor in pairs_of(term):
                    more, addend = _parts(self(part))
                    constant += addend * factor
                    for t, c in more.items():
                        parts[t] = parts.get(t, 0) + c * factor
                return _linear(parts, constant)
            case "cast":
                return cast(self(_term(args[0])), term.lo, term.hi)
            case "not":
                return negation(self(_term(args[0])))
            case "and":
                return conjunction(self(_term(t)) for t in args)
            case "or":
                return disjunction(self(_term(t)) for t in args)
            case "le" | "eq":
                linear = _term(args[0])
                simpler = self(linear)
                if simpler is linear:
                    return term
                return at_most(simpler, const(0)) if term.kind == "le" else equals(simpler, const(0))
            case "op":
                left, right = self(_term(args[0])), self(_term(args[1]))
                return operation(term.name, left, right, term.lo, term.hi)
        return term


# ---------------------------------------------------------------- values


Assignment = Mapping[str, int]


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


def below(term: Term) -> list[Term]:
    """The terms that a term is made of."""
    if term.kind == "lin":
        return [part for part, _ in pairs_of(term)]
    return [t for t in term.args if isinstance(t, Term)]


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
            return int(args[values.get(LANE, 0)])  # type: ignore[call-overload,no-any-return]
        case "lin":
            return term.value + sum(memo[t] * c for t, c in pairs_of(term))
        case "cast":
            return memo[_term(args[0])]
        case "ite":
            return memo[_term(args[1] if memo[_term(args[0])] else args[2])]
        case "le":
            return int(memo[_term(args[0])] <= 0)
        case "eq":
            return int(memo[_term(args[0])] == 0)
        case "not":
            return 1 - memo[_term(args[0])]
        case "and":
            return int(all(memo[_term(t)] for t in args))
        case "or":
            return int(any(memo[_term(t)] for t in args))
    return _operate(term.name, memo[_term(args[0])], memo[_term(args[1])])


def _operate(name: str, left: int, right: int) -> int:
    match name:
        case "*":
            return left * right
        case "//":
            return left // right if right else 0
        case _:
            return left % right if right else 0
