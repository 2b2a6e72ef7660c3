"""Symbolic execution of typed functions, all paths at once.

Both sides of a branch are executed and their states merged where they meet, so the work grows with the length of
the program and not with the number of its paths. Loops are unrolled as often as `rounds` allows; that they end by
then is an obligation like any other, so that a proof is never bounded without saying so.

What must hold is noted in the order in which it is met (`Item`): assumptions, checks, and the claims that every
operation makes by itself:

index        no access outside of an array
wrap         no arithmetic or conversion loses its value (but where the model says `wrapping`)
termination  no loop goes round more than `rounds` times
pointer      nothing is reached through NULL
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from psockmc.lang import tree
from psockmc.lang.types import Pointer
from psockmc.lang.walk import all_expressions
from psockmc.prove import terms
from psockmc.prove.machine import Machine, SomeLanes, Unsupported
from psockmc.prove.objects import Objects
from psockmc.prove.solver import Solver
from psockmc.prove.state import Local, Path, Place, State, merge, pick
from psockmc.prove.terms import FALSE, TRUE, Term

SAFETY = ("index", "wrap", "termination", "pointer", "division")
"""Claims that every operation makes by itself."""

RESULT = "(result)"


def claim_of(sentence: str) -> tuple[str, str]:
    """Name and sentence of a check: `R3: the size ...`; one without a name is called `assert`."""
    claim, _, text = sentence.partition(":")
    return (claim.strip(), text.strip()) if text else ("assert", sentence)


@dataclass(frozen=True, slots=True)
class Item:
    """Something that was met on the way. kind: `assume`, `cover`, `check` or one of SAFETY.

    claim: its name (`R3`; for SAFETY the kind). path: the condition under which the program gets there; cond: what
    holds or must hold. snapshot: number of the memory snapshots taken before (`Execution.snapshots`).
    """

    kind: str
    claim: str
    sentence: str
    span: tree.Span
    path: Term
    cond: Term
    calls: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Called:
    """A kernel function that a proof called, in a run on numbers: the memory before and after, and the result."""

    name: str
    arguments: Mapping[str, Local]
    before: Mapping[Path, Term]
    after: Mapping[Path, Term]
    result: Term | None


@dataclass(slots=True)
class _Loop:
    breaks: list[State] = field(default_factory=list)
    continues: list[State] = field(default_factory=list)


@dataclass(slots=True)
class _Frame:
    """One call. site: line and column of the call; rounds: the rounds of the loops around the present place."""

    function: tree.Function
    site: str
    rounds: list[int] = field(default_factory=list)
    returns: list[State] = field(default_factory=list)
    loops: list[_Loop] = field(default_factory=list)


@dataclass(frozen=True)
class Settings:
    """rounds: how often a loop may go round. split: how many of the first choices are made one by one. decided:
    those that are made already; a tuple is carried side by side, one value in each lane (see terms). constants:
    unknowns that stand for named constants, by name. given: values of all unknowns, for a run on concrete numbers.
    """

    rounds: int
    decided: tuple[int | tuple[int, ...], ...] = ()
    split: int = 0
    constants: dict[str, Term] = field(default_factory=dict)
    given: dict[str, int] | None = None


class Execution:
    """One run of a proof. After `run`: items, the objects with their first values, and (on numbers) the calls made.

    arithmetic: see `arithmetic_functions`.
    """

    def __init__(self, program: tree.Program, settings: Settings, arithmetic: frozenset[str]) -> None:
        self.program = program
        self.settings = settings
        self.items: list[Item] = []
        self.machine = Machine(self._obligation)
        self.objects = Objects(program, settings.given)
        self.arithmetic = arithmetic
        self.frames: list[_Frame] = []
        self.choices = 0
        self.given_taken: tuple[Term, ...] = ()
        self.given = terms.Given(TRUE)
        self.state = State()
        self.called: list[Called] = []
        self.feasibility = Feasibility(self)
        from psockmc.prove.expressions import Expressions

        self.expressions = Expressions(self)

    def run(self, proof: tree.Function) -> State:
        """Executes the proof; its pointer parameters are objects with arbitrary content.

        Raises NeedsCase, SomeLanes and Unsupported.

        The terms of earlier executions are dropped: they were built with what those assumed.
        """
        terms.forget()
        arguments: dict[str, Local] = {}
        for param in proof.params:
            assert isinstance(param.type, Pointer)
            arguments[param.name] = terms.const(self.objects.add(param.name, param.type.struct, arbitrary=True))
        self.objects.add_instances()
        self.state = State({}, arguments, ())
        self._body(proof, proof.name)
        return self.state

    def drop(self) -> None:
        """Lets go of everything at once. Its parts refer to the run, so that only the collector would find them."""
        vars(self.expressions).clear()
        vars(self.feasibility).clear()
        vars(self).clear()

    # ------------------------------------------------------------ what must hold

    def note(self, kind: str, claim: str, sentence: str, span: tree.Span, cond: Term) -> None:
        """Notes an assumption or a claim at the present place.

        Raises SomeLanes for an assumption that some lanes do not meet, when nothing was claimed of them before.
        """
        path = self.state.path
        if kind == "assume" and cond.kind == "lane" and path is TRUE and all(i.kind == "assume" for i in self.items):
            raise SomeLanes(cond.args, others=False)
        if path is FALSE or (kind != "check" and kind != "cover" and terms.implies(path, cond) is TRUE):
            return
        calls = tuple(frame.function.name for frame in self.frames)
        self.items.append(Item(kind, claim, sentence, span, path, cond, calls))
        if kind == "assume" and path is TRUE:
            terms.learn(cond)

    def _obligation(self, kind: str, cond: Term, span: tree.Span, sentence: str) -> None:
        self.note(kind, kind, sentence, span, cond)

    def fresh(self, word: str, span: tree.Span, lo: int, hi: int, truth: bool = False) -> Term:
        """A new unknown; in a run with given values, its value.

        Its name is where it stands: the calls and rounds of loops that led there, so that a run on numbers, which takes
        one side of each branch, knows it by the same name.
        """
        frames = [f"{f.site}{''.join(f'[{r}]' for r in f.rounds)}" for f in self.frames]
        name = f"{word} {'/'.join(frames)}/{span.line}:{span.column}"
        return self.objects.unknown(name, lo, hi, truth)

    def possible(self, path: Term) -> bool:
        """Whether the assumptions so far may let the program get to a place: False is certain."""
        return self.settings.given is not None or self.feasibility.possible(path)

    def here(self, value: Term) -> Term:
        """The value, simplified with the conditions that led to the present place."""
        taken = self.state.taken
        if not taken or not value.atoms:
            return value
        if taken is not self.given_taken:
            self.given_taken, self.given = taken, terms.Given(self.state.path)
        simpler = self.given(value)
        # Of a count, a sum of many conditions, one of them is known here: it cancels better as it was.
        count = value.kind in ("lin", "cast") and simpler.kind in ("lin", "cast") and simpler.atoms
        return value if count else simpler

    # ------------------------------------------------------------ branches

    def branch(self, cond: Term, then: Callable[[], Term | None], other: Callable[[], Term | None]) -> Term | None:
        """Runs both sides, each on a state of its own, and merges; the value is that of the side taken."""
        if cond is TRUE:
            return then()
        if cond is FALSE:
            return other()
        before = self.state
        ends: list[State] = []
        values: list[Term | None] = []
        for side, condition in ((then, cond), (other, terms.negation(cond))):
            self.state = before.fork(condition)
            values.append(side())
            ends.append(self.state)
        self._meet(ends, before)
        first, second = values
        if first is None or second is None:
            return None
        return pick(cond, first, second)

    def _meet(self, ends: Sequence[State], before: State) -> None:
        """Goes on where the sides meet."""
        alive = [end for end in ends if end.path is not FALSE]
        merged = merge(alive, self.objects.initial)
        self.state = merged if merged is not None else State(before.memory, before.locals, (FALSE,))

    @property
    def dead(self) -> bool:
        """Whether nothing gets to the present place."""
        return bool(self.state.taken) and self.state.taken[-1] is FALSE

    # ------------------------------------------------------------ functions

    def call(self, name: str, args: Sequence[Local], span: tree.Span) -> Term | None:
        """Calls a function; its result, or None when it has none."""
        function = self.program.functions[name]
        depth = sum(frame.function.name == name for frame in self.frames)
        if depth >= function.recursion:
            raise Unsupported(f"`{name}` calls itself", span)
        outermost = self.settings.given is not None and not any(f.function.role == "kernel" for f in self.frames)
        before = self.state.memory
        locals = self.state.locals
        self.state.locals = {p.name: arg for p, arg in zip(function.params, args, strict=True)}
        self._body(function, f"{span.line}:{span.column}")
        result = self.state.locals.get(RESULT)
        self.state.locals = locals
        assert not isinstance(result, Place)
        if outermost and function.role == "kernel":
            arguments = {p.name: arg for p, arg in zip(function.params, args, strict=True)}
            self.called.append(Called(name, arguments, before, self.state.memory, result))
        return result

    def _body(self, function: tree.Function, site: str) -> None:
        """Runs a body and merges its returns; all paths that go in come out, or an obligation failed on the way."""
        taken = self.state.taken
        frame = _Frame(function, site)
        self.frames.append(frame)
        try:
            self.block(function.body)
            ends = [*frame.returns, *([] if self.dead else [self.state])]
            self._meet(ends, self.state)
            if not self.dead:
                self.state.taken = taken
        finally:
            self.frames.pop()

    # ------------------------------------------------------------ statements

    def block(self, body: Sequence[tree.Stmt]) -> None:
        """Runs statements in order until nothing gets further."""
        for statement in body:
            if self.dead:
                return
            self._statement(statement)

    def _statement(self, statement: tree.Stmt) -> None:
        value = self.expressions
        match statement:
            case tree.Assign(target=target, value=expr, span=span):
                value.assign(target, value.converted(expr, target.type), span)
            case tree.Evaluate(value=expr):
                value.any(expr)
            case tree.If(cond=cond, then=then, other=other):
                self.branch(value.truth(cond), lambda: self.block(then), lambda: self.block(other))
            case tree.While(cond=cond, body=body, span=span):
                self._while(cond, body, span)
            case tree.ForRange():
                self._for_range(statement)
            case tree.Break():
                self.frames[-1].loops[-1].breaks.append(self._leave())
            case tree.Continue():
                self.frames[-1].loops[-1].continues.append(self._leave())
            case tree.Return(value=expr):
                result = None if expr is None else value.converted(expr, self.frames[-1].function.result)
                if result is not None:
                    self.state.locals[RESULT] = result
                self.frames[-1].returns.append(self._leave())
            case tree.Atomic(body=body):
                self.block(body)
            case tree.Check(cond=cond, sentence=sentence, span=span):
                self.note("check", *claim_of(sentence), span, value.truth(cond))
            case tree.AssumeThat(cond=cond, span=span):
                self.note("assume", "", "", span, value.truth(cond))
            case tree.CoverThat(sentence=sentence, span=span):
                self.note("cover", "cover", sentence, span, TRUE)
            case tree.Omits():
                pass
            case _:
                raise Unsupported("the prover has one thread: it knows no lists and no sleeping", statement.span)

    def _leave(self) -> State:
        """The present state leaves the block; nothing gets further here."""
        left = self.state
        self.state = State(left.memory, left.locals, (*left.taken, FALSE))
        return left

    # ------------------------------------------------------------ loops

    def _while(self, cond: tree.Expr, body: Sequence[tree.Stmt], span: tree.Span) -> None:
        before = self.state
        exits: list[State] = []
        for number in range(self.settings.rounds):
            go = self.expressions.truth(cond)
            if go is not TRUE:
                exits.append(self.state.fork(terms.negation(go)))
                self.state = self.state.fork(go)
            if self.state.path is FALSE or (go is not TRUE and not self.possible(self.state.path)):
                self._leave()
                break
            exits.extend(self._round(body, number))
            if self.dead:
                break
        else:
            self._unwound(cond, exits, span)
        self._meet(exits, before)

    def _unwound(self, cond: tree.Expr, exits: list[State], span: tree.Span) -> None:
        """Whether the loop goes round once more: it must not."""
        go = self.expressions.truth(cond)
        sentence = f"the loop goes round at most {self.settings.rounds} times"
        self.note("termination", "termination", sentence, span, terms.negation(go))
        if go is not TRUE:
            exits.append(self.state.fork(terms.negation(go)))

    def _round(self, body: Sequence[tree.Stmt], number: int) -> list[State]:
        """One round; the states that `break` out of it. The state behind it is that of the next round's beginning."""
        loop = _Loop()
        frame = self.frames[-1]
        frame.loops.append(loop)
        frame.rounds.append(number)
        try:
            self.block(body)
        finally:
            frame.loops.pop()
            frame.rounds.pop()
        ends = [*loop.continues, *([] if self.dead else [self.state])]
        self._meet(ends, self.state)
        return loop.breaks

    def _for_range(self, loop: tree.ForRange) -> None:
        before = self.state
        exits: list[State] = []
        for i in range(loop.first, loop.last):
            self.state.locals[loop.var] = terms.const(i)
            exits.extend(self._round(loop.body, i))
            if self.dead:
                break
        ends = [*exits, *([] if self.dead else [self.state])]
        self._meet(ends, before)


class Feasibility:
    """Answers whether a loop can go round once more, so that rounds that cannot happen are not executed."""

    TIMEOUT = 0.2

    def __init__(self, run: Execution) -> None:
        self.run = run
        self.solver = Solver(self.TIMEOUT)
        self.seen = 0
        self.axioms = 0

    def possible(self, path: Term) -> bool:
        """False: nothing that meets the assumptions so far gets there."""
        for item in self.run.items[self.seen :]:
            if item.kind == "assume":
                self.solver.add([terms.implies(item.path, item.cond)])
        self.solver.add(self.run.machine.axioms[self.axioms :])
        self.seen, self.axioms = len(self.run.items), len(self.run.machine.axioms)
        self.solver.push()
        self.solver.add([path])
        answer = self.solver.solve()
        self.solver.pop()
        return answer is not None


NUMBERS = (tree.Literal, tree.Var, tree.Unary, tree.Binary, tree.Conditional, tree.Call)


def arithmetic_functions(program: tree.Program) -> frozenset[str]:
    """Names of the functions of a program that compute numbers from numbers and touch nothing else."""
    bodies = {name: list(all_expressions(f.body)) for name, f in program.functions.items()}
    found = {name for name, body in bodies.items() if all(isinstance(e, NUMBERS) for e in body)}
    while True:
        kept = {n for n in found if {e.function for e in bodies[n] if isinstance(e, tree.Call)} <= found}
        if kept == found:
            return frozenset(found)
        found = kept
