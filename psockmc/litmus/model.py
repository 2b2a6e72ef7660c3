"""Memory models: which executions are allowed, and what is to be said about them.

    model = load_model("newest")
    model.allowed(execution)          # all axioms hold
    model.forbids(execution)          # the first axiom that does not, with its cycle, or None
    model.flags(execution)            # data races and misuse

A search judges many executions of one skeleton and takes `model.judge(skeleton)`, which works on packed rf and co.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import Path

from psockmc.litmus.compile_model import Emitter, Prepare, compile_source
from psockmc.litmus.core import DYNAMIC, Builder, Node
from psockmc.litmus.execution import RELATIONS, SETS, Execution, Skeleton
from psockmc.litmus.model_text import Axiom, Kind, ModelText, ModelTextError, parse_model
from psockmc.litmus.problems import Problem, Source
from psockmc.litmus.relations import Relation, Universe, universe

MODELS = ("6.1", "newest")
"""The models that come with the program."""

LOCAL = frozenset({"coherence", "atomicity"})
"""Axioms about one location at a time. A search that lists rf and co per location has settled them."""

VALUES = "different-values"
"""The base relation that only flags can use."""

_FOLDER = Path(__file__).parent / "models"


def set_name(name: str) -> str:
    """The name of a base set in model texts: tags get a capital letter there."""
    return name[0].upper() + name[1:]


_KEYS = {set_name(name): name for name in SETS}

BASE: Mapping[str, Kind] = {
    **dict.fromkeys(_KEYS, "set"),
    **dict.fromkeys((*RELATIONS, *sorted(DYNAMIC)), "relation"),
}
"""The sets and relations that executions bring along, by their names in model texts."""


@dataclass(frozen=True, slots=True)
class Violation:
    """An axiom that does not hold. pairs: the cycle, or the one pair that should not be in the relation."""

    axiom: str
    pairs: tuple[tuple[int, int], ...]


@dataclass(frozen=True, slots=True)
class Flag:
    """A warning. pairs: the accesses, such as those of a data race; a pair (i, i) stands for the single event i."""

    name: str
    pairs: tuple[tuple[int, int], ...]


class Judge:
    """A model applied to one skeleton; rf and co are packed by `universe` (see `psockmc.litmus.relations`)."""

    def __init__(self, model: Model, skeleton: Skeleton) -> None:
        self._model = model
        self._skeleton = skeleton
        self.universe: Universe = universe(len(skeleton.events))
        self._packed: dict[str, Relation] = {}
        self._single: dict[str, Callable[..., object]] = {}

    def pack(self, rows: list[int]) -> Relation:
        """Rows as the other functions want them."""
        return self.universe.pack(rows)

    def base(self, name: str) -> Relation:
        """The packed relation of the skeleton with this name."""
        found = self._packed.get(name)
        if found is None:
            found = self._packed[name] = self.universe.pack(self._skeleton.relations[name])
        return found

    def _prepared(self, prepare: Prepare) -> Callable[..., object]:
        return prepare(self.universe, self._skeleton.sets, self.base)

    @cached_property
    def allowed(self) -> Callable[[Relation, Relation], bool]:
        """(rf, co) -> all axioms hold."""
        return self._prepared(self._model.prepare_allowed)  # type: ignore[return-value]

    @cached_property
    def rest(self) -> Callable[[Relation, Relation], bool]:
        """(rf, co) -> all axioms but those of LOCAL hold."""
        return self._prepared(self._model.prepare_rest)  # type: ignore[return-value]

    @cached_property
    def possible(self) -> Callable[[Relation, Relation], bool]:
        """Like `rest`, for partial executions: False excludes every completion.

        Only axioms count that stay violated when rf and co grow.
        """
        return self._prepared(self._model.prepare_possible)  # type: ignore[return-value]

    def holds(self, axiom: str, rf: Relation, co: Relation) -> bool:
        """Whether one axiom holds."""
        judge = self._single.get(axiom)
        if judge is None:
            judge = self._single[axiom] = self._prepared(self._model.prepare_axiom(axiom))
        return bool(judge(rf, co))

    @cached_property
    def flagged(self) -> Callable[[Relation, Relation, Relation], list[tuple[str, Relation]]]:
        """(rf, co, different-values) -> the flags that are raised, with the packed relations that raise them."""
        return self._prepared(self._model.prepare_flags)  # type: ignore[return-value]


class Model:
    """A memory model, compiled from its text."""

    def __init__(self, text: ModelText) -> None:
        self.text = text
        self.name = text.name
        self._builder = Builder(text)
        self._axioms: dict[str, Prepare] = {}
        self._nodes = {axiom: self._builder.build(axiom.body) for axiom in (*text.axioms, *text.flags)}
        for axiom in text.axioms:
            if _depends_on_values(self._nodes[axiom], set()):
                message = f"the axiom {axiom.name} depends on `{VALUES}`, which is known when the search is over"
                problem = Problem("M09", message, axiom.at.start, axiom.at.end, "", "use it in flags only")
                raise ModelTextError(Source(text.name, text.source), [problem])

    # ------------------------------------------------------------ judging

    def judge(self, skeleton: Skeleton) -> Judge:
        """The model applied to a skeleton; made once."""
        judge = skeleton.memo.get(self)
        if judge is None:
            judge = skeleton.memo[self] = Judge(self, skeleton)
        return judge

    def allowed(self, execution: Execution) -> bool:
        """Whether all axioms hold."""
        judge = self.judge(execution.skeleton)
        return judge.allowed(judge.pack(execution.rf), judge.pack(execution.co))

    def holds(self, axiom: str, execution: Execution) -> bool:
        """Whether the axiom of this name holds."""
        judge = self.judge(execution.skeleton)
        return judge.holds(axiom, judge.pack(execution.rf), judge.pack(execution.co))

    def forbids(self, execution: Execution) -> Violation | None:
        """The first axiom that does not hold, with its cycle; None if the execution is allowed."""
        from psockmc.litmus.derive import Derivations  # it needs models itself

        if self.allowed(execution):
            return None
        axiom = next(axiom for axiom in self.text.axioms if not self.holds(axiom.name, execution))
        return Violation(axiom.name, Derivations(self, execution).cycle(axiom))

    def monotone(self, execution: Execution) -> bool:
        """Whether a partial execution may have a completion that is allowed, as far as its rf and co say."""
        judge = self.judge(execution.skeleton)
        return judge.possible(judge.pack(execution.rf), judge.pack(execution.co))

    def flags(self, execution: Execution) -> tuple[Flag, ...]:
        """The flags of a complete execution."""
        judge = self.judge(execution.skeleton)
        different = different_values(judge.universe, execution)
        raised = judge.flagged(judge.pack(execution.rf), judge.pack(execution.co), different)
        is_set = {axiom.name for axiom in self.text.flags if self._nodes[axiom].is_set}
        return tuple(
            Flag(name, tuple(judge.universe.pairs(judge.universe.identity(found) if name in is_set else found)))
            for name, found in raised
        )

    # ------------------------------------------------------------ compiled parts

    @cached_property
    def prepare_allowed(self) -> Prepare:
        """All axioms."""
        return self._prepare("allowed", self.text.axioms)

    @cached_property
    def prepare_rest(self) -> Prepare:
        """The axioms about more than one location."""
        return self._prepare("rest", tuple(axiom for axiom in self.text.axioms if axiom.name not in LOCAL))

    @cached_property
    def prepare_possible(self) -> Prepare:
        """The axioms that a partial execution can violate for good."""
        known: dict[Node, bool] = {}
        chosen = [a for a in self.text.axioms if a.name not in LOCAL and is_monotone(self._nodes[a], known)]
        return self._prepare("possible", tuple(chosen))

    @cached_property
    def prepare_flags(self) -> Prepare:
        """All flags."""
        return compile_source(self.flags_source(), f"{self.name}, flags")

    def prepare_axiom(self, name: str) -> Prepare:
        """One axiom."""
        if name not in self._axioms:
            self._axioms[name] = self._prepare(name, tuple(axiom for axiom in self.text.axioms if axiom.name == name))
        return self._axioms[name]

    def _prepare(self, purpose: str, axioms: tuple[Axiom, ...]) -> Prepare:
        return compile_source(self.axioms_source(axioms), f"{self.name}, {purpose}")

    def axioms_source(self, axioms: tuple[Axiom, ...]) -> str:
        """The Python that decides these axioms."""
        emitter = Emitter(self._builder, "rf, co", _KEYS)
        for axiom in axioms:
            emitter.check(axiom, self._nodes[axiom], "return False")
        emitter.inner.add("return True")
        return emitter.source()

    def flags_source(self) -> str:
        """The Python that collects the flags."""
        emitter = Emitter(self._builder, "rf, co, different_values", _KEYS)
        emitter.inner.add("raised = []")
        for flag in self.text.flags:
            emitter.check(flag, self._nodes[flag], f"raised.append(({flag.name!r}, {{found}}))")
        emitter.inner.add("return raised")
        return emitter.source()


def different_values(u: Universe, execution: Execution) -> Relation:
    """The pairs of events whose values are known and differ."""
    known = [(i, value) for i, value in enumerate(execution.values) if value is not None]
    return sum(u.pair(i, j) for i, left in known for j, right in known if left != right)


def _depends_on_values(node: Node, seen: set[Node]) -> bool:
    """Whether a relation or set needs the values of the execution."""
    if node in seen:
        return False
    seen.add(node)
    return node.name == VALUES or any(_depends_on_values(operand, seen) for operand in node.operands)


def is_monotone(node: Node, known: dict[Node, bool] | None = None) -> bool:
    """Whether the relation or set only grows when rf and co grow. known: what was found before."""
    if not node.dynamic:
        return True
    known = {} if known is None else known
    if node not in known:
        negative = node.op == "not" or (node.op == "minus" and node.operands[1].dynamic)
        known[node] = not negative and all(is_monotone(operand, known) for operand in node.operands)
    return known[node]


@lru_cache(maxsize=64)
def load_model(name_or_text: str) -> Model:
    """The model of this name (one of MODELS), or the model of this text.

    Raises ModelTextError when a text is refused and ValueError when a name is unknown.
    """
    if name_or_text in MODELS:
        path = _FOLDER / f"{name_or_text}.model"
        return Model(parse_model(path.read_text(encoding="utf-8"), name_or_text, BASE, str(path)))
    if "\n" not in name_or_text and " " not in name_or_text:
        known = ", ".join(MODELS)
        raise ValueError(f"there is no memory model `{name_or_text}`; give one of {known} or the text of a model")
    return Model(parse_model(name_or_text, "text", BASE, "model text"))
