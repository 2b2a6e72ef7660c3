"""The compiled models against the definitions evaluated as sets of pairs, on relations without rhyme or reason.

The compiler knows nothing of threads and memory, so any relations will do; empty sets matter, because it tests for them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from psockmc.litmus.derive import Derivations
from psockmc.litmus.execution import RELATIONS, SETS, Event, Execution, Skeleton
from psockmc.litmus.model import BASE, MODELS, Model, load_model, set_name
from psockmc.litmus.model_text import Axiom, Binary, Expression, ModelTextError, Name, parse_model

Pairs = frozenset[tuple[int, int]]
Value = frozenset[int] | Pairs


@dataclass
class Reference:
    """Evaluates a text with sets of pairs, by the definition of every operator."""

    model: Model
    execution: Execution

    def __post_init__(self) -> None:
        self.events = frozenset(range(self.execution.n))
        self.all = frozenset((i, j) for i in self.events for j in self.events)
        self.identity = frozenset((i, i) for i in self.events)
        self.known: dict[str, frozenset] = {"_": self.events, "id": self.identity}
        for name, mask in self.execution.sets.items():
            self.known[set_name(name)] = frozenset(i for i in self.events if mask >> i & 1)
        for name, rows in self.execution.relations.items():
            self.known[name] = frozenset((i, j) for i, j in self.all if rows[i] >> j & 1)
        values = self.execution.values
        self.known["different-values"] = frozenset(
            (i, j) for i, j in self.all if None not in (values[i], values[j]) and values[i] != values[j]
        )
        for name, definition in self.model.text.definitions.items():
            if definition.recursive:
                self.known[name] = frozenset()
                while (following := self.value(definition.body)) != self.known[name]:
                    self.known[name] = following
            else:
                self.known[name] = self.value(definition.body)

    def value(self, expression: Expression) -> frozenset:
        if isinstance(expression, Name):
            return self.known[expression.name]
        if isinstance(expression, Binary):
            left, right = self.value(expression.left), self.value(expression.right)
            match expression.op:
                case "|":
                    return left | right
                case "&":
                    return left & right
                case "\\":
                    return left - right
                case "*":
                    return frozenset((i, j) for i in left for j in right)
                case ";":
                    return compose(left, right)
        operand = self.value(expression.operand)
        match expression.op:
            case "~":
                return (self.events if expression.kind == "set" else self.all) - operand
            case "?":
                return operand | self.identity
            case "*":
                return closure(operand) | self.identity
            case "+":
                return closure(operand)
            case "^-1":
                return frozenset((j, i) for i, j in operand)
            case "[]":
                return frozenset((i, i) for i in operand)
            case "domain":
                return frozenset(i for i, _ in operand)
        assert expression.op == "range"
        return frozenset(j for _, j in operand)

    def holds(self, axiom: Axiom) -> bool:
        found = self.value(axiom.body)
        if axiom.check == "acyclic":
            found = closure(found) & self.identity
        elif axiom.check == "irreflexive":
            found &= self.identity
        return not found


def compose(left: frozenset, right: frozenset) -> Pairs:
    after: dict[int, list[int]] = {}
    for j, k in right:
        after.setdefault(j, []).append(k)
    return frozenset((i, k) for i, j in left for k in after.get(j, ()))


def closure(relation: frozenset) -> frozenset:
    closed = relation
    while (following := closed | compose(closed, relation)) != closed:
        closed = following
    return closed


@st.composite
def executions(draw: st.DrawFn) -> Execution:
    """Sets and relations out of a seed: drawing every bit would take longer than the test."""
    n = draw(st.integers(1, 6))
    random = Random(draw(st.integers(0, 2**32)))
    everything = 2**n - 1

    def rows() -> list[int]:
        pairs = random.choice([0, n // 2, n, 2 * n])
        found = [0] * n
        for _ in range(pairs):
            found[random.randrange(n)] |= 1 << random.randrange(n)
        return found

    events = tuple(Event(i, 0, "R", frozenset(), None, None) for i in range(n))
    sets = {name: random.choice([0, random.randint(0, everything), everything]) for name in SETS}
    skeleton = Skeleton(events, sets | {"_": everything}, {name: rows() for name in RELATIONS}, ("P0",))
    values = [random.choice([None, 0, 1, "&x"]) for _ in range(n)]
    return Execution(skeleton, rows(), rows(), values=values)


@pytest.fixture(scope="module", params=MODELS)
def model(request: pytest.FixtureRequest) -> Model:
    return load_model(request.param)


@settings(max_examples=120, deadline=None)
@given(execution=executions())
def test_the_compiled_axioms_say_what_the_text_says(model: Model, execution: Execution) -> None:
    reference = Reference(model, execution)
    judge = model.judge(execution.skeleton)
    rf, co = judge.pack(execution.rf), judge.pack(execution.co)
    failing = [axiom.name for axiom in model.text.axioms if not reference.holds(axiom)]
    assert model.allowed(execution) == (not failing)
    assert judge.rest(rf, co) == (not {*failing} - {"coherence", "atomicity"})


@settings(max_examples=120, deadline=None)
@given(execution=executions())
def test_each_axiom_alone_says_what_its_text_says(model: Model, execution: Execution) -> None:
    reference = Reference(model, execution)
    for axiom in model.text.axioms:
        assert model.holds(axiom.name, execution) == reference.holds(axiom), axiom.name


@settings(max_examples=120, deadline=None)
@given(execution=executions())
def test_the_flags_are_those_of_the_text(model: Model, execution: Execution) -> None:
    reference = Reference(model, execution)
    expected = {}
    for flag in model.text.flags:
        found = reference.value(flag.body)
        if found:
            expected[flag.name] = sorted((i, i) if isinstance(i, int) else i for i in found)
    assert {flag.name: list(flag.pairs) for flag in model.flags(execution)} == expected


@settings(max_examples=120, deadline=None)
@given(execution=executions())
def test_explanations_evaluate_every_definition_alike(model: Model, execution: Execution) -> None:
    reference, derivations = Reference(model, execution), Derivations(model, execution)
    for name, definition in model.text.definitions.items():
        value = derivations.named(name)
        if definition.body.kind == "set":
            found = frozenset(i for i in range(execution.n) if value >> i & 1)
        else:
            found = frozenset(derivations.universe.pairs(value))
        assert found == reference.known[name], name


@settings(max_examples=120, deadline=None)
@given(execution=executions(), data=st.data())
def test_what_is_impossible_stays_impossible(model: Model, execution: Execution, data: st.DataObject) -> None:
    more = data.draw(executions().filter(lambda other: other.n >= execution.n))
    everything = (1 << execution.n) - 1
    rf = [row | other & everything for row, other in zip(execution.rf, more.rf, strict=False)]
    co = [row | other & everything for row, other in zip(execution.co, more.co, strict=False)]
    if not model.monotone(execution):
        assert not model.allowed(Execution(execution.skeleton, rf, co, values=execution.values))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("let a = po |\nacyclic a as x", "expected an operand, found `acyclic`"),
        ("acyclic po", "expected `as` and a name at the end of the axiom, found the end of the text"),
        ("acyclic popo as x\n", "nothing is called `popo`"),
        ("let a = R\nacyclic po as x", "`a` is defined as a set"),
        ("let A = po\nacyclic po as x", "`A` is defined as a relation"),
        ("acyclic R as x\n", "`acyclic` needs a relation, this is a set"),
        ("acyclic po ; R as x\n", "`;` needs a relation, this is a set"),
        ("acyclic po * po as x\n", "the product `*` needs a set, this is a relation"),
        ("acyclic [po] as x\n", "brackets needs a set, this is a relation"),
        ("let rec x = po | ~x\nacyclic x as t", "`x` is defined by what it does not contain"),
        ("let rec x = po \\ x\nacyclic x as t", "`x` is defined by what it does not contain"),
        ("let po = rf\nacyclic po as t", "`po` is defined twice"),
        ("acyclic po as t acyclic rf as t\n", "`t` is defined twice"),
        ("acyclic po @ rf as t\n", "`@` has no meaning in a model text"),
        ("let a = po\n", "the model has no axiom and would allow every execution"),
        (
            "let a = po & different-values\nempty a as t",
            "the axiom t depends on `different-values`, which is known when the search is over",
        ),
        (
            "po as x\n",
            "expected an item, which begins with `let`, `acyclic`, `irreflexive`, `empty` or `flag`, found `po`",
        ),
    ],
)
def test_a_wrong_text_is_refused(text: str, message: str) -> None:
    with pytest.raises(ModelTextError) as refused:
        load_model(text)
    assert [found.message for found in refused.value.problems] == [message]


def test_an_unknown_model_is_refused_with_the_known_ones() -> None:
    with pytest.raises(ValueError, match=r"there is no memory model `5\.0`; give one of 6\.1, newest or the text"):
        load_model("5.0")


def test_operators_bind_as_in_cat() -> None:
    model = load_model("let x = po | rf ; co \\ loc & int\nlet y = R * W | ~R * M\nempty x & y as t")
    body = model.text.definitions["x"].body
    assert isinstance(body, Binary)
    assert body.op == "|"
    assert isinstance(body.right, Binary)
    assert (body.right.op, body.right.right.op, body.right.right.right.op) == (";", "\\", "&")
    product = model.text.definitions["y"].body
    assert isinstance(product, Binary)
    assert (product.op, product.left.op, product.right.op) == ("|", "*", "*")


def test_the_comment_above_a_definition_belongs_to_it() -> None:
    model = load_model("// far away\n\n// near\n// by\nlet x = po // behind\nacyclic x as t")
    assert model.text.definitions["x"].comment == "near\nby"


def test_a_recursion_without_a_beginning_is_empty() -> None:
    n = 3
    events = tuple(Event(i, 0, "R", frozenset(), None, None) for i in range(n))
    skeleton = Skeleton(events, dict.fromkeys(SETS, 7), dict.fromkeys(RELATIONS, [7] * n), ("P0",))
    model = load_model("let rec x = po ; x ; rf\nempty x as t")
    assert model.allowed(Execution(skeleton, [7] * n, [7] * n))


# ---------------------------------------------------------------- texts without rhyme or reason

RELATION_NAMES = ("po", "addr", "rmw", "int", "rf", "co", "id")
SET_NAMES = ("R", "W", "Plain", "Mb", "_")


def set_text(random: Random, depth: int) -> str:
    if depth == 0 or random.random() < 0.5:
        return random.choice(SET_NAMES)
    if random.random() < 0.3:
        return f"~{set_text(random, depth - 1)}"
    return f"({set_text(random, depth - 1)} {random.choice('|&' + chr(92))} {set_text(random, depth - 1)})"


def relation_text(random: Random, names: Sequence[str], depth: int) -> str:
    def inner() -> str:
        return relation_text(random, names, depth - 1)

    kind = random.randrange(10) if depth else random.choice([8, 8, 8, 9])
    if kind < 3:
        return "(" + " ; ".join(inner() for _ in range(random.randint(2, 4))) + ")"
    if kind < 5:
        return "(" + " | ".join(inner() for _ in range(random.randint(2, 3))) + ")"
    if kind == 5:
        return f"({inner()} {random.choice('&' + chr(92))} {inner()})"
    if kind == 6:
        return inner() + random.choice(["?", "*", "+", "^-1"])
    if kind == 7:
        return random.choice([f"[domain({inner()})]", f"[range({inner()})]", f"(~{inner()})"])
    if kind == 8:
        return random.choice(names)
    bracket, product = f"[{set_text(random, 2)}]", f"({set_text(random, 2)} * {set_text(random, 2)})"
    return random.choice([bracket, bracket, product])


@st.composite
def texts(draw: st.DrawFn) -> str:
    """Two definitions, a recursion that is monotone in itself, and axioms and flags about all of them."""
    random = Random(draw(st.integers(0, 2**32)))

    def relation(*more: str) -> str:
        return relation_text(random, (*RELATION_NAMES, *more), 2)

    check = random.choice(["acyclic", "irreflexive", "empty", "flag"])
    return "\n".join(
        [
            f"let first = {relation()}",
            f"let second = {relation('first')}",
            f"let rec third = {relation()} | {relation()} ; third ; {relation()} | third ; third & second",
            f"{check} {relation('first', 'second', 'third')} as drawn",
            "acyclic first as a",
            "irreflexive second as b",
            "empty third & id as c",
            "flag third ; first as d",
        ]
    )


@settings(max_examples=100, deadline=None)
@given(text=texts(), execution=executions())
def test_any_text_is_compiled_to_what_it_says(text: str, execution: Execution) -> None:
    model = Model(parse_model(text, "drawn", BASE))
    reference = Reference(model, execution)
    for axiom in model.text.axioms:
        assert model.holds(axiom.name, execution) == reference.holds(axiom), axiom.name
    expected = {
        flag.name: sorted(reference.value(flag.body)) for flag in model.text.flags if reference.value(flag.body)
    }
    assert {flag.name: list(flag.pairs) for flag in model.flags(execution)} == expected
    derivations = Derivations(model, execution)
    for name in model.text.definitions:
        assert frozenset(derivations.universe.pairs(derivations.named(name))) == reference.known[name], name


@settings(max_examples=60, deadline=None)
@given(text=texts(), execution=executions(), more=executions())
def test_pruning_with_any_text_never_excludes_what_is_allowed(text: str, execution: Execution, more: Execution) -> None:
    model = Model(parse_model(text, "drawn", BASE))
    everything = (1 << execution.n) - 1
    extra = [(more.rf + [0] * 6)[: execution.n], (more.co + [0] * 6)[: execution.n]]
    rf = [row | other & everything for row, other in zip(execution.rf, extra[0], strict=True)]
    co = [row | other & everything for row, other in zip(execution.co, extra[1], strict=True)]
    if model.allowed(Execution(execution.skeleton, rf, co, values=execution.values)):
        assert model.monotone(execution)
