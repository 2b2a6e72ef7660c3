"""What must be there for a relation to be non-empty: tests that spare the compiled models work.

RCU's relations need a grace period, the fence relations a fence. A guard states that as alternatives over sets and
relations that are known ahead; without any of them the guarded relation is empty, whatever rf and co are.
"""

from __future__ import annotations

from collections.abc import Iterable

from psockmc.litmus.core import EVERYTHING, Node

Guard = frozenset[frozenset[Node]]
"""Alternatives, each a set of static nodes that must all be non-empty; no alternative at all: always empty."""

NEVER: Guard = frozenset()
ANYTHING: Guard = frozenset({frozenset()})

HARDLY_EMPTY = frozenset({EVERYTHING, "R", "W", "M", "Marked", "IW", "po", "loc", "int", "ext"})
"""Base sets and relations that testing gains nothing from."""

_LIMIT = 6
"""With more alternatives than that a test costs more than it spares."""


class Guards:
    """Guards of nodes, remembered."""

    def __init__(self) -> None:
        self._found: dict[Node, Guard] = {}

    def of(self, node: Node) -> Guard:
        """The guard of an expression without free recursive names."""
        return self._of(node, {})

    def _of(self, node: Node, assumed: dict[str, Guard]) -> Guard:
        """assumed: the guards of recursive names."""
        if node.free:
            return self._new(node, assumed)
        found = self._found.get(node)
        if found is None:
            found = self._found[node] = self._new(node, assumed)
        return found

    def _new(self, node: Node, assumed: dict[str, Guard]) -> Guard:
        op = node.op
        if op == "recursive":
            return assumed[node.name]
        if op == "fixpoint":
            return self._fixpoint(node, assumed)
        if op == "relation" and node.dynamic:
            return ANYTHING
        if not node.dynamic and not node.free and op != "identity":
            return ANYTHING if _hardly_empty(node) else frozenset({frozenset({node})})
        if op in ("or", "identity", "plus", "inverse", "domain", "range"):
            parts = [self._of(operand, assumed) for operand in node.operands]
            return _simplest(alternative for part in parts for alternative in part)
        if op in ("and", "sequence", "product"):
            return _all_of(self._of(operand, assumed) for operand in node.operands)
        return self._of(node.operands[0], assumed) if op == "minus" else ANYTHING

    def _fixpoint(self, node: Node, assumed: dict[str, Guard]) -> Guard:
        """Every chain needs a first link: what the body needs where the name itself is still empty.

        That it suffices is checked: with it assumed for the name, the body needs the same.
        """
        first = self._of(node.operands[0], {**assumed, node.name: NEVER})
        second = self._of(node.operands[0], {**assumed, node.name: first})
        return first if second == first else ANYTHING


def _hardly_empty(node: Node) -> bool:
    if node.op in ("or", "identity"):
        return any(_hardly_empty(operand) for operand in node.operands)
    return node.op in ("set", "relation") and node.name in HARDLY_EMPTY


def _simplest(alternatives: Iterable[frozenset[Node]]) -> Guard:
    """Without the alternatives that need more than another one; too many say nothing."""
    distinct = frozenset(alternatives)
    minimal = frozenset(one for one in distinct if not any(other < one for other in distinct))
    return minimal if len(minimal) <= _LIMIT else ANYTHING


def _all_of(guards: Iterable[Guard]) -> Guard:
    found = ANYTHING
    for one in guards:
        found = _simplest(left | right for left in found for right in one)
    return found
