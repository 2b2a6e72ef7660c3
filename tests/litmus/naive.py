"""A second implementation of litmus tests, deliberately naive, for comparison with psockmc.litmus.

Every thread is run with every value that any of its loads could return (naive_threads.py); every load may read from every
write of that value; every order of the writes is tried; naive_model.py judges each candidate in full. It shares the parser
with psockmc and nothing else.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import permutations, product

from psockmc.litmus.execution import Value
from psockmc.litmus.syntax import And, Equal, Final, Not, Or, Proposition, Register, Test
from tests.litmus.naive_model import Candidate, Event, Judgement, Rel, has_cycle
from tests.litmus.naive_threads import How, Memory, Path, TooMuch, all_paths, initial_memory

__all__ = ["Answer", "How", "Path", "TooMuch", "all_paths", "candidates", "decide", "enough", "join"]

Registers = dict[tuple[int, str], Value]


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


def starts(runs: tuple[Path, ...]) -> set[str]:
    """The threads that these runs start."""
    return {name for path in runs for name in path.starts}


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
    answer = Answer()
    for joined, candidate in everything(test, how):
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


def everything(test: Test, how: How) -> list[tuple[Joined, Candidate]]:
    """All candidates of a test, before any is judged: it shows soon when they are too many."""
    found: list[tuple[Joined, Candidate]] = []
    for runs in product(*all_paths(test, how)):
        if any(path.idle and test.threads[path.thread].name in starts(runs) for path in runs):
            continue
        joined = join(test, runs)
        if not enough(joined):
            continue
        for candidate in candidates(joined):
            found.append((joined, candidate))
            if len(found) > how.most:
                raise TooMuch(f"more than {how.most} candidates")
    return found


def shown(test: Test, registers: Registers, memory: Memory) -> tuple[Value, ...]:
    """The final state: the values of what the condition and `locations` name."""
    return tuple(final_value(place, registers, memory) for place in test.shown)
