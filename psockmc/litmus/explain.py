"""Why an execution is forbidden: the axiom, its cycle, and where each edge comes from (fence, dependency, read)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from psockmc.litmus.derive import Derivation, Derivations
from psockmc.litmus.execution import Event, Execution
from psockmc.litmus.model import Model
from psockmc.litmus.model_text import Axiom, Binary, Expression, Unary
from psockmc.litmus.witness import Nodes, aligned, assignment, is_marker, named, owner, reader

DEPENDENCIES = {
    "addr": "the address depends on this read",
    "data": "the value written depends on this read",
    "ctrl": "whether it is executed depends on this read",
    "rmw": "the same atomic operation",
}


@dataclass(frozen=True, slots=True)
class Edge:
    """A pair of events that one reason orders.

    label: the relation to name, such as `wmb`, `rfe` or `addr`. because: the reason in words, with its source line.
    through: the events in between, such as the fence.
    """

    label: str
    source: int
    target: int
    because: str
    through: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Step:
    """One step of the cycle.

    relation: that of the axiom, such as `hb`. via: the definitions it unfolds to, from outside.
    """

    relation: str
    source: int
    target: int
    via: tuple[str, ...]
    edges: tuple[Edge, ...]


@dataclass(frozen=True, slots=True)
class Explanation:
    """axiom: the one that does not hold. steps: its cycle, or the one pair that should not be."""

    axiom: Axiom
    execution: Execution
    steps: tuple[Step, ...]

    @property
    def meaning(self) -> str:
        """What the text says above the axiom."""
        return " ".join(self.axiom.comment.split())

    def lines(self) -> list[str]:
        """The explanation as text."""
        return _Text(self).lines()


def explain(model: Model, execution: Execution) -> Explanation | None:
    """Why a model forbids an execution, by the first axiom that it violates; None if it is allowed."""
    for axiom in model.text.axioms:
        if not model.holds(axiom.name, execution):
            derivations = Derivations(model, execution)
            return Explanation(axiom, execution, Unfolder(derivations).steps(axiom))
    return None


# ---------------------------------------------------------------- from derivations to edges


class Unfolder:
    """Unfolds pairs of derived relations to edges that need no further explanation."""

    def __init__(self, derivations: Derivations) -> None:
        self.derivations = derivations
        self.execution = derivations.execution

    def steps(self, axiom: Axiom) -> tuple[Step, ...]:
        """The steps of an axiom's cycle; for one that says `empty`, everything that the forbidden pair is in."""
        found: list[Step] = []
        for source, target in self.derivations.cycle(axiom):
            if axiom.check == "empty":
                found += self._conjuncts(axiom.body, source, target)
            else:
                found.append(self._step(axiom.body, source, target))
        return tuple(found)

    def label(self, relation: str, source: int, target: int) -> str:
        """The name that tells best why a pair is in a relation: `wmb`, `addr`; its own for a path of several edges."""
        names, path = self._single(self.derivations.path_of_name(relation, source, target))
        return names[-1] if len(path) == 1 else relation

    def _conjuncts(self, body: Expression, source: int, target: int) -> list[Step]:
        """One step for each side of the intersections that the pair is in; an inverse is shown as it is meant."""
        has = self.derivations.has
        if isinstance(body, Binary) and body.op == "|":
            side = next(side for side in (body.left, body.right) if has(side, source, target))
            return self._conjuncts(side, source, target)
        if isinstance(body, Binary) and body.op == "&":
            return self._conjuncts(body.left, source, target) + self._conjuncts(body.right, source, target)
        if isinstance(body, Unary) and body.op == "^-1":
            return self._conjuncts(body.operand, target, source)
        if self.derivations.is_context(self.derivations.path(body, source, target)):
            return []
        return [self._step(body, source, target)]

    def _step(self, body: Expression, source: int, target: int) -> Step:
        chain, parts = self._single(self.derivations.path(body, source, target))
        edges = [edge for part in parts for edge in self._edges(part)]
        return Step(chain[0] if chain else "", source, target, tuple(chain[1:]), tuple(edges))

    def _single(self, path: Sequence[Derivation]) -> tuple[list[str], Sequence[Derivation]]:
        """Follows definitions that consist of one pair; the names on the way and what they come down to."""
        names: list[str] = []
        while len(path) == 1 and path[0].parts and not self._is_atom(path[0]):
            names.append(path[0].name)
            path = path[0].parts
        if len(path) == 1:
            names += [name for name in self._names(path[0]) if name not in names]
        return names, path

    def _names(self, derivation: Derivation) -> list[str]:
        """The definitions of an atom, from outside to the one that names its reason best."""
        names = [derivation.name]
        while len(derivation.parts) == 1 and self._tells_more(derivation, derivation.parts[0]):
            derivation = derivation.parts[0]
            names.append(derivation.name)
        return names

    def _tells_more(self, outer: Derivation, inner: Derivation) -> bool:
        """`po` alone says less than `acq-po`, `rf` less than `rfe`, the inverse of a relation less than its name."""
        if inner.name == "po" or inner.name.endswith("^-1"):
            return False
        definition = self.derivations.model.text.definitions[outer.name]
        return not (isinstance(definition.body, Binary) and definition.body.op == "&")

    def _is_atom(self, derivation: Derivation) -> bool:
        """Whether the pair needs no intermediate steps: one base pair, an inverse, or program order through markers."""
        base = derivation.base()
        if len(base) == 1 or any(part.name.endswith("^-1") for part in derivation.parts):
            return True
        if len(derivation.parts) == 1:
            return self._is_atom(derivation.parts[0])
        return all(self._is_silent(part) for part in derivation.parts)

    def _is_silent(self, part: Derivation) -> bool:
        """Program order, or the way from an unlock to the next lock."""
        if part.parts:
            return all(pair.name == "po" for pair in part.base())
        ends = (self.execution.events[part.source], self.execution.events[part.target])
        return part.name == "po" or all(event.tags & {"UL", "LKR", "LKW"} for event in ends)

    def _edges(self, derivation: Derivation) -> list[Edge]:
        if not derivation.parts and derivation.source == derivation.target and not self._is_mark(derivation.name):
            return []
        if self._is_atom(derivation):
            return [self._edge(derivation)]
        return [edge for part in derivation.parts for edge in self._edges(part)]

    def _is_mark(self, name: str) -> bool:
        """Whether a relation is the identity on a set by definition, such as grace periods: that is worth a step."""
        definition = self.derivations.model.text.definitions.get(name)
        return definition is not None and isinstance(definition.body, Unary) and definition.body.op == "[]"

    def _edge(self, derivation: Derivation) -> Edge:
        label = self._names(derivation)[-1]
        inside = [pair.target for pair in derivation.base()[:-1]]
        through = tuple(dict.fromkeys(i for i in inside if i not in (derivation.source, derivation.target)))
        because = self._because(label, derivation, through)
        return Edge(label, derivation.source, derivation.target, because, through)

    # ------------------------------------------------------------ words

    def _because(self, label: str, derivation: Derivation, through: tuple[int, ...]) -> str:
        base = derivation.base()
        source, target = self.execution.events[derivation.source], self.execution.events[derivation.target]
        if any(pair.name.endswith("^-1") for pair in base) and {pair.name for pair in base} == {"rf^-1", "co"}:
            return f"{reader(source)} read {assignment(self.execution, source.index)}, which {owner(target)} overwrites"
        if base[0].name.endswith("^-1") and is_marker(target):
            return f"the critical section of {named(target)}"
        if through:
            return self._listed(self.execution.events[i] for i in through)
        name = base[0].name
        if name == "rf":
            return f"{reader(target)} reads {assignment(self.execution, derivation.target)} from {owner(source)}"
        if name == "co":
            return f"{owner(target)} overwrites {assignment(self.execution, derivation.source)}"
        if name in DEPENDENCIES:
            return DEPENDENCIES[name]
        return self._because_of_order(source, target)

    def _because_of_order(self, source: Event, target: Event) -> str:
        """Program order that an acquire or a release makes count."""
        if "Release" in target.tags:
            return f"{named(target)} is a release"
        if "Acquire" in source.tags:
            return f"{named(source)} is an acquire"
        return self._listed(event for event in (source, target) if is_marker(event)) or "program order"

    @staticmethod
    def _listed(events: Iterable[Event]) -> str:
        return ", ".join(dict.fromkeys(named(event) for event in events))


# ---------------------------------------------------------------- the text


class _Text:
    """The lines of an explanation: the events of the cycle, then its edges."""

    def __init__(self, explanation: Explanation) -> None:
        self.explanation = explanation
        self.execution = explanation.execution
        self.nodes = Nodes(self.execution)

    def lines(self) -> list[str]:
        return [*self._head(), "", *self._events(), "", *self._edges()]

    def _head(self) -> list[str]:
        explanation = self.explanation
        head = f"forbidden by {explanation.axiom.name}"
        return [f"{head}: {explanation.meaning}" if explanation.meaning else head]

    def _events(self) -> list[str]:
        """The events of the edges, by thread and program order."""
        shown = {i for step in self.explanation.steps for edge in step.edges for i in (edge.source, edge.target)}
        nodes = [node for node in self.nodes.all if shown & set(node.events)]
        return ["  " + line for line in aligned([self.nodes.row(node) for node in nodes])]

    def _edges(self) -> list[str]:
        rows: list[tuple[str, ...]] = []
        for step in self.explanation.steps:
            names = [name for name in (step.relation, *step.via) if name]
            if len(step.edges) == 1:
                edge = step.edges[0]
                via = " > ".join(name for name in names if name != edge.label)
                rows.append(
                    (self._arrow(edge.source, edge.target), edge.label, edge.because, f"({via})" if via else "")
                )
            else:
                indent = "  " if names else ""
                rows += [(self._arrow(step.source, step.target), " > ".join(names), "", "")] if names else []
                rows += [(indent + self._arrow(e.source, e.target), e.label, e.because, "") for e in step.edges]
        return ["  " + line for line in aligned(rows)]

    def _arrow(self, source: int, target: int) -> str:
        return f"{self.nodes.letter(source)} -> {self.nodes.letter(target)}"
