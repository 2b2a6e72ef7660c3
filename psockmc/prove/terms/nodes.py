"""The nodes that terms are made of: each is built once, and numbered in the order in which it was built."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from operator import attrgetter
from typing import TYPE_CHECKING, Any, Final, TypeVar

if TYPE_CHECKING:
    from psockmc.prove.terms.chains import Bound

TRUTH_KINDS = frozenset(("true", "false", "bool", "lane", "le", "eq", "not", "and", "or"))
ATOMS = frozenset(("bool", "lane", "le", "eq"))
ROWS = frozenset(("lane", "lanes"))
VALUES = frozenset(("int", "lanes"))
LANE = "lane"
"""The unknown that says in which lane a run is."""
BY_NUMBER = attrgetter("number")
"""Terms are put in order by it: it is the same whenever a proof is run."""


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
    args: tuple[Any, ...]
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
Table = TypeVar("Table", dict[Any, Any], set[Any])

_table: dict[Key, Term] = {}
_about_terms: list[dict[Any, Any] | set[Any]] = []


def about_terms(table: Table) -> Table:
    """Says that a table is about terms: it is emptied when they are forgotten."""
    _about_terms.append(table)
    return table


def forget() -> None:
    """Drops all terms but the constants, and what is known of them. Older terms must not be used on.

    A term and its negation know each other; cutting these ties lets go of the terms at once, without the collector.
    """
    for term in _table.values():
        term.negated = term.known = None
    TRUE.negated, FALSE.negated = FALSE, TRUE
    _table.clear()
    for table in _about_terms:
        table.clear()
    for term in (TRUE, FALSE):
        _table[(term.kind,)] = term


def intern(key: Key, kind: str, args: tuple[object, ...], value: int = 0, name: str = "") -> tuple[Term, bool]:
    """The node with this key, and whether it is a new one."""
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


def pairs_of(linear: Term) -> Pairs:
    """The terms of a linear combination with their factors."""
    return linear.args


def below(term: Term) -> list[Term]:
    """The terms that a term is made of."""
    if term.kind == "lin":
        return [part for part, _ in pairs_of(term)]
    return [t for t in term.args if isinstance(t, Term)]


TRUE: Final = intern(("true",), "true", ())[0]
FALSE: Final = intern(("false",), "false", ())[0]
TRUE.negated, FALSE.negated = FALSE, TRUE


# ---------------------------------------------------------------- leaves of terms


def const(value: int) -> Term:
    """A known integer."""
    term, new = intern(("int", value), "int", (), value)
    if new:
        term.lo = term.hi = value
    return term


def var(name: str, lo: int, hi: int) -> Term:
    """An unknown integer in lo..hi; a name always stands for the same unknown with the same bounds."""
    if lo == hi:
        return const(lo)
    term, new = intern(("var", name, lo, hi), "var", (), name=name)
    if new:
        term.lo, term.hi = lo, hi
    return term


def lanes(values: Sequence[int]) -> Term:
    """An integer that has this value in each lane."""
    row = tuple(values)
    if row.count(row[0]) == len(row):
        return const(row[0])
    term, new = intern(("lanes", row), "lanes", row)
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
    return intern(("lane", row), "lane", row)[0]


def in_lanes(term: Term) -> tuple[int, ...] | None:
    """The value of a lanes term in each lane; None for other terms."""
    return term.args if term.kind == "lanes" else None


def each_lane(term: Term, width: int = 1) -> Sequence[int]:
    """The value in each lane, of which there are `width` when it is the same in all."""
    return in_lanes(term) or (term.value,) * width


def unknown(name: str) -> Term:
    """An unknown truth value."""
    return intern(("bool", name), "bool", (), name=name)[0]


def boolean(value: bool) -> Term:
    """A known truth value."""
    return TRUE if value else FALSE


def operation(name: str, left: Term, right: Term, lo: int, hi: int) -> Term:
    """A non-linear operation that stays symbolic: `*`, `//`, `%` (of non-negative numbers)."""
    term, new = intern(("op", name, left.number, right.number), "op", (left, right), name=name)
    if new:
        term.lo, term.hi = lo, hi
    return term
