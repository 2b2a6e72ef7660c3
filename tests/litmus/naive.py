"""A second implementation of litmus tests, deliberately naive, for comparison with psockmc.litmus.

Every thread is run with every value that any of its loads could return; every load may read from every write of that value;
every order of the writes is tried; naive_model.py judges each candidate in full. It shares no code with the search.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import permutations, product

from psockmc.litmus.execution import Value
from psockmc.litmus.syntax import (
    And,
    Assign,
    Binary,
    Block,
    Call,
    Deref,
    Equal,
    Evaluate,
    Expr,
    Final,
    If,
    Name,
    Not,
    Number,
    Or,
    Proposition,
    Register,
    Store,
    Test,
)
from tests.litmus.naive_model import Candidate, Event, Judgement, Rel, has_cycle
from tests.litmus.naive_primitives import FENCES, READS, RMW, WRITES, rmw_of

MOST_VALUES = 12
"""More values of one location than these take too long."""

Memory = dict[str, Value]
Registers = dict[tuple[int, str], Value]


class TooMuch(Exception):
    """The naive implementation does not understand this test, or would take too long for it."""


class NoPath(Exception):
    """This run is impossible: a location that is no address, or a value that no write stores."""


@dataclass(frozen=True)
class How:
    """What is enumerated. newest: today's model, else that of Linux 6.1.

    srcu_accesses: srcu_read_lock() and srcu_read_unlock() load and store the location of their srcu_struct, as today's model
    has it, instead of being mere markers there. most: more candidates than these are TooMuch.
    """

    newest: bool = False
    srcu_accesses: bool = False
    most: int = 10**6


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
        if new is not None and rmw.order == "full":
            self.event("F", "mb")
        tag = rmw.order if new is not None and rmw.order in ("acquire", "noreturn") else "once"
        read = self.read(tag, address, old, rmw=True)
        if new is not None:
            sources = frozenset((read,)).union(*(o.loads for o in operands)) if rmw.arithmetic else operands[-1].loads
            tag = "release" if rmw.order == "release" else "once"
            write = self.store(tag, address, Known(new, sources), rmw=True)
            self.path.rmw.add((read, write))
        if new is not None and rmw.order == "full":
            self.event("F", "mb")
        used = [o.loads for o in operands] if rmw.arithmetic else []
        return Known(rmw.result(old, new, values), frozenset((read,)).union(*used))

    # Locks and SRCU

    def do_spin_lock(self, lock: Known) -> Known:
        read = self.event("R", "LKR", self.location(lock), 0, rmw=True)
        write = self.event("W", "LKW", self.location(lock), 1, rmw=True)
        self.path.rmw.add((read, write))
        return Known(1)

    def do_spin_unlock(self, lock: Known) -> Known:
        self.event("W", "UL", self.location(lock), 0)
        return Known(0)

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
    return {name: test.initial.get(name, 0) for name in [*parameters, *test.initial, *targets]}


def paths(test: Test, thread: int, domain: dict[str, set[Value]], how: How) -> Iterator[Path]:
    """Every run of a thread in which loads return values of the domain."""
    given: list[int] | None = []
    while given is not None:
        oracle = Oracle(given)
        runner = Runner(thread, oracle, domain, how)
        runner.path.registers = {name: Known(value) for name, value in test.registers.get(thread, {}).items()}
        try:
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


@dataclass(frozen=True)
class Joined:
    """The events of one run of every thread, initial writes first, and everything that does not depend on rf and co."""

    events: tuple[Event, ...]
    values: tuple[Value | None, ...]
    po: Rel
    addr: Rel
    data: Rel
    ctrl: Rel
    rmw: Rel
    registers: Registers

    def at(self, location: str, *kinds: str) -> list[int]:
        """The events of a location that are of one of these kinds."""
        return [i for i, e in enumerate(self.events) if e.location == location and e.kind in kinds]


def join(test: Test, runs: tuple[Path, ...]) -> Joined:
    """Number the events of all threads."""
    initial = initial_memory(test)
    events = [Event(None, "W", "init", location) for location in initial]
    values: list[Value | None] = list(initial.values())
    relations: dict[str, set[tuple[int, int]]] = {name: set() for name in ("po", "addr", "data", "ctrl", "rmw")}
    registers: Registers = {}
    for path in runs:
        base, count = len(events), len(path.events)
        relations["po"] |= {(base + i, base + j) for j in range(count) for i in range(j)}
        for name in ("addr", "data", "ctrl", "rmw"):
            relations[name] |= {(base + i, base + j) for i, j in getattr(path, name)}
        events += path.events
        values += path.values
        registers |= {(path.thread, name): known.value for name, known in path.registers.items()}
    frozen = {name: frozenset(pairs) for name, pairs in relations.items()}
    return Joined(tuple(events), tuple(values), registers=registers, **frozen)


def co_orders(joined: Joined, location: str) -> Iterator[tuple[int, ...]]:
    """Every order of the writes of a location, the initial one first; critical sections of a lock are not torn apart."""
    initial, *others = joined.at(location, "W")
    if not any(joined.events[i].tag in ("LKW", "UL") for i in others):
        for order in permutations(others):
            yield (initial, *order)
        return
    for order in permutations(others):
        if all(lock_order_ok(joined, (initial, *order), at) for at in range(1, len(order) + 1)):
            yield (initial, *order)


def lock_order_ok(joined: Joined, order: tuple[int, ...], at: int) -> bool:
    """A lock is taken when it is free, and released by its holder."""
    event, before = joined.events[order[at]], joined.events[order[at - 1]]
    if event.tag == "LKW":
        return before.tag in ("init", "UL")
    return before.tag == "LKW" and before.thread == event.thread and (order[at - 1], order[at]) in joined.po


def sources(joined: Joined, read: int, orders: dict[str, tuple[int, ...]]) -> list[int]:
    """The writes that a load may read from, given the orders of all writes."""
    event = joined.events[read]
    assert event.location is not None
    order = orders[event.location]
    match event.tag:
        case "LKR":
            taken = next(w for r, w in joined.rmw if r == read)
            return [order[order.index(taken) - 1]]
        case "LF":
            return [w for w in order if joined.events[w].tag == "LKW" and lock_visible(joined, w, read)]
        case "RU":
            return [w for w in order if joined.events[w].tag in ("UL", "init") and free_visible(joined, w, read)]
    return [w for w in order if joined.values[w] == joined.values[read]]


def lock_visible(joined: Joined, lock: int, read: int) -> bool:
    """`lock` may be the one that makes `read` find the lock taken."""
    thread = joined.events[read].thread
    mine = [
        i
        for i, e in enumerate(joined.events)
        if e.thread == thread and e.location == joined.events[read].location and (i, read) in joined.po
    ]
    last = max((i for i in mine if joined.events[i].tag in ("LKW", "UL")), default=None)
    if last is not None and joined.events[last].tag == "LKW":
        return lock == last
    return joined.events[lock].thread != thread


def free_visible(joined: Joined, unlock: int, read: int) -> bool:
    """`unlock` may be the write that makes `read` find the lock free."""
    thread = joined.events[read].thread
    if joined.events[unlock].thread != thread:
        return True
    if (unlock, read) not in joined.po:
        return False
    between = [i for i, e in enumerate(joined.events) if (unlock, i) in joined.po and (i, read) in joined.po]
    location = joined.events[read].location
    return not any(joined.events[i].tag in ("LKW", "UL") and joined.events[i].location == location for i in between)


def candidates(joined: Joined) -> Iterator[Candidate]:
    """Every candidate execution of these runs."""
    locations = sorted({e.location for e in joined.events if e.location is not None and e.kind in "RW"})
    reads_ = [i for i, e in enumerate(joined.events) if e.kind == "R"]
    for chosen in product(*(list(co_orders(joined, location)) for location in locations)):
        orders = dict(zip(locations, chosen, strict=True))
        co = frozenset((order[i], order[j]) for order in chosen for j in range(len(order)) for i in range(j))
        for picks in product(*(sources(joined, r, orders) for r in reads_)):
            rf = frozenset(zip(picks, reads_, strict=True))
            j = joined
            yield Candidate(j.events, j.po, j.addr, j.data, j.ctrl, j.rmw, rf, co, j.values)


@dataclass
class Answer:
    """What the naive enumeration found."""

    positive: int = 0
    negative: int = 0
    flags: set[str] = field(default_factory=set)
    states: set[tuple[Value, ...]] = field(default_factory=set)
    thin_air: bool = False
    """Some allowed execution has a value that only justifies itself: the number of executions is then a matter of taste."""

    @property
    def verdict(self) -> str:
        """`Never`, `Sometimes` or `Always`."""
        if not self.positive:
            return "Never"
        return "Sometimes" if self.negative else "Always"


def enough(joined: Joined) -> bool:
    """Could every load read from some write of these runs?"""
    stored = {(e.location, v) for e, v in zip(joined.events, joined.values, strict=True) if e.kind == "W"}
    loads = zip(joined.events, joined.values, strict=True)
    return all(e.tag in ("LF", "RU") or (e.location, v) in stored for e, v in loads if e.kind == "R")


def final_memory(joined: Joined, candidate: Candidate) -> Memory:
    """What every location holds at the end."""
    overwritten = {a for a, _ in candidate.co}
    last = [i for i, e in enumerate(joined.events) if e.kind == "W" and i not in overwritten]
    memory: Memory = {}
    for i in last:
        location, value = joined.events[i].location, joined.values[i]
        assert location is not None
        assert value is not None
        memory[location] = value
    return memory


def final_value(place: Final, registers: Registers, memory: Memory) -> Value:
    """What a register (0 if it was never assigned) or a global holds at the end."""
    return registers.get((place.thread, place.name), 0) if isinstance(place, Register) else memory[place.name]


def holds(proposition: Proposition, registers: Registers, memory: Memory) -> bool:
    """Is the proposition true in this final state?"""
    match proposition:
        case Equal(left, right):
            other = right if isinstance(right, int | str) else final_value(right, registers, memory)
            return final_value(left, registers, memory) == other
        case Not(operand):
            return not holds(operand, registers, memory)
        case And(operands):
            return all(holds(o, registers, memory) for o in operands)
        case Or(operands):
            return any(holds(o, registers, memory) for o in operands)


def decide(test: Test, how: How) -> Answer:
    """Enumerate everything; count the allowed executions in which the condition's proposition holds and does not."""
    answer, tried = Answer(), 0
    for runs in product(*all_paths(test, how)):
        joined = join(test, runs)
        if not enough(joined):
            continue
        for candidate in candidates(joined):
            if (tried := tried + 1) > how.most:
                raise TooMuch(f"more than {how.most} candidates")
            judged = Judgement(candidate, newest=how.newest)
            memory = final_memory(joined, candidate)
            if not judged.allowed() or not holds(test.filter, joined.registers, memory):
                continue
            answer.flags |= judged.flags()
            answer.thin_air |= has_cycle(candidate.rf | candidate.data)
            if holds(test.condition, joined.registers, memory):
                answer.positive += 1
            else:
                answer.negative += 1
            answer.states.add(shown(test, joined.registers, memory))
    return answer


def shown(test: Test, registers: Registers, memory: Memory) -> tuple[Value, ...]:
    """The final state: the values of what the condition and `locations` name."""
    return tuple(final_value(place, registers, memory) for place in test.shown)
