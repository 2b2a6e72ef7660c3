"""Core expressions: what a model text says, with names resolved, equal parts shared and sequences regrouped.

Nodes are interned: equal expressions are one object, so that whatever is computed from a node is computed once.
Sequences and unions are flat; their parts that do not depend on rf and co stand together, to be computed ahead.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from itertools import groupby
from typing import Literal

from psockmc.litmus.model_text import Binary, Expression, ModelText, Name

Op = Literal[
    # leaves: base sets and relations, the name of a recursive definition
    "set",
    "relation",
    "recursive",
    # of sets and relations
    "or",
    "and",
    "minus",
    "not",
    # sets of relations, relations of sets
    "domain",
    "range",
    "identity",
    "product",
    # of relations
    "sequence",
    "plus",
    "inverse",
    "fixpoint",
]

DYNAMIC = frozenset({"rf", "co", "different-values"})
"""The base relations that differ between the executions of one skeleton; everything else is known ahead."""

EVERYTHING = "_"
"""The set of all events."""


class Node:
    """One core expression. name: of a leaf or of a fixpoint. dynamic: depends on a relation of DYNAMIC.

    free: the recursive names in it that no fixpoint in it binds. number: in the order of making, operands first.
    """

    __slots__ = ("dynamic", "free", "is_set", "name", "number", "op", "operands")

    def __init__(self, op: Op, operands: tuple[Node, ...], name: str, number: int) -> None:
        self.op = op
        self.operands = operands
        self.name = name
        self.number = number
        self.is_set: bool = op in ("set", "domain", "range") or (
            op in ("or", "and", "minus", "not") and operands[0].is_set
        )
        free: frozenset[str] = frozenset().union(*(operand.free for operand in operands))
        self.free: frozenset[str] = free | {name} if op == "recursive" else free - {name} if op == "fixpoint" else free
        leaf = op == "relation" and name in DYNAMIC
        # Fixpoints count as dynamic: their loops stand in the inner function.
        self.dynamic: bool = leaf or op == "fixpoint" or any(operand.dynamic for operand in operands)

    def __repr__(self) -> str:
        return f"{self.op} {self.name}".strip() + (f"{self.operands}" if self.operands else "")


class Builder:
    """Makes core expressions from the definitions of one text."""

    def __init__(self, text: ModelText) -> None:
        self.text = text
        self.nodes: dict[tuple[str, tuple[Node, ...], str], Node] = {}
        self.defined: dict[str, Node] = {}
        self.shared: set[Node] = set()
        for name, definition in text.definitions.items():
            body = self.build(definition.body)
            self.defined[name] = self.make("fixpoint", (body,), name) if definition.recursive else body
            if self.defined[name].dynamic:
                self.shared.add(self.defined[name])  # never taken apart again: it is computed once for all its uses

    # ------------------------------------------------------------ from the tree

    def build(self, expression: Expression) -> Node:
        """The core of a checked expression."""
        if isinstance(expression, Name):
            return self._name(expression)
        if isinstance(expression, Binary):
            left, right = self.build(expression.left), self.build(expression.right)
            return self._binary(expression.op, left, right)
        return self._unary(expression.op, self.build(expression.operand))

    def _name(self, expression: Name) -> Node:
        name = expression.name
        if name in self.defined:
            return self.defined[name]
        if name == "id":
            return self.make("identity", (self.make("set", (), EVERYTHING),))
        if name in self.text.definitions:
            return self.make("recursive", (), name)
        return self.make("set" if expression.kind == "set" else "relation", (), name)

    def _binary(self, op: str, left: Node, right: Node) -> Node:
        if op == "|":
            return self.union((left, right))
        if op == ";":
            return self.sequence((left, right))
        if op == "&":
            return self.make("and", (left, right))
        return self.make("minus" if op == "\\" else "product", (left, right))

    def _unary(self, op: str, operand: Node) -> Node:
        plain: dict[str, Op] = {
            "~": "not",
            "+": "plus",
            "^-1": "inverse",
            "[]": "identity",
            "domain": "domain",
            "range": "range",
        }
        if op in plain:
            return self.make(plain[op], (operand,))
        everything = self.make("identity", (self.make("set", (), EVERYTHING),))
        return self.union((everything, operand if op == "?" else self.make("plus", (operand,))))

    # ------------------------------------------------------------ nodes

    def make(self, op: Op, operands: tuple[Node, ...], name: str = "") -> Node:
        """The node of this form; always the same one."""
        key = (op, operands, name)
        node = self.nodes.get(key)
        if node is None:
            node = self.nodes[key] = Node(op, operands, name, len(self.nodes))
        return node

    def union(self, parts: Iterable[Node]) -> Node:
        """The union; parts that are known ahead are united ahead, bare identities stay apart."""
        flat = list(dict.fromkeys(self._flat("or", parts)))
        ahead = [part for part in flat if not part.dynamic and not part.free and part.op != "identity"]
        rest = [part for part in flat if part not in ahead]
        if len(ahead) > 1 and rest:
            ahead = [self.make("or", tuple(ahead))]
        operands = tuple(ahead + rest)
        return operands[0] if len(operands) == 1 else self.make("or", operands)

    def sequence(self, parts: Iterable[Node]) -> Node:
        """The composition; what is known ahead, and what a recursion does not change, is composed first."""
        flat = self._flat("sequence", parts)
        grouped = self._grouped(flat, lambda part: not part.free)
        if len(grouped) == 1:
            grouped = self._grouped(flat, lambda part: not part.dynamic)
        return grouped[0] if len(grouped) == 1 else self.make("sequence", tuple(grouped))

    def _grouped(self, parts: Sequence[Node], first: Callable[[Node], bool]) -> list[Node]:
        """Runs of parts that come first, each composed into one node; the other parts as they are."""
        runs = [(early, list(run)) for early, run in groupby(parts, first)]
        if len(runs) == 1:
            return [self.make("sequence", tuple(parts))] if runs[0][0] and len(parts) > 1 else list(parts)
        found: list[Node] = []
        for early, run in runs:
            found += [self.sequence(run)] if early else run
        return found

    def _flat(self, op: Op, parts: Iterable[Node]) -> list[Node]:
        found: list[Node] = []
        for part in parts:
            found += self._flat(op, part.operands) if part.op == op and part not in self.shared else [part]
        return found
