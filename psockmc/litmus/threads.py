"""From the syntax of a thread to its paths: one per way through its branches, with reads as symbols.

A path does not choose what its reads return: values flow later from the writes that are chosen for them. Branches on
what was read become constraints; so do an address that was read (one path per global it can point to), the success of
a conditional read-modify-write, and that of a trylock.

Dependencies are herd7's: data and address dependencies flow through registers and operators; a control dependency goes
to the events inside of the branch that is taken and to nothing behind it, but registers assigned inside stay tainted.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from psockmc.litmus.definitions import Definitions, Primitive, Step
from psockmc.litmus.finish import finish
from psockmc.litmus.limits import TooLarge, patient
from psockmc.litmus.names import pointers, started
from psockmc.litmus.paths import CALLBACK, NULL, Constraint, Path, PathEvent, Value
from psockmc.litmus.problems import LitmusError, Problem
from psockmc.litmus.syntax import (
    Assign,
    Binary,
    Block,
    Call,
    Deref,
    Evaluate,
    Expr,
    If,
    Name,
    Number,
    Store,
    Test,
    Thread,
    While,
)
from psockmc.litmus.terms import READ, NoMeaning, Term, make, simplify, truth

__all__ = ["LOOP_BOUND", "MAX_PATHS", "Semantics", "paths", "pointers", "started"]

LOOP_BOUND = 3
"""How often a loop's body runs at most, unless told otherwise."""

MAX_PATHS = 100_000
"""A thread with more ways through it is not decided."""


class _Dead(Exception):
    """No thread goes this way."""


class _Cut(Exception):
    """The loop bound is reached."""


@dataclass(frozen=True, slots=True)
class Semantics:
    """What a test means beside its text. cookies: what srcu_read_lock returns is data (newest).

    null_once: rcu_assign_pointer of a constant NULL is WRITE_ONCE, as in the kernel's macro.
    """

    definitions: Definitions
    cookies: bool = False
    null_once: bool = False
    loop_bound: int = LOOP_BOUND


def paths(
    test: Test,
    index: int,
    semantics: Semantics,
    pointers: tuple[Term, ...],
    started: bool,
    tick: Callable[[], None] = patient,
) -> list[Path]:
    """All paths of thread number index.

    pointers: the values that a pointer which is read can have; started: it is a callback that another thread starts;
    tick is called now and then, and may end the listing with an exception. Raises LitmusError for what its text does
    not mean, TooLarge.
    """
    thread = test.threads[index]
    found: list[Path] = []
    script: list[bool] | None = []
    while script is not None:
        tick()
        walk = _Walk(test, thread, index, semantics, pointers, script)
        path = walk.run(started)
        if path is not None:
            found.append(path)
            if len(found) > MAX_PATHS:
                raise TooLarge(f"{thread.name} has more than {MAX_PATHS:,} paths: use a smaller --loop-bound")
        script = _following(walk.script)
    return found


def _following(script: list[bool]) -> list[bool] | None:
    """The decisions of the next path: the last True becomes False."""
    while script and not script[-1]:
        script.pop()
    if not script:
        return None
    script[-1] = False
    return script


class _Walk:
    """One run through a thread, led by a script of decisions; behind its end every decision is True, and recorded."""

    def __init__(
        self,
        test: Test,
        thread: Thread,
        index: int,
        semantics: Semantics,
        pointers: tuple[Term, ...],
        script: list[bool],
    ) -> None:
        self.test = test
        self.thread = thread
        self.semantics = semantics
        self.pointers = pointers
        self.script = script
        self.decisions = 0
        self.events: list[PathEvent] = []
        self.po: list[int] = []  # predecessors, like the next three
        self.addr: list[int] = []
        self.data: list[int] = []
        self.ctrl: list[int] = []
        self.rmw: list[tuple[int, int]] = []
        self.before = 0  # what is po-before the next event
        self.control = 0  # what the next event is control-dependent on
        self.constraints: list[Constraint] = []
        self.known: dict[int, Term] = {}
        self.decided: dict[Term, bool] = {}
        self.registers = {name: Value(v, 0, 0) for name, v in test.registers.get(index, {}).items()}
        self.starts: set[str] = set()
        self.place: tuple[int, int, str] = (0, 1, "")

    def run(self, started: bool) -> Path | None:
        """The path, None when it cannot be taken."""
        idle = cut = False
        try:
            if started and not self._begin_callback():
                idle = True
            else:
                self._block(self.thread.body)
        except _Cut:
            cut = True
        except _Dead:
            return None
        except NoMeaning as error:
            start, end, _ = self.place
            raise LitmusError(self.test.source, [Problem("L0009", str(error), start, end)]) from error
        path = finish(self.events, self.po, (self.addr, self.data, self.ctrl), self.rmw, self.constraints, self.known)
        path.registers = {name: simplify(v.term, self.known) for name, v in self.registers.items()}
        path.starts, path.idle, path.cut = frozenset(self.starts), idle, cut
        return path

    def _begin_callback(self) -> bool:
        """A callback: when it sees that it was started, it waits for a grace period."""
        self.place = (0, 1, "call_rcu")
        old = self._load(("Acquire",), CALLBACK + self.thread.name, 0)
        if not self._decide(make("==", old.term, 1)):
            return False
        self._event("F", ("sync-rcu",), None)
        return True

    # ------------------------------------------------------------ decisions

    def _choose(self) -> bool:
        """The next decision of the script, True behind its end."""
        if self.decisions == len(self.script):
            self.script.append(True)
        self.decisions += 1
        return self.script[self.decisions - 1]

    def _decide(self, term: Term) -> bool:
        """Whether the term is true on this path: as it must be, else as the script says, and from now on."""
        term, sense = _normal(simplify(term, self.known))
        if type(term) is not tuple:
            return truth(term) is sense
        outcome = self.decided.get(term)
        if outcome is None:
            outcome = self._choose()
            self._record(term, outcome)
        return outcome is sense

    def _assume(self, term: Term, outcome: bool) -> None:
        """The term has this truth on this path. Raises _Dead when it cannot."""
        term, sense = _normal(simplify(term, self.known))
        outcome = outcome is sense
        known = self.decided.get(term) if type(term) is tuple else truth(term)
        if known is None:
            self._record(term, outcome)
        elif known is not outcome:
            raise _Dead

    def _record(self, term: Term, outcome: bool) -> None:
        self.decided[term] = outcome
        self.constraints.append((term, outcome))
        if outcome and term[0] == "==":
            for read, value in ((term[1], term[2]), (term[2], term[1])):
                if type(read) is tuple and read[0] == READ and type(value) is not tuple:
                    self.known[read[1]] = value

    # ------------------------------------------------------------ statements

    def _block(self, block: Block) -> None:
        for statement in block:
            if isinstance(statement, Assign):
                self._assign(statement)
            elif isinstance(statement, Evaluate):
                self.place = (statement.start, statement.end, "")
                self._call(statement.call)
            elif isinstance(statement, Store):
                self._store(statement)
            elif isinstance(statement, If):
                self._if(statement)
            else:
                self._while(statement)

    def _assign(self, statement: Assign) -> None:
        self.place = (statement.start, statement.end, "")
        term, sources, taint = self._value(statement.value)
        self.registers[statement.register] = Value(term, sources, taint | self.control)

    def _store(self, statement: Store) -> None:
        self.place = (statement.start, statement.end, "")
        before = self.before
        value = self._value(statement.value)
        after, self.before = self.before, before
        address = self._value(statement.address)
        self.before |= after
        self._access("W", ("Plain",), self._location(address), address.sources, value.sources, value.term)

    def _if(self, statement: If) -> None:
        self.place = (statement.start, statement.end, "")
        condition = self._value(statement.condition)
        branch = statement.then if self._decide(condition.term) else statement.otherwise
        if branch:
            outer = self.control
            self.control |= condition.sources | condition.taint
            self._block(branch)
            self.control = outer

    def _while(self, statement: While) -> None:
        """Unrolled: `if (condition) { body; if (condition) ... }`, so that control dependencies add up."""
        outer = self.control
        rounds = 0
        if statement.at_least_once:
            self._block(statement.body)
            rounds = 1
        while True:
            self.place = (statement.start, statement.end, "")
            condition = self._value(statement.condition)
            if not self._decide(condition.term):
                break
            if rounds == self.semantics.loop_bound:
                raise _Cut
            rounds += 1
            self.control |= condition.sources | condition.taint
            self._block(statement.body)
        self.control = outer

    # ------------------------------------------------------------ expressions

    def _value(self, expr: Expr) -> Value:
        """The value of an expression, with the events of its loads and primitives."""
        if isinstance(expr, Name):
            return self._name(expr)
        if isinstance(expr, Number):
            return Value(expr.value, 0, 0)
        if isinstance(expr, Binary):
            before = self.before
            left = self._value(expr.left)
            after, self.before = self.before, before
            right = self._value(expr.right)
            self.before |= after
            return _combine(expr.op, left, right)
        if isinstance(expr, Deref):
            address = self._value(expr.address)
            return self._load(("Plain",), self._location(address), address.sources)
        value = self._call(expr)
        assert value is not None, "check_calls has seen to this"
        return value

    def _name(self, name: Name) -> Value:
        register = self.registers.get(name.name)
        if register is not None:
            return register
        if name.name in self.thread.parameters:
            return Value(f"&{name.name}", 0, 0)
        if name.name not in self.thread.declared and self._is_global(name.name):
            message = f"`{name.name}` is a global, but no parameter of {self.thread.name}"
            raise self._error("L0006", message, name, f"add it: `{self.thread.name}(..., int *{name.name})`")
        return Value(0, 0, 0)

    def _is_global(self, name: str) -> bool:
        return name in self.test.initial or any(name in t.parameters for t in self.test.threads)

    def _error(self, code: str, message: str, at: Expr, help: str = "") -> LitmusError:
        return LitmusError(self.test.source, [Problem(code, message, at.start, at.end, help=help)])

    def _location(self, address: Value) -> str:
        """The global that an address means; when the address was read, one path for each that it can be."""
        term = simplify(address.term, self.known)
        if type(term) is tuple:
            for pointer in self.pointers:
                if self._decide(make("==", term, pointer)):
                    term = pointer
                    break
            else:
                raise _Dead
        if type(term) is str:
            return term[1:]
        if term == 0:
            return NULL
        start, end, _ = self.place
        problem = Problem("L0009", f"the integer {term} is used as an address", start, end)
        raise LitmusError(self.test.source, [problem])

    # ------------------------------------------------------------ primitives

    def _call(self, call: Call) -> Value | None:
        """Run a primitive and return its value."""
        name = call.name
        if self.semantics.null_once and name == "rcu_assign_pointer" and _is_null(call):
            name = "RCU_INIT_POINTER"
        primitive = self.semantics.definitions.get(name)
        assert primitive is not None, "check_calls has seen to this"
        if primitive.is_start:
            self._start(call)
            return None
        environment = self._arguments(primitive, call)
        self.place = (*self.place[:2], call.name)
        return self._steps(primitive, environment)

    def _arguments(self, primitive: Primitive, call: Call) -> dict[str, Value]:
        """The values of the arguments, unordered among each other."""
        environment: dict[str, Value] = {}
        before = after = self.before
        for parameter, argument in zip(primitive.parameters, call.arguments, strict=True):
            self.before = before
            if parameter in primitive.lvalues:
                assert isinstance(argument, Deref)
                argument = argument.address
            environment[parameter] = self._value(argument)
            after |= self.before
        self.before = after
        return environment

    def _start(self, call: Call) -> None:
        """`call_rcu(head, P2)`: a release store to the hidden location from which P2 begins."""
        thread = call.arguments[-1]
        assert isinstance(thread, Name)
        self.place = (*self.place[:2], call.name)
        self.starts.add(thread.name)
        self._access("W", ("Release",), CALLBACK + thread.name, 0, 0, 1)

    def _steps(self, primitive: Primitive, environment: dict[str, Value]) -> Value | None:
        steps, guard, holds = primitive.steps, primitive.guard, True
        if guard is not None:
            holds = self._choose()
            steps = steps if holds else primitive.otherwise
        location = ""
        address = environment.get("p")
        if address is not None:
            location = self._location(address)
        for step in steps:
            self._step(step, location, environment)
            if guard is not None and "old" in environment:
                self._assume(_substitute(guard, environment).term, holds)
                guard = None
        return _substitute(primitive.result, environment) if primitive.result is not None else None

    def _step(self, step: Step, location: str, environment: dict[str, Value]) -> None:
        """One step; `old`, `new`, `taken` and `cookie` enter the environment."""
        kind, tags = step.kind, step.tags
        sources = environment["p"].sources if location else 0
        if kind == "load":
            environment["old"] = self._load(_access_sets(tags[0]), location, sources)
        elif kind == "store":
            self._write(step, tags[0], location, environment, ())
        elif kind == "fence":
            self._event("F", tags, None)
        elif kind == "rmw":
            environment["old"] = self._load((*_access_sets(tags[0]), "RMW"), location, sources)
            self._write(step, tags[1], location, environment, ("RMW",))
            self.rmw.append((len(self.events) - 2, len(self.events) - 1))
        elif kind == "failed":
            environment["old"] = self._load((*_access_sets(tags[0]), "RMW"), location, sources)
        elif kind == "acquired":
            assert step.value is not None
            if self._decide(_substitute(step.value, environment).term):
                self._event("F", ("rmb",), None)
        elif kind == "blocked":
            raise _Dead
        elif kind == "srcu":
            self._srcu(tags[0], location, step, environment)
        else:
            self._spinlock(kind, location, sources, environment)

    def _write(self, step: Step, tag: str, location: str, environment: dict[str, Value], sets: tuple[str, ...]) -> None:
        assert step.value is not None
        value = _substitute(step.value, environment)
        environment["new"] = value
        self._access("W", (*_access_sets(tag), *sets), location, environment["p"].sources, value.sources, value.term)

    def _spinlock(self, kind: str, location: str, sources: int, environment: dict[str, Value]) -> None:
        if kind == "unlock":
            self._access("W", ("UL", "Release"), location, sources, 0, 0)
        elif kind == "lock" or (kind == "trylock" and self._choose()):
            self._access("R", ("LKR", "Acquire"), location, sources, 0, None)
            self._access("W", ("LKW",), location, sources, 0, 1)
            self.rmw.append((len(self.events) - 2, len(self.events) - 1))
            environment["taken"] = Value(1, 0, 0)
        else:
            locked = kind == "trylock" or self._choose()
            self._access("R", ("LF" if locked else "RU",), location, sources, 0, None)
            source = 1 << len(self.events) - 1
            environment["taken"] = Value(int(locked and kind == "is_locked"), source, 0)

    def _srcu(self, tag: str, location: str, step: Step, environment: dict[str, Value]) -> None:
        """An SRCU marker.

        The cookie of a reader is a value like no other; in the newest model it carries dependencies.
        """
        value = _substitute(step.value, environment) if step.value is not None else Value(None, 0, 0)
        index, cookies = len(self.events), self.semantics.cookies
        if tag == "srcu-lock":
            value = Value(f"cookie {self.thread.name}.{index}", 1 << index if cookies else 0, 0)
            environment["cookie"] = value
        data = value.sources if cookies and tag == "srcu-unlock" else 0
        self._access("SRCU", (tag,), location, environment["p"].sources, data, value.term)

    # ------------------------------------------------------------ events

    def _load(self, sets: tuple[str, ...], location: str, sources: int) -> Value:
        index = self._access("R", sets, location, sources, 0, None)
        return Value((READ, index), 1 << index, 0)

    def _access(self, kind: str, sets: tuple[str, ...], location: str, addr: int, data: int, term: Term) -> int:
        index = self._event(kind, sets, location, term)
        self.addr[index] = addr
        self.data[index] = data
        return index

    def _event(self, kind: str, sets: tuple[str, ...], location: str | None, term: Term = None) -> int:
        index = len(self.events)
        self.events.append(PathEvent(kind, sets, location, term, *self.place))
        self.po.append(self.before)
        self.addr.append(0)
        self.data.append(0)
        self.ctrl.append(self.control)
        self.before |= 1 << index
        return index


def _is_null(call: Call) -> bool:
    value = call.arguments[-1] if call.arguments else None
    return isinstance(value, Number) and value.value == 0


_SETS = {"plain": "Plain", "acquire": "Acquire", "release": "Release"}


def _access_sets(tag: str) -> tuple[str, ...]:
    """The sets of a read or write with this tag of a definition."""
    return (_SETS.get(tag, tag),)


def _normal(term: Term) -> tuple[Term, bool]:
    """The term as an equation or comparison, and whether the original means that it is true."""
    if type(term) is not tuple:
        return term, True
    if term[0] == "!=":
        return ("==", term[1], term[2]), False
    if term[0] == "==" and term[2] == 0 and type(term[1]) is tuple and term[1][0] in ("==", "!="):
        inner, sense = _normal(term[1])
        return inner, not sense
    if term[0] in ("==", "<", ">", "<=", ">="):
        return term, True
    return ("==", term, 0), False


def _combine(op: str, left: Value, right: Value) -> Value:
    return Value(make(op, left.term, right.term), left.sources | right.sources, left.taint | right.taint)


def _substitute(expr: Expr, environment: dict[str, Value]) -> Value:
    """An expression of a definition over the values of its names."""
    if isinstance(expr, Name):
        return environment[expr.name]
    if isinstance(expr, Number):
        return Value(expr.value, 0, 0)
    assert isinstance(expr, Binary), "definitions are made of names, numbers and operators"
    return _combine(expr.op, _substitute(expr.left, environment), _substitute(expr.right, environment))
