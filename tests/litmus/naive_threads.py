"""Threads of litmus tests run naively: every run with every value that its loads could return. See naive.py."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

from psockmc.litmus.execution import Value
from psockmc.litmus.syntax import Assign, Binary, Block, Call, Deref, Evaluate, Expr, If, Name, Number, Store, Test
from tests.litmus.naive_model import Event
from tests.litmus.naive_primitives import FENCES, READS, RMW, STARTS, UNLOCKS, WRITES, number, rmw_of

Memory = dict[str, Value]

MOST_VALUES = 24
"""More values of one location than these take too long."""

UNEXPLAINED = 99
"""A value that no test stores by itself."""


class TooMuch(Exception):
    """The naive implementation does not understand this test, or would take too long for it."""


class NoPath(Exception):
    """This run is impossible: a location that is no address, or a value that no write stores."""


@dataclass(frozen=True)
class How:
    """What is enumerated. newest: today's model, else that of Linux 6.1.

    srcu_accesses: srcu_read_lock() and srcu_read_unlock() load and store the location of their srcu_struct, as today's model
    has it, instead of being mere markers there. thin_air: loads may also return a value that nothing but itself explains.
    most: more candidates than these are TooMuch. most_runs: more runs of one thread than these, too.
    """

    newest: bool = False
    srcu_accesses: bool = False
    thin_air: bool = False
    most: int = 10**6
    most_runs: int = 10**6


@dataclass
class Oracle:
    """Answers the choices of one run: first those given, then always the first option, and remembers what there was."""

    given: list[int]
    sizes: list[int] = field(default_factory=list)

    def choose(self, options: Sequence[Value]) -> Value:
        turn = len(self.sizes)
        if not options:
            raise NoPath
        self.sizes.append(len(options))
        if turn == len(self.given):
            self.given.append(0)
        return options[self.given[turn]]

    def next(self) -> list[int] | None:
        """The choices of the run after this one, None after the last."""
        given = self.given[: len(self.sizes)]
        while given and given[-1] + 1 == self.sizes[len(given) - 1]:
            given.pop()
        return [*given[:-1], given[-1] + 1] if given else None


@dataclass(frozen=True)
class Known:
    """What a register holds, the loads whose value flowed into it, and the loads that decided that it was assigned."""

    value: Value
    loads: frozenset[int] = frozenset()
    control: frozenset[int] = frozenset()


@dataclass
class Path:
    """One run of one thread: its events in order, their values, and its own relations over their positions."""

    thread: int
    events: list[Event] = field(default_factory=list)
    values: list[Value | None] = field(default_factory=list)
    addr: set[tuple[int, int]] = field(default_factory=set)
    data: set[tuple[int, int]] = field(default_factory=set)
    ctrl: set[tuple[int, int]] = field(default_factory=set)
    rmw: set[tuple[int, int]] = field(default_factory=set)
    registers: dict[str, Known] = field(default_factory=dict)
    starts: set[str] = field(default_factory=set)
    idle: bool = False
    """A thread that is started by another one, and was not."""

    @property
    def stores(self) -> int:
        """How many stores this run made, lock operations aside."""
        return sum(e.kind == "W" and e.tag not in ("LKW", "UL") for e in self.events)


class Runner:
    """Runs one thread once, asking the oracle what its loads return."""

    def __init__(self, thread: int, oracle: Oracle, domain: dict[str, set[Value]], how: How) -> None:
        self.path = Path(thread)
        self.oracle = oracle
        self.domain = domain
        self.newest = how.newest
        self.srcu_accesses = how.srcu_accesses
        self.conditions: list[frozenset[int]] = []

    def event(
        self, kind: str, tag: str, location: str | None = None, value: Value | None = None, *, rmw: bool = False
    ) -> int:
        """Append an event that depends on all conditions around it."""
        index = len(self.path.events)
        self.path.events.append(Event(self.path.thread, kind, tag, location, rmw))
        self.path.values.append(value)
        self.path.ctrl |= {(load, index) for condition in self.conditions for load in condition}
        return index

    def load(self, tag: str, address: Known) -> int:
        return self.read(tag, address, self.oracle.choose(sorted(self.domain[self.location(address)], key=str)))

    def read(self, tag: str, address: Known, value: Value, *, rmw: bool = False) -> int:
        index = self.event("R", tag, self.location(address), value, rmw=rmw)
        self.path.addr |= {(load, index) for load in address.loads}
        return index

    def store(self, tag: str, address: Known, value: Known, *, rmw: bool = False) -> int:
        index = self.event("W", tag, self.location(address), value.value, rmw=rmw)
        self.path.addr |= {(load, index) for load in address.loads}
        self.path.data |= {(load, index) for load in value.loads}
        return index

    def location(self, address: Known) -> str:
        if not isinstance(address.value, str) or address.value[1:] not in self.domain:
            raise NoPath
        return address.value[1:]

    def loaded(self, index: int) -> Known:
        value = self.path.values[index]
        assert value is not None
        return Known(value, frozenset((index,)))

    # Expressions

    def evaluate(self, expression: Expr) -> Known:
        """The value of an expression; loads and calls in it happen from left to right."""
        match expression:
            case Number(value):
                return Known(value)
            case Name(name):
                return Known(f"&{name}") if name in self.domain else self.path.registers.get(name, Known(0))
            case Deref(address):
                return self.loaded(self.load("plain", self.evaluate(address)))
            case Binary(operator, left, right):
                a, b = self.evaluate(left), self.evaluate(right)
                result = calculate(operator, a.value, b.value)
                return Known(result, a.loads | b.loads, a.control | b.control)
            case Call(name, arguments):
                return self.call(name, arguments)

    def place(self, expression: Expr) -> Known:
        """The address that `*p` or `p` means as the argument of a primitive."""
        return self.evaluate(expression.address if isinstance(expression, Deref) else expression)

    # Statements

    def run(self, statements: Block) -> None:
        for statement in statements:
            match statement:
                case Assign(register, value):
                    known = self.evaluate(value)
                    control = known.control.union(*self.conditions)
                    self.path.registers[register] = Known(known.value, known.loads, control)
                case Store(address, value):
                    stored = self.evaluate(value)
                    self.store("plain", self.evaluate(address), stored)
                case Evaluate(call):
                    self.evaluate(call)
                case If(condition, then, otherwise):
                    known = self.evaluate(condition)
                    self.conditions.append(known.loads | known.control)
                    self.run(then if known.value != 0 else otherwise)
                    self.conditions.pop()
                case _:
                    raise TooMuch("a loop")

    def call(self, name: str, arguments: tuple[Expr, ...]) -> Known:
        """A primitive; the result of one that returns nothing is 0."""
        if name in READS:
            return self.loaded(self.load(READS[name], self.place(arguments[0])))
        if name in WRITES:
            self.store(WRITES[name], self.place(arguments[0]), self.evaluate(arguments[1]))
            if name == "smp_store_mb":
                self.event("F", "mb")
        elif name in FENCES:
            self.event("F", FENCES[name])
        elif name in UNLOCKS:
            self.store("release", self.place(arguments[0]), Known(0))
        elif name in STARTS:
            self.start(arguments[STARTS[name]])
        elif name == "test_bit":
            bit, word = self.evaluate(arguments[0]), self.loaded(self.load("once", self.place(arguments[1])))
            return Known(number(word.value) >> number(bit.value) & 1, word.loads | bit.loads)
        elif (rmw := rmw_of(name)) is not None:
            known = [self.place(a) if i == rmw.address else self.evaluate(a) for i, a in enumerate(arguments)]
            return self.read_modify_write(rmw, known)
        elif (special := getattr(self, f"do_{name}", None)) is not None:
            result = special(*map(self.place, arguments))
            assert isinstance(result, Known)
            return result
        else:
            raise TooMuch(name)
        return Known(0)

    def read_modify_write(self, rmw: RMW, arguments: list[Known]) -> Known:
        """Read, and store what is computed; between two full fences if it is fully ordered and does not fail."""
        address = arguments[rmw.address]
        operands = [a for i, a in enumerate(arguments) if i != rmw.address]
        values = [o.value for o in operands]
        old = self.oracle.choose(sorted(self.domain[self.location(address)], key=str))
        new = rmw.new(old, values)
        if new is None and rmw.blocks:
            raise NoPath
        if new is not None and rmw.order == "full":
            self.event("F", "mb")
        tag = rmw.order if new is not None and rmw.order in ("acquire", "noreturn") else "once"
        read = self.read(tag, address, old, rmw=True)
        if new is not None:
            flows = operands if rmw.arithmetic else operands[-1:]
            sources = frozenset((read,) if rmw.arithmetic else ()).union(*(o.loads for o in flows))
            tag = "release" if rmw.order == "release" else "once"
            write = self.store(tag, address, Known(new, sources), rmw=True)
            self.path.rmw.add((read, write))
        if new is not None and rmw.order == "full":
            self.event("F", "mb")
        if new == 0 and rmw.acquires_zero:
            self.event("F", "rmb")
        used = [o.loads for o in operands] if rmw.arithmetic else []
        return Known(rmw.result(old, new, values), frozenset((read,)).union(*used))

    def start(self, thread: Expr) -> None:
        """Hand over to a thread that begins behind a grace period."""
        assert isinstance(thread, Name)
        self.path.starts.add(thread.name)
        self.event("W", "release", f"start of {thread.name}", 1)

    def begin(self, name: str) -> bool:
        """The begin of such a thread; False: it was not started."""
        started = bool(self.oracle.choose([0, 1]))
        self.path.idle = not started
        self.event("R", "acquire", f"start of {name}", int(started))
        if started:
            self.event("F", "sync-rcu")
        return started

    # Locks and SRCU

    def do_spin_lock(self, lock: Known) -> Known:
        read = self.event("R", "LKR", self.location(lock), 0, rmw=True)
        write = self.event("W", "LKW", self.location(lock), 1, rmw=True)
        self.path.rmw.add((read, write))
        return Known(1)

    do_spin_lock_bh = do_spin_lock

    def do_spin_unlock(self, lock: Known) -> Known:
        self.event("W", "UL", self.location(lock), 0)
        return Known(0)

    do_spin_unlock_bh = do_spin_unlock

    def do_spin_trylock(self, lock: Known) -> Known:
        if self.oracle.choose([0, 1]):
            return self.do_spin_lock(lock)
        index = self.event("R", "LF", self.location(lock), 1)
        return Known(0, frozenset((index,)))

    def do_spin_is_locked(self, lock: Known) -> Known:
        locked: Value = self.oracle.choose([0, 1])
        index = self.event("R", "LF" if locked else "RU", self.location(lock), locked)
        return Known(locked, frozenset((index,)))

    def do_srcu_read_lock(self, srcu: Known) -> Known:
        if self.srcu_accesses:
            return self.loaded(self.load("srcu-lock", srcu))
        index = self.event("F", "srcu-lock", self.location(srcu))
        return Known(0, frozenset((index,)) if self.newest else frozenset())

    def do_srcu_read_unlock(self, srcu: Known, cookie: Known) -> Known:
        if self.srcu_accesses:
            self.store("srcu-unlock", srcu, cookie)
            return Known(0)
        index = self.event("F", "srcu-unlock", self.location(srcu))
        self.path.data |= {(load, index) for load in cookie.loads}
        return Known(0)

    def do_synchronize_srcu(self, srcu: Known) -> Known:
        self.event("F", "sync-srcu", self.location(srcu))
        return Known(0)


OPERATORS: dict[str, Callable[[int, int], int]] = {
    "|": int.__or__,
    "^": int.__xor__,
    "&": int.__and__,
    "+": int.__add__,
    "-": int.__sub__,
    "*": int.__mul__,
    "<": lambda a, b: int(a < b),
    ">": lambda a, b: int(a > b),
    "<=": lambda a, b: int(a <= b),
    ">=": lambda a, b: int(a >= b),
}


def calculate(operator: str, left: Value, right: Value) -> Value:
    """The value of `left operator right`."""
    if operator in ("==", "!="):
        return int((left == right) == (operator == "=="))
    if operator == "+" and 0 in (left, right):
        return left if right == 0 else right
    if operator not in OPERATORS or isinstance(left, str) or isinstance(right, str):
        raise TooMuch(f"{left} {operator} {right}")
    return OPERATORS[operator](left, right)


def initial_memory(test: Test) -> Memory:
    """What every global holds at the beginning."""
    parameters = [name for thread in test.threads for name in thread.parameters]
    pointers = [*test.initial.values(), *(v for values in test.registers.values() for v in values.values())]
    targets = [value[1:] for value in pointers if isinstance(value, str)]
    hidden = [f"start of {name}" for name in started(test)]
    return {name: test.initial.get(name, 0) for name in [*parameters, *test.initial, *targets, *hidden]}


def started(test: Test) -> set[str]:
    """The threads that call_rcu() and its like start."""
    text = [thread for thread in test.threads if f", {thread.name})" in test.source.text]
    return {thread.name for thread in text}


def paths(test: Test, thread: int, domain: dict[str, set[Value]], how: How) -> Iterator[Path]:
    """Every run of a thread in which loads return values of the domain."""
    given: list[int] | None = []
    tried = 0
    while given is not None:
        if (tried := tried + 1) > how.most_runs:
            raise TooMuch(f"more than {how.most_runs} runs of a thread")
        oracle = Oracle(given)
        runner = Runner(thread, oracle, domain, how)
        runner.path.registers = {name: Known(value) for name, value in test.registers.get(thread, {}).items()}
        try:
            name = test.threads[thread].name
            if name not in started(test) or runner.begin(name):
                runner.run(test.threads[thread].body)
            yield runner.path
        except NoPath:
            pass
        given = oracle.next()


def all_paths(test: Test, how: How) -> list[list[Path]]:
    """The runs of all threads. A value is possible if it is initial or a run with possible values stores it.

    A value that does not justify itself is made in as many rounds as there are stores.
    """
    domain: dict[str, set[Value]] = {location: {value} for location, value in initial_memory(test).items()}
    if how.thin_air:
        for values in domain.values():
            values.add(UNEXPLAINED)
    rounds = 0
    while True:
        runs = [list(paths(test, t, domain, how)) for t in range(len(test.threads))]
        more = {location: set(values) for location, values in domain.items()}
        for path in (p for of_thread in runs for p in of_thread):
            for event, value in zip(path.events, path.values, strict=True):
                if event.kind == "W" and event.location is not None and value is not None:
                    more[event.location].add(value)
        stores = sum(max((p.stores for p in of_thread), default=0) for of_thread in runs)
        if more == domain or rounds == stores:
            return runs
        if any(len(values) > MOST_VALUES for values in more.values()):
            raise TooMuch("too many values")
        domain, rounds = more, rounds + 1
