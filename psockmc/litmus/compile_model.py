"""From core expressions to Python: a function that prepares a skeleton, and in it one that judges its executions.

What depends on the skeleton alone is computed when the outer function runs; the inner one computes the rest for each rf
and co, axiom by axiom, and returns at the first one that fails. A part that can only be non-empty if some static set or
relation is (RCU needs a grace period) stands behind a test of it, in both functions.

While a relation is made it is held as a pair: a packed relation and a set of events whose identity belongs to it too.
So `r?` and `r*` cost nothing, and composing never steps through an identity.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

from psockmc.litmus.core import EVERYTHING, Builder, Node
from psockmc.litmus.guards import ANYTHING, Guards
from psockmc.litmus.model_text import Axiom


@dataclass(slots=True)
class _Pair:
    """relation: the variable with the packed relation, "" if there is none. dynamic: of that variable.

    same: the set whose identity belongs to the relation too, None for the empty one.
    """

    relation: str
    dynamic: bool
    same: Node | None


class _Scope:
    """The lines of one function body and the variables that are known in it; inner blocks see the outer ones."""

    def __init__(self, depth: int) -> None:
        self.depth = depth
        self.lines: list[str] = []
        self.known: list[dict[object, str]] = [{}]
        self.pairs: list[dict[Node, _Pair]] = [{}]

    def add(self, line: str) -> None:
        self.lines.append("    " * self.depth + line)

    def find(self, key: object) -> str | None:
        return next((block[key] for block in reversed(self.known) if key in block), None)

    def find_pair(self, node: Node) -> _Pair | None:
        return next((block[node] for block in reversed(self.pairs) if node in block), None)

    @contextmanager
    def block(self, head: str) -> Iterator[None]:
        """An indented block; what it computes is forgotten behind it."""
        self.add(head)
        self.depth += 1
        self.known.append({})
        self.pairs.append({})
        yield
        self.known.pop()
        self.pairs.pop()
        self.depth -= 1


class Emitter:
    """Writes the Python of one judge function.

    The result of `source()` defines `prepare(u, sets, relations)` (u: the Universe; sets: masks by key; relations:
    a function that gives packed relations by name), which returns the inner function.
    """

    def __init__(self, builder: Builder, parameters: str, keys: Mapping[str, str]) -> None:
        """keys: the key in `sets` of each base set."""
        self.builder = builder
        self.keys = keys
        self.parameters = parameters
        self.ahead = _Scope(1)
        self.inner = _Scope(2)
        self.count = 0
        self.guards = Guards()
        self.everything = builder.make("set", (), EVERYTHING)

    def source(self) -> str:
        """The whole module text."""
        head = ["def prepare(u, sets, relations):"]
        kernel = ("compose", "compose_at", "compose_rows", "compose_columns", "compose_inverse", "closure", "inverse")
        head += [f"    {name} = u.{name}" for name in (*kernel, "diagonal")]
        inner = [f"    def judge({self.parameters}):", *self.inner.lines, "    return judge", ""]
        return "\n".join([*head, *self.ahead.lines, *inner])

    # ------------------------------------------------------------ lines

    def _scope(self, dynamic: bool) -> _Scope:
        return self.inner if dynamic else self.ahead

    def _let(self, key: object, dynamic: bool, code: str, hint: str = "v") -> str:
        """The variable that holds this code's value; written once per scope."""
        scope = self._scope(dynamic)
        found = scope.find(key)
        if found is None:
            found = self._fresh(hint)
            scope.add(f"{found} = {code}")
            scope.known[-1][key] = found
        return found

    def _fresh(self, hint: str) -> str:
        self.count += 1
        return f"{hint}{self.count}"

    # ------------------------------------------------------------ sets

    def _set(self, node: Node) -> str:
        """The variable with the mask of a set."""
        op = node.op
        if op == "set":
            code = "u.row" if node.name == EVERYTHING else f"sets[{self.keys[node.name]!r}]"
        elif op in ("domain", "range"):
            code = f"u.{op}({self._relation(node.operands[0])})"
        else:
            code = self._boolean(node, [self._set(operand) for operand in node.operands], "u.row")
        return self._let(node, node.dynamic, code, "s")

    @staticmethod
    def _boolean(node: Node, operands: list[str], full: str) -> str:
        if node.op == "not":
            return f"{full} ^ {operands[0]}"
        if node.op == "minus":
            return f"{operands[0]} & ~{operands[1]}"
        return (" | " if node.op == "or" else " & ").join(operands)

    def _intersection(self, left: Node | None, right: Node | None) -> Node | None:
        """The set node of both; None is the empty set."""
        if left is None or right is None:
            return None
        if left is right or _is_everything(right):
            return left
        return right if _is_everything(left) else self.builder.make("and", (left, right))

    def _union(self, left: Node | None, right: Node | None) -> Node | None:
        if left is None or right is None or left is right:
            return left or right
        whole = next((node for node in (left, right) if _is_everything(node)), None)
        return whole or self.builder.make("or", (left, right))

    # ------------------------------------------------------------ relations

    def _relation(self, node: Node) -> str:
        """The variable with the whole packed relation."""
        found = self._scope(node.dynamic or bool(node.free)).find(node)
        if found is not None:
            return found
        pair = self._pair(node)
        if pair.same is None:
            return pair.relation or "0"
        same = "diagonal" if _is_everything(pair.same) else self._identity(pair.same)
        if not pair.relation:
            return same
        return self._let((node, "whole"), pair.dynamic or pair.same.dynamic, f"{pair.relation} | {same}", "r")

    def _identity(self, events: Node) -> str:
        return self._let(("identity", events), events.dynamic, f"u.identity({self._set(events)})", "i")

    def _pair(self, node: Node) -> _Pair:
        """The relation as a pair; made once per scope."""
        scope = self._scope(node.dynamic or bool(node.free))
        found = scope.find_pair(node)
        if found is None:
            found = scope.pairs[-1][node] = self._new_pair(node)
        return found

    def _new_pair(self, node: Node) -> _Pair:
        dynamic = node.dynamic or bool(node.free)
        if node.op == "identity":
            return _Pair("", False, node.operands[0])
        if node.op == "or":
            return self._pair_of_union(node)
        if node.op == "sequence":
            return self._pair_of_sequence(node)
        if node.op == "plus":
            inner = self._pair(node.operands[0])
            if not inner.relation:
                return inner
            code = f"closure({inner.relation}) if {inner.relation} else 0"
            return _Pair(self._let((node, "closure"), inner.dynamic, code, "c"), inner.dynamic, inner.same)
        if node.op == "recursive":
            variable = self.inner.find(node)
            assert variable is not None, f"{node.name} is used outside its definition"
            return _Pair(variable, True, None)
        if node.op == "fixpoint":
            return _Pair(self._fixpoint(node), True, None)
        return _Pair(self._let(node, dynamic, self._simple(node), "r"), dynamic, None)

    def _simple(self, node: Node) -> str:
        """The code of an operation that needs its operands as whole relations or as sets."""
        op = node.op
        if op == "relation":
            return f"relations({node.name!r})" if not node.dynamic else node.name.replace("-", "_")
        if op == "product":
            return f"u.product({self._set(node.operands[0])}, {self._set(node.operands[1])})"
        operands = [self._relation(operand) for operand in node.operands]
        if op == "inverse":
            return f"inverse({operands[0]})"
        assert op in ("and", "minus", "not"), op
        return self._boolean(node, operands, "u.full")

    def _pair_of_union(self, node: Node) -> _Pair:
        pairs = [self._pair(operand) for operand in node.operands]
        same: Node | None = None
        for pair in pairs:
            same = self._union(same, pair.same)
        named = [pair for pair in pairs if pair.relation]
        if len(named) < 2:
            return _Pair(named[0].relation, named[0].dynamic, same) if named else _Pair("", False, same)
        dynamic = any(pair.dynamic for pair in named)
        code = " | ".join(pair.relation for pair in named)
        return _Pair(self._let((node, "union"), dynamic, code, "r"), dynamic, same)

    # ------------------------------------------------------------ sequences

    def _pair_of_sequence(self, node: Node) -> _Pair:
        """From left to right; a bracket between two relations narrows the events that they meet at."""
        parts = list(node.operands)
        left = self._pair_of_inverse(parts) or self._pair(parts.pop(0))
        at = self.everything
        for index, part in enumerate(parts):
            if part.op == "identity" and left.relation and left.same is None and index + 1 < len(parts):
                at = self._intersection(at, part.operands[0]) or at
            else:
                left = self._composed(left, at, self._pair(part))
                at = self.everything
        return left

    def _pair_of_inverse(self, parts: list[Node]) -> _Pair | None:
        """`a^-1 ; b` in one step; takes both parts away."""
        if parts[0].op != "inverse" or not parts[0].dynamic or len(parts) < 2:
            return None
        inverse = parts[0].operands[0]
        inner, right = self._pair(inverse), self._pair(parts[1])
        if inner.same is not None or right.same is not None or not inner.relation or not right.relation:
            return None
        key = ("sequence", parts[0], parts[1])
        del parts[:2]
        return _Pair(self._let(key, True, f"compose_inverse({inner.relation}, {right.relation})", "r"), True, None)

    def _composed(self, left: _Pair, at: Node, right: _Pair) -> _Pair:
        """The pair of left ; [at] ; right."""
        terms: list[tuple[str, bool]] = []
        if left.relation and right.relation:
            terms.append(self._step(left, at, right))
        if left.relation and (same := self._intersection(at, right.same)):
            terms.append(self._restricted(left, same, "range"))
        if right.relation and (same := self._intersection(left.same, at)):
            terms.append(self._restricted(right, same, "domain"))
        same = self._intersection(self._intersection(left.same, at), right.same)
        if not terms:
            return _Pair("", False, same)
        dynamic = any(term[1] for term in terms)
        names = [term[0] for term in terms]
        name = names[0] if len(names) == 1 else self._let(("sum", *names), dynamic, " | ".join(names), "r")
        return _Pair(name, dynamic, same)

    def _step(self, left: _Pair, at: Node, right: _Pair) -> tuple[str, bool]:
        """The composition of two packed relations, by the operation that knows most ahead."""
        a, b = left.relation, right.relation
        if left.dynamic and not (right.dynamic or at.dynamic):
            rows = f"u.rows_of({self._restricted(right, at, 'domain')[0]})"
            b = self._let(("rows", b, at), False, rows, "k")
            code = f"compose_rows({a}, {b})"
        elif right.dynamic and not (left.dynamic or at.dynamic):
            columns = f"u.columns_of({self._restricted(left, at, 'range')[0]})"
            a = self._let(("columns", a, at), False, columns, "k")
            code = f"compose_columns({a}, {b})"
        elif _is_everything(at):
            code = f"compose({a}, {b})"
        else:
            code = f"compose_at({a}, {b}, {self._members(at)})"
        dynamic = left.dynamic or right.dynamic or at.dynamic
        key = ("step", left.relation, at, right.relation)
        return self._let(key, dynamic, f"{code} if {a} and {b} else 0", "r"), dynamic

    def _members(self, events: Node) -> str:
        return self._let(("members", events), events.dynamic, f"u.members({self._set(events)})", "m")

    def _restricted(self, pair: _Pair, events: Node, side: str) -> tuple[str, bool]:
        """The relation with its domain or range restricted to a set."""
        if _is_everything(events):
            return pair.relation, pair.dynamic
        sides = (self._set(events), "u.row") if side == "domain" else ("u.row", self._set(events))
        mask = self._let((side, events), events.dynamic, f"u.product({sides[0]}, {sides[1]})", "p")
        dynamic = pair.dynamic or events.dynamic
        return self._let((side, pair.relation, events), dynamic, f"{pair.relation} & {mask}", "r"), dynamic

    # ------------------------------------------------------------ fixpoints

    def _fixpoint(self, node: Node) -> str:
        """The least solution, by iteration from the empty relation."""
        scope = self.inner
        found = scope.find(node)
        if found is not None:
            return found
        body = node.operands[0]
        self._hoist(body)
        name = self._fresh("x")
        scope.add(f"{name} = 0")
        with scope.block("while True:"):
            scope.known[-1][self.builder.make("recursive", (), node.name)] = name
            following = self._relation(body)
            scope.add(f"if {following} == {name}:")
            scope.add("    break")
            scope.add(f"{name} = {following}")
        scope.known[-1][node] = name
        return name

    def _hoist(self, node: Node) -> None:
        """Computes before the loop what does not change in it."""
        for operand in node.operands:
            if operand.free:
                self._hoist(operand)
            elif operand.is_set:
                self._set(operand)
            elif operand.op != "identity":
                self._pair(operand)

    # ------------------------------------------------------------ axioms

    def _guarded(self, node: Node) -> str:
        """A condition over what is known ahead without which the relation or set is empty; "" if there is none."""
        alternatives = self.guards.of(node)
        if alternatives == ANYTHING:
            return ""
        texts = []
        for needed in sorted(alternatives, key=lambda needed: sorted(part.number for part in needed)):
            ordered = sorted(needed, key=lambda part: part.number)
            texts.append(" and ".join(self._set(part) if part.is_set else self._relation(part) for part in ordered))
        if not texts:
            return "False"
        condition = texts[0] if len(texts) == 1 else " or ".join(f"({text})" for text in texts)
        return self._let(("guard", node), False, condition, "g")

    def check(self, axiom: Axiom, node: Node, failed: str) -> None:
        """The lines that run the statement `failed` where the axiom does not hold (or the flag is raised).

        In `failed`, `{found}` stands for the variable with what was found.
        """
        condition = self._guarded(node)
        if condition:
            with self.ahead.block(f"if {condition}:"), self.inner.block(f"if {condition}:"):
                self.ahead.add("pass")
                self._verdict(axiom, node, failed)
        else:
            self._verdict(axiom, node, failed)

    def _verdict(self, axiom: Axiom, node: Node, failed: str) -> None:
        if axiom.check == "acyclic":
            found = f"{self._relation(self.builder.make('plus', (node,)))} & diagonal"
        elif axiom.check == "irreflexive":
            found = f"{self._relation(node)} & diagonal"
        else:
            found = self._set(node) if node.is_set else self._relation(node)
        self.inner.add(f"if {found}:")
        self.inner.add("    " + failed.format(found=found))


def _is_everything(node: Node | None) -> bool:
    """Whether this is the set of all events."""
    return node is not None and node.op == "set" and node.name == EVERYTHING


Prepare = Callable[..., Callable[..., object]]
"""(universe, sets, relations) -> the function that judges."""


def compile_source(source: str, name: str) -> Prepare:
    """The `prepare` of a generated source. name: what tracebacks call the file."""
    space: dict[str, Prepare] = {}
    exec(compile(source, f"<model {name}>", "exec"), space)
    return space["prepare"]
