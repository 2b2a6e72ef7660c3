"""Why a pair is in a relation: the derivation of each pair from the relations that an execution brings along.

This evaluates the text itself, expression by expression, and is slow and simple: the compiled model decides, this
explains.
"""

from __future__ import annotations

import heapq
from dataclasses import dataclass
from functools import cached_property

from psockmc.litmus.execution import Execution
from psockmc.litmus.model import Model, different_values, set_name
from psockmc.litmus.model_text import Axiom, Binary, Expression, Name, Unary
from psockmc.litmus.relations import Relation, Universe, universe

_FAR = 1 << 20
"""Costs of a step of a cycle: the number of steps counts first, then that of the pairs they unfold to."""


_CONTEXT = ("int", "ext", "loc", "different-values")


@dataclass(frozen=True, slots=True)
class Derivation:
    """A pair of a named relation and the path of pairs it is made of; a base relation has no parts."""

    name: str
    source: int
    target: int
    parts: tuple[Derivation, ...] = ()

    def base(self) -> tuple[Derivation, ...]:
        """The path of base pairs."""
        return tuple(pair for part in self.parts for pair in part.base()) if self.parts else (self,)


Path = tuple[Derivation, ...]
"""Derivations one behind the other; the empty path stays where it is."""


class Derivations:
    """The derivations of one execution under one model; the shortest ones, remembered."""

    def __init__(self, model: Model, execution: Execution) -> None:
        self.model = model
        self.execution = execution
        self.universe: Universe = universe(execution.n)
        self._values: dict[Expression | str, int] = {}
        self._rounds: dict[str, list[Relation]] = {}
        self._paths: dict[tuple[Expression, int, int], Path] = {}
        self._defining: dict[str, Relation] = {}

    # ------------------------------------------------------------ values

    @cached_property
    def _base(self) -> dict[str, int]:
        """Sets and relations of the execution, by their names in model texts."""
        sets = {set_name(name): mask for name, mask in self.execution.sets.items()}
        relations = {name: self.universe.pack(rows) for name, rows in self.execution.relations.items()}
        different = {"different-values": different_values(self.universe, self.execution)}
        return {**sets, **relations, **different, "_": self.universe.row, "id": self.universe.diagonal}

    def value(self, expression: Expression) -> int:
        """The set or the packed relation that an expression stands for."""
        if isinstance(expression, Name):
            return self.named(expression.name)
        if self._defining:
            return self._new_value(expression)
        found = self._values.get(expression)
        if found is None:
            found = self._values[expression] = self._new_value(expression)
        return found

    def named(self, name: str) -> int:
        """The set or packed relation of this name."""
        if name in self._defining:
            return self._defining[name]
        found = self._values.get(name)
        if found is None:
            definition = self.model.text.definitions.get(name)
            if definition is None:
                found = self._base[name]
            elif definition.recursive:
                found = self._rounds_of(name)[-1]
            else:
                outer, self._defining = self._defining, {}
                found = self.value(definition.body)
                self._defining = outer
            self._values[name] = found
        return found

    def _rounds_of(self, name: str) -> list[Relation]:
        """The approximations of a recursive relation, from the empty one to itself."""
        rounds = self._rounds.get(name)
        if rounds is None:
            rounds = self._rounds[name] = [0]
            body = self.model.text.definitions[name].body
            while True:
                outer, self._defining = self._defining, {name: rounds[-1]}
                following = self.value(body)
                self._defining = outer
                if following == rounds[-1]:
                    break
                rounds.append(following)
        return rounds

    def _new_value(self, expression: Binary | Unary) -> int:
        u = self.universe
        if isinstance(expression, Binary):
            left, right = self.value(expression.left), self.value(expression.right)
            match expression.op:
                case "|":
                    return left | right
                case "&":
                    return left & right
                case "\\":
                    return left & ~right
                case "*":
                    return u.product(left, right)
                case _:
                    return u.compose(left, right)
        operand = self.value(expression.operand)
        match expression.op:
            case "~":
                return (u.row if expression.kind == "set" else u.full) ^ operand
            case "?":
                return operand | u.diagonal
            case "*":
                return u.closure(operand) | u.diagonal
            case "+":
                return u.closure(operand)
            case "^-1":
                return u.inverse(operand)
            case "[]":
                return u.identity(operand)
            case _:
                return u.domain(operand) if expression.op == "domain" else u.range(operand)

    def has(self, expression: Expression, source: int, target: int) -> bool:
        """Whether the pair is in the relation."""
        return bool(self.value(expression) & self.universe.pair(source, target))

    # ------------------------------------------------------------ paths

    def path(self, expression: Expression, source: int, target: int) -> Path:
        """A shortest path of named pairs that shows that the pair is in the relation; it must be in it."""
        key = (expression, source, target)
        if self._defining:
            return self._new_path(expression, source, target)
        found = self._paths.get(key)
        if found is None:
            found = self._paths[key] = self._new_path(expression, source, target)
        return found

    def _new_path(self, expression: Expression, source: int, target: int) -> Path:
        if isinstance(expression, Name):
            return self.path_of_name(expression.name, source, target)
        if isinstance(expression, Binary):
            return self._path_of_binary(expression, source, target)
        match expression.op:
            case "^-1":
                return tuple(
                    Derivation(f"{step.name}^-1", step.target, step.source, ())
                    for step in reversed(self.path(expression.operand, target, source))
                )
            case "?":
                return () if source == target else self.path(expression.operand, source, target)
            case "*" | "+":
                return (
                    () if source == target and expression.op == "*" else self._walk(expression.operand, source, target)
                )
            case _:
                return ()  # an identity, or a complement: nothing to see

    def path_of_name(self, name: str, source: int, target: int) -> Path:
        """Like `path`, for the name of a relation."""
        definition = self.model.text.definitions.get(name)
        if name == "id":
            return ()
        if definition is None:
            return (Derivation(name, source, target),)
        if not definition.recursive:
            outer, self._defining = self._defining, {}
            parts = self.path(definition.body, source, target)
            self._defining = outer
            return (Derivation(name, source, target, parts),)
        pair = self.universe.pair(source, target)
        rounds = self._rounds_of(name)
        # Only pairs of earlier rounds explain a pair: so the explanation has an end.
        limit = rounds.index(self._defining[name]) if name in self._defining else len(rounds)
        first = next(number for number in range(limit + 1) if rounds[number] & pair)
        outer, self._defining = self._defining, {name: rounds[first - 1]}
        parts = self.path(definition.body, source, target)
        self._defining = outer
        return (Derivation(name, source, target, parts),)

    def _path_of_binary(self, expression: Binary, source: int, target: int) -> Path:
        left, right = expression.left, expression.right
        match expression.op:
            case "|":
                holding = [side for side in (left, right) if self.has(side, source, target)]
                return min((self.path(side, source, target) for side in holding), key=_cost)
            case "&":
                both = [self.path(side, source, target) for side in (left, right)]
                telling = [path for path in both if not self.is_context(path)]
                return (telling or both)[0]
            case "\\":
                return self.path(left, source, target)
            case ";":
                u = self.universe
                before = self.value(left) >> source * u.stride & u.row
                middle = [k for k, _ in u.members(before) if self.has(right, k, target)]
                joined = (self.path(left, source, k) + self.path(right, k, target) for k in middle)
                return min(joined, key=_cost)
            case _:
                return ()  # a product of sets

    def is_context(self, path: Path) -> bool:
        """Whether a path says nothing that its events do not show: same thread, same location, kinds of accesses."""
        base = [pair for step in path for pair in step.base()]
        return all(pair.name in _CONTEXT or pair.name in self.model.text.definitions for pair in base)

    # ------------------------------------------------------------ walks

    def _walk(self, step: Expression, source: int, target: int) -> Path:
        """The cheapest path of one or more steps of a relation."""
        rows = self.universe.unpack(self.value(step))
        queue: list[tuple[int, int, int, Path]] = [(0, 0, source, ())]
        done = 0
        counter = 0
        while True:
            cost, _, at, path = heapq.heappop(queue)
            if at == target and path:
                return path
            if path and done >> at & 1:
                continue
            done |= 1 << at if path else 0
            for following, _ in self.universe.members(rows[at]):
                if not done >> following & 1:
                    onward = self.path(step, at, following)
                    counter += 1
                    item = (cost + _FAR + _cost(onward), counter, following, path + onward)
                    heapq.heappush(queue, item)

    def cycle(self, axiom: Axiom) -> tuple[tuple[int, int], ...]:
        """The pairs that show that the axiom does not hold: a shortest cycle, or one pair. Empty if it holds."""
        found = self.value(axiom.body)
        if axiom.body.kind == "set":
            found = self.universe.identity(found)
        if axiom.check in ("empty", "flag"):
            return tuple(self.universe.pairs(found))[:1]
        if axiom.check == "irreflexive":
            return tuple(self.universe.pairs(found & self.universe.diagonal))[:1]
        cycles = [self._steps(axiom.body, found, i) for i, _ in self.universe.pairs(self._on_cycle(found))]
        return min(cycles, key=lambda steps: (len(steps), self._length(axiom.body, steps)), default=())

    def _on_cycle(self, relation: Relation) -> Relation:
        return self.universe.closure(relation) & self.universe.diagonal

    def _length(self, body: Expression, steps: tuple[tuple[int, int], ...]) -> int:
        return sum(_cost(self.path(body, i, j)) for i, j in steps)

    def _steps(self, body: Expression, relation: Relation, start: int) -> tuple[tuple[int, int], ...]:
        """A cycle through an event with as few pairs as possible."""
        rows = self.universe.unpack(relation)
        came: dict[int, int] = {}
        edge = [start]
        while start not in came:
            reached: list[int] = []
            for at in edge:
                for following, _ in self.universe.members(rows[at]):
                    if following not in came:
                        came[following] = at
                        reached.append(following)
            edge = reached
        steps = [(came[start], start)]
        while steps[0][0] != start:
            steps.insert(0, (came[steps[0][0]], steps[0][0]))
        return tuple(steps)


def _cost(path: Path) -> int:
    return sum(len(step.base()) for step in path)
