"""From the records of a search program to the common answer of the engines."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from psockmc.explore import limits
from psockmc.explore.native.codegen import Program
from psockmc.explore.native.errors import EngineError
from psockmc.explore.native.process import Record
from psockmc.explore.reference import Interpreter
from psockmc.explore.result import LockEdge, SearchResult, Violation
from psockmc.ir import system as ir

State = tuple[int, ...]


def answer(ts: ir.TransitionSystem, program: Program, records: Sequence[Record], given: limits.Limits) -> SearchResult:
    """The result of a search. Messages of findings come from replaying the failing step in the reference interpreter.

    Raises EngineError when that step does not fail there: then one of the engines is wrong.
    """
    reader = _Reader(ts, program)
    end = records[-1]
    reason = _reason(end["reason"], given)
    return SearchResult(
        engine="native",
        states=end["states"],
        transitions=end["transitions"],
        depth=end["depth"],
        complete=not reason,
        reason=reason,
        seconds=end["seconds"],
        violations=(
            *(reader.violation(record) for record in records if record["kind"] == "violation"),
            *reader.lassos(record for record in records if record["kind"] == "lasso"),
        ),
        lock_edges=tuple(reader.edge(record) for record in records if record["kind"] == "edge"),
        cuts={program.sentences[int(number)]: count for number, count in end["cuts"].items()},
        fatal={int(number): count for number, count in end["fatal"].items()},
        statements=ts.begun | frozenset(end["statements"]),
        covers=ts.begun_covers | frozenset(end["covers"]),
        terminal=end["terminal"],
        bytes_per_state=end["bytes"] / max(1, end["states"]),
    )


def _reason(word: str, given: limits.Limits) -> str:
    """Why the search ended early, as a sentence; "" when it did not."""
    match word:
        case "":
            return ""
        case "states":
            return given.reason_states
        case "depth":
            return given.reason_depth
        case "timeout":
            return given.reason_timeout
        case "interrupted":
            return limits.REASON_INTERRUPTED
        case "memory":
            return limits.REASON_MEMORY
    raise EngineError(
        f"internal error: the search program ended for an unknown reason, {word!r}; please report this model"
    )


class _Reader:
    def __init__(self, ts: ir.TransitionSystem, program: Program) -> None:
        self.ts, self.program = ts, program
        self.interpreter = Interpreter(ts)

    def path(self, record: Record) -> tuple[State, ...]:
        """The states of a path."""
        return tuple(self.program.layout.unpack([int(word, 16) for word in words.split()]) for words in record["path"])

    def edge(self, record: Record) -> LockEdge:
        """A lock order edge."""
        edge = self.program.edges[record["edge"]]
        return LockEdge(
            held=edge.held,
            held_write=edge.held_write,
            taken=edge.taken,
            taken_write=edge.taken_write,
            context=edge.context,
            bh_off=edge.bh_off,
            irq_off=edge.irq_off,
            site=edge.site,
            path=self.path(record),
        )

    def violation(self, record: Record) -> Violation:
        """A violation."""
        path = self.path(record)
        number, context = record["property"], record["context"]
        if context >= 0 and record["other_context"] < 0:
            message = self._step_message(number, path[-1], context, record["choice"])
        else:
            message = self._state_message(number, path[-1])
        return Violation(
            property=number,
            path=path,
            context=context,
            choice=record["choice"],
            message=message,
            depth=len(path) - 1 + (context >= 0),
            other_context=record["other_context"],
            other_choice=record["other_choice"],
        )

    def lassos(self, records: Iterable[Record]) -> Iterator[Violation]:
        """The nearest lasso of each property with a goal that is missed."""
        nearest: dict[int, Violation] = {}
        for record in records:
            goal, path = self.ts.goals[record["goal"]], self.path(record)
            loop = tuple((context, choice) for context, choice in record["loop"])
            depth = len(path) - 1 + len(loop)
            known = nearest.get(goal.property)
            if known is None or depth < known.depth:
                nearest[goal.property] = Violation(
                    goal.property, path, -1, -1, goal.about, depth, goal=record["goal"], loop=loop
                )
        yield from nearest.values()

    def _step_message(self, number: int, state: State, context: int, choice: int) -> str:
        """What the reference says about the failing step."""
        step = self.interpreter.step(state, self.ts.contexts[context], choice)
        for found, message, _ in step.findings:
            if found == number:
                return message
        raise EngineError(
            f"internal error: the step of {self.ts.contexts[context].name} that violates "
            f"{self.ts.properties[number].id} does not do so in the reference interpreter; please report this model"
        )

    def _state_message(self, number: int, state: State) -> str:
        """The sentence about a state; the sentences of most properties are enough."""
        match self.ts.properties[number].id:
            case "lost-wakeup":
                name = self.ts.contexts[self.interpreter.lost_wakeups(state)[0]].name
                return f"{name} sleeps for ever although what it waits for is true"
            case "leak":
                pool, number = self.interpreter.leaked(state)[0]
                return f"{self.ts.pools[pool].objects[number]} is never freed"
        return ""
