"""The proofs of the ring program for the explicit engine: the same question, answered by a search of all states.

A proof becomes a program in which every number has few values (`restricted`): `arbitrary(lo, hi)` gives the first ones,
the pointers are instances, whose content begins with zeroes. The prover is asked about exactly this program, too. What
it claims of every operation by itself is written out for the search: a number that leaves its C type, a loop that goes
round too often. The search then runs in `psockmc.explore` like any other, and the first failure of each claim is read
from its answer.

One context runs alone, so nothing can happen between two of its steps: `alone` joins them, and a run has as many states
as it has choices and rounds of loops.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields, is_dataclass, replace
from pathlib import Path
from typing import Any

from psockmc.content import PROOFS
from psockmc.explore import Engine, Limits, SearchResult, search
from psockmc.explore.verdict import Verdict
from psockmc.ir import system as ir
from psockmc.ir.inline import Inliner
from psockmc.ir.lower import _Compiler, _Plan  # the compiler of scenarios, with another inliner
from psockmc.ir.unchanging import Unchanging
from psockmc.lang import load_program, tree
from psockmc.lang.types import Bool, Bounded, CInt, Pointer, Type, Void
from psockmc.lang.walk import all_expressions, expressions, statements, within
from psockmc.prove import proof
from psockmc.prove.execute import SAFETY, claim_of
from psockmc.prove.machine import bounds
from psockmc.prove.proof import Question
from psockmc.prove.rings import SPARE_ROUNDS, proofs

SMALL = "small.py"
SCENARIO = "small"

BUILTIN_CLAIMS = {"null-deref": "pointer", "out-of-bounds": "index", "undefined": "division"}
"""Findings of the explicit engine that are claims of the prover."""

CHECKED = "claim "
"""Before the name of a claim: a property may have the same name (`warn`)."""


@dataclass(frozen=True)
class Bounds:
    """How many values there are: of a number that a proof itself takes, and of those in checks/ring/small.py."""

    frags: int
    numbers: int
    beginnings: Mapping[str, int]


@dataclass(frozen=True)
class Answer:
    """What one engine says about each claim that it knows, to which of them some run gets, and how much work it was."""

    verdicts: Mapping[str, Verdict]
    reached: frozenset[str]
    states: int = 0
    transitions: int = 0
    seconds: float = 0.0


# ---------------------------------------------------------------- the restricted program


def load(root: Path, limits: Bounds, variants: Sequence[Path] = ()) -> tree.Program:
    """The proofs with the beginnings of checks/ring/small.py. Raises ModelErrors for a model that is wrong."""
    folder = root / "checks" / PROOFS
    files = sorted(file for file in folder.glob("*.py") if not file.name.startswith("small"))
    constants = {"MAX_MSG_FRAGS": limits.frags, **limits.beginnings}
    return load_program(root, files, [folder / SMALL, *(v.resolve() for v in variants)], constants=constants)


def restricted(program: tree.Program, op: str, limits: Bounds) -> tree.Program:
    """The program with one proof, under the name SCENARIO: about instances, and numbers that have few values."""
    original = proofs(program)[op]
    functions = {name: _few(f, limits.numbers) for name, f in program.functions.items()}
    instances = dict(program.instances)
    arguments = []
    for param in original.params:
        assert isinstance(param.type, Pointer)
        instances[param.name] = tree.Instance(param.name, param.type.struct, {}, original.span)
        arguments.append(tree.InstanceRef(param.name, param.type, original.span))
    call = tree.Call(original.name, tuple(arguments), Void(), original.span)
    body = (tree.Evaluate(call, original.span),)
    functions[SCENARIO] = replace(original, name=SCENARIO, params=(), body=body, locals={})
    return _sliced(replace(program, functions=functions, instances=instances))


def _sliced(program: tree.Program) -> tree.Program:
    """The functions that the proof gets to, without stores to fields that none of them reads.

    Such a store makes no difference to a claim; a choice of what it stores only makes more states.
    """
    reached, todo = {SCENARIO}, [SCENARIO]
    while todo:
        body = program.functions[todo.pop()].body
        new = {e.function for e in all_expressions(body) if isinstance(e, tree.Call)} - reached
        reached |= new
        todo += sorted(new)
    functions = {name: program.functions[name] for name in program.functions if name in reached}
    read = {key for f in functions.values() for s in statements(f.body) for key in _reads(s)}

    def unread(node: Any) -> bool:
        if not isinstance(node, tree.Assign) or not isinstance(node.target, tree.FieldOf):
            return False
        calls = any(isinstance(e, tree.Call) for e in within(node.value))
        return not calls and (node.target.struct, node.target.name) not in read

    def drop(node: Any) -> Any:
        return tree.Omits("nobody reads it", node.span) if unread(node) else node

    return replace(program, functions={n: replace(f, body=rewritten(f.body, drop)) for n, f in functions.items()})


def _reads(statement: tree.Stmt) -> Iterator[tuple[str, str]]:
    """The fields that a statement itself reads, or passes on."""
    for expr in expressions(statement):
        stored = expr if isinstance(statement, tree.Assign) and expr is statement.target else None
        yield from ((e.struct, e.name) for e in within(expr) if isinstance(e, tree.FieldOf) and e is not stored)


def _few(function: tree.Function, numbers: int) -> tree.Function:
    """The function with the first few values for each number that it takes."""

    def narrow(node: Any) -> Any:
        if not isinstance(node, tree.Intrinsic) or node.name != "arbitrary":
            return node
        lo, hi = int(node.names["lo"]), int(node.names["hi"])
        hi = min(hi, lo + numbers - 1)
        return replace(node, names={"lo": str(lo), "hi": str(hi)}, type=Bounded(lo, hi))

    return replace(function, body=rewritten(function.body, narrow))


def rewritten(node: Any, change: Callable[[Any], Any]) -> Any:
    """A tree in which `change` has been applied to every node, inner ones first."""
    if isinstance(node, tuple):
        return tuple(rewritten(item, change) for item in node)
    if not is_dataclass(node) or isinstance(node, (type, tree.Span)):
        return node
    parts = {}
    for field in fields(node):
        old = getattr(node, field.name)
        new = rewritten(old, change) if isinstance(old, tuple) or is_dataclass(old) else old
        if new is not old:
            parts[field.name] = new
    return change(replace(node, **parts) if parts else node)


# ---------------------------------------------------------------- what the prover claims by itself


def _written_out(function: tree.Function, rounds: int) -> tree.Function:
    """The function with a check in each loop that it goes round at most so often; other checks become numbers first."""
    locals: dict[str, Type] = dict(function.locals)
    body = tuple(_statements(function.body, locals, rounds))
    return replace(function, body=body, locals=locals)


def _statements(block: Sequence[tree.Stmt], locals: dict[str, Type], rounds: int) -> Iterator[tree.Stmt]:
    """A block with its loops counted and its conditions evaluated like any other expression."""
    for statement in block:
        match statement:
            case tree.Check(cond=cond, span=span) | tree.AssumeThat(cond=cond, span=span):
                name = f"holds {span.line}:{span.column}"
                locals[name] = Bool()
                var = tree.Var(name, Bool(), span)
                yield tree.Assign(var, cond, span)
                yield replace(statement, cond=var)
            case tree.While():
                yield from _counted(statement, locals, rounds)
            case tree.If(then=then, other=other):
                yield replace(
                    statement,
                    then=tuple(_statements(then, locals, rounds)),
                    other=tuple(_statements(other, locals, rounds)),
                )
            case tree.ForRange(body=body) | tree.Atomic(body=body):
                yield replace(statement, body=tuple(_statements(body, locals, rounds)))
            case _:
                yield statement


def _counted(loop: tree.While, locals: dict[str, Type], rounds: int) -> Iterator[tree.Stmt]:
    span, number = loop.span, Bounded(0, rounds)
    name = f"rounds {span.line}:{span.column}"
    locals[name] = number
    var = tree.Var(name, number, span)
    last, one = tree.Literal(rounds, Bounded(rounds, rounds), span), tree.Literal(1, Bounded(1, 1), span)
    again = tree.Binary("<", var, last, Bool(), span, number)
    more = tree.Binary("+", var, one, number, span)
    yield tree.Assign(var, tree.Literal(0, Bounded(0, 0), span), span)
    check = tree.Check(again, f"termination: the loop goes round at most {rounds} times", span)
    body = (check, tree.Assign(var, more, span), *_statements(loop.body, locals, rounds))
    yield replace(loop, body=body)


class _Observer(Inliner):
    """Reports where a number leaves its C type. A broken safety claim ends the run: what follows is C no more."""

    intended = 0

    def value(self, expr: tree.Expr) -> ir.Expr:
        """As the inliner; inside of `wrapping` numbers may leave their types."""
        if not isinstance(expr, tree.Intrinsic) or expr.name != "wrapping":
            return super().value(expr)
        self.intended += 1
        try:
            return super().value(expr)
        finally:
            self.intended -= 1

    def convert(self, value: ir.Expr, source: Type | None, target: Type) -> ir.Expr:
        """The value, which the type must hold."""
        if self.intended or not isinstance(target, CInt) or _fits(source, target):
            return super().convert(value, source, target)
        lo, hi = bounds(target)
        if isinstance(value, ir.Const) and lo <= value.value <= hi:
            return value
        holds: ir.Expr = ir.Op("<=", (ir.Const(lo), value))
        if target.bits < 64:  # no sum of numbers from small beginnings gets near 2**64
            holds = ir.Op("and", (holds, ir.Op("<=", (value, ir.Const(hi)))))
        good, bad = self.flow.branch(holds)
        self.flow.resume(bad)
        self.finding("assert", f"wrap: the value leaves {target.name}")
        self.flow.resume(good)
        return value

    def finding(self, kind: str, message: str, *, fatal: bool = False) -> None:
        """As the inliner's, with the claims about safety fatal."""
        super().finding(kind, message, fatal=fatal or claim_of(message)[0] in SAFETY)


def _fits(source: Type | None, target: CInt) -> bool:
    """Whether each value of the source is one of the target."""
    if isinstance(source, Bool):
        return True
    if not isinstance(source, CInt | Bounded):
        return False
    (lo, hi), (least, greatest) = bounds(target), bounds(source)
    return lo <= least and greatest <= hi


class _Alone(_Compiler):
    """Compiles the scenario of one proof with an observer."""

    def _inliner(self, index: int, plan: _Plan, known: Unchanging | None) -> Inliner:
        inliner = _Observer(self.tables, self.memory, self.points_to, index, 0, ())
        inliner.known = known
        inliner.run(plan.function, ())
        return inliner


def system(small: tree.Program, frags: int) -> ir.TransitionSystem:
    """The transition system of a restricted program, with a property for each claim. Raises ModelErrors."""
    rounds = frags + 1 + SPARE_ROUNDS
    functions = {name: _written_out(f, rounds) for name, f in small.functions.items()}
    function = functions[SCENARIO]
    runner = tree.Runner("process", SCENARIO, (), -1, "", function.span)
    scenario = tree.Scenario(SCENARIO, function.doc, "", (runner,), {}, (), {}, {}, (), -1, function.span)
    program = replace(small, functions=functions, scenarios={SCENARIO: scenario})
    return claims_apart(_narrowed(alone(_Alone(program, scenario).compile())))


# ---------------------------------------------------------------- the transition system


def alone(ts: ir.TransitionSystem) -> ir.TransitionSystem:
    """The system of one context without the places where nobody else could run anyway.

    Kept are the beginning and the end, choices, one place in each cycle, and what parts an assumption from a finding
    before it: a step whose assumption fails does not exist, and what was found in it would be lost.
    """
    (context,) = ts.contexts
    nodes = context.nodes
    kept = {stop.node for i, stop in enumerate(context.stops) if not i or stop.done}
    kept |= {i for i, node in enumerate(nodes) if isinstance(node.op, ir.Choose)}
    kept |= _before_assumptions(nodes)
    while (cycle := _cycle(nodes, kept)) is not None:
        kept.add(next(i for i in cycle if nodes[i].stop >= 0))
    joined = tuple(node if i in kept else replace(node, stop=-1) for i, node in enumerate(nodes))
    return replace(ts, contexts=(replace(context, nodes=joined),))


def _after(node: ir.Node) -> Iterator[int]:
    return (target for target in (node.next, node.other) if target >= 0)


def _before_assumptions(nodes: Sequence[ir.Node]) -> set[int]:
    """The stops of assumptions that may come behind a finding, or the last ones before them."""
    todo = [i for i, node in enumerate(nodes) if isinstance(node.op, ir.Finding)]
    reached = set(todo)
    while todo:
        for target in _after(nodes[todo.pop()]):
            if target not in reached:
                reached.add(target)
                todo.append(target)
    before: list[list[int]] = [[] for _ in nodes]
    for i, node in enumerate(nodes):
        for target in _after(node):
            before[target].append(i)
    found: set[int] = set()
    todo = [i for i in reached if isinstance(nodes[i].op, ir.Assume)]
    seen = set(todo)
    while todo:
        at = todo.pop()
        if nodes[at].stop >= 0:
            found.add(at)
            continue
        new = set(before[at]) - seen
        seen |= new
        todo += new
    return found


def _cycle(nodes: Sequence[ir.Node], kept: set[int]) -> list[int] | None:
    """A cycle that passes no place which is kept."""
    done: set[int] = set(kept)
    for root in range(len(nodes)):
        if root in done:
            continue
        path, at = [root], {root: 0}
        following = [_after(nodes[root])]
        while path:
            target = next(following[-1], None)
            if target is None:
                done.add(path[-1])
                del at[path.pop()]
                following.pop()
            elif target in at:
                return path[at[target] :]
            elif target not in done:
                at[target] = len(path)
                path.append(target)
                following.append(_after(nodes[target]))
    return None


def _narrowed(ts: ir.TransitionSystem) -> ir.TransitionSystem:
    """The system with 64-bit numbers of at most 2**62, so that they share a cell with negative ones.

    A larger one cuts the step: then the search is not complete and says so.
    """
    most = 1 << 62

    def narrow(thing: Any) -> Any:
        return replace(thing, hi=min(thing.hi, most))

    contexts = tuple(replace(c, locals=tuple(map(narrow, c.locals))) for c in ts.contexts)
    return replace(ts, cells=tuple(map(narrow, ts.cells)), fields=tuple(map(narrow, ts.fields)), contexts=contexts)


def claims_apart(ts: ir.TransitionSystem) -> ir.TransitionSystem:
    """The system with a property of its own for each claim of a check."""
    known = list(ts.properties)
    number = {p.id: i for i, p in enumerate(known)}
    asserted = number["assert"]

    def apart(node: ir.Node) -> ir.Node:
        if not isinstance(node.op, ir.Finding) or node.op.property != asserted:
            return node
        name, sentence = claim_of(node.op.message)
        claim = CHECKED + name
        if claim not in number:
            number[claim] = len(known)
            known.append(ir.Property(claim, sentence, "builtin", None))
        return replace(node, op=replace(node.op, property=number[claim]))

    contexts = tuple(replace(c, nodes=tuple(apart(node) for node in c.nodes)) for c in ts.contexts)
    return replace(ts, contexts=contexts, properties=tuple(known))


# ---------------------------------------------------------------- the two answers


class Incomplete(Exception):
    """A search that did not see all states, or a finding that is about no claim."""


def searched(small: tree.Program, frags: int, engine: Engine = "auto", limits: Limits | None = None) -> Answer:
    """What the explicit engine says. Raises Incomplete."""
    ts = system(small, frags)
    result = search(ts, engine=engine, limits=limits)
    if not result.complete or result.cuts:
        raise Incomplete(f"{result.reason or result.cuts}: {result.states} states")
    claims = {_claim(p.id): Verdict.HOLDS for p in ts.properties if p.id.startswith(CHECKED)}
    for violation in result.violations:
        broken = ts.properties[violation.property].id
        if not broken.startswith(CHECKED) and broken not in BUILTIN_CLAIMS:
            raise Incomplete(f"{broken}: {violation.message}")
        claims[_claim(broken)] = Verdict.VIOLATED
    reached = _reached(ts, result)
    return Answer(claims, reached, result.states, result.transitions, result.seconds)


def _claim(property: str) -> str:
    return BUILTIN_CLAIMS.get(property, property.removeprefix(CHECKED))


def _reached(ts: ir.TransitionSystem, result: SearchResult) -> frozenset[str]:
    """The claims of checks that ran."""
    nodes = [node for context in ts.contexts for node in context.nodes]
    ran = result.statements | ts.begun
    names = {ts.properties[n.op.property].id for n in nodes if isinstance(n.op, ir.Finding) and n.statement in ran}
    return frozenset({_claim(name) for name in names if name.startswith(CHECKED)} - {*SAFETY})


def proved(small: tree.Program, frags: int, timeout: float = proof.LIMIT) -> Answer:
    """What the prover says about the same program. Raises Unsupported."""
    asked = Question.of(small, small.functions[SCENARIO], frags + 1 + SPARE_ROUNDS, timeout)
    claims: dict[str, Verdict] = {}
    reached: set[str] = set()
    seconds = 0.0
    for case in proof.run(asked):
        seconds += case.build + case.solve
        reached |= case.reached
        for claim in case.claims:
            claims.setdefault(claim, Verdict.HOLDS)
        for claim in case.unknown:
            claims[claim] = Verdict.UNDETERMINED
        for claim in case.refuted:
            claims[claim] = Verdict.VIOLATED
    return Answer(claims, frozenset(reached - {*SAFETY}), seconds=seconds)


def disagreements(searched: Answer, proved: Answer) -> list[str]:
    """The claims about which the two engines say different things, or to which one of them only gets, in sentences.

    A claim that an engine never met holds for it: the prover leaves out what is so by the text alone.
    """
    found = []
    for claim in sorted({*searched.verdicts, *proved.verdicts}):
        first, second = (a.verdicts.get(claim, Verdict.HOLDS) for a in (searched, proved))
        if first is not second:
            found.append(f"{claim}: the search says {first}, the proof {second}")
    for claim in sorted(searched.reached ^ proved.reached):
        found.append(f"{claim}: only the {'search' if claim in searched.reached else 'proof'} gets to it")
    return found
