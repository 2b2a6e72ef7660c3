"""A walk through a transition system, step by step, as somebody chooses: what may come next, and back again.

Every step is performed by the reference interpreter, so a walk is a run of the model and nothing else.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from psockmc.explore.callpaths import CallTree
from psockmc.explore.naming import Names
from psockmc.explore.recording import History
from psockmc.explore.reference import State, races
from psockmc.explore.replay import Move, Performed, Recorder
from psockmc.explore.tracedata import Call, Intent, Step
from psockmc.ir import system as ir


@dataclass(frozen=True, slots=True)
class Option:
    """A step that may be taken now. choice: what its `choose` gives, "" without one."""

    move: Move
    intent: Intent
    choice: str


class Walk:
    """A run as far as it was chosen."""

    def __init__(self, ts: ir.TransitionSystem) -> None:
        self.ts, self.names, self.recorder = ts, Names(ts), Recorder(ts)
        self._taken: list[Performed] = []
        self._history = self._tell()

    def _tell(self) -> History:
        """What happened so far, told from the beginning."""
        history = History(self.recorder, self.names, CallTree(self.ts, self.names))
        for performed in self._taken:
            history.add(performed)
        return history

    # ------------------------------------------------------------ where we are

    @property
    def state(self) -> State:
        """The state now."""
        return self._taken[-1].after if self._taken else self.ts.initial

    @property
    def steps(self) -> Sequence[Step]:
        """The steps so far, as a trace tells them."""
        return self._history.steps

    @property
    def calls(self) -> Sequence[Call]:
        """The calls so far, which places refer to."""
        return self._history.calls.calls

    @property
    def ended(self) -> str:
        """Why nothing follows the last step: its fatal finding, or the bound that it leaves; "" when it has a state."""
        if not self._taken or self._taken[-1].result.state is not None:
            return ""
        result = self._taken[-1].result
        return f"it leaves a bound: {result.cut}" if result.cut else "a fatal finding ends the run"

    def label(self, context: int) -> str:
        """What to call a context."""
        return self.names.label(context)

    def intents(self) -> list[Intent]:
        """What each context is about to do."""
        return [self._history.intent(self.state, context) for context in self.ts.contexts]

    def values(self) -> Iterator[tuple[str, str]]:
        """Every shared thing and its value, but the fields of objects that are not live."""
        status = {
            thing.name: self.names.show(thing, self.state) for thing in self.names.shown if thing.kind == "status"
        }
        for thing in self.names.shown:
            if thing.kind == "status" or status.get(thing.name.partition(".")[0], "live") == "live":
                yield thing.name, self.names.show(thing, self.state)

    # ------------------------------------------------------------ what may come

    def options(self) -> list[Option]:
        """Every step that exists now, in the fixed order; none after a step that nothing follows."""
        if self.ended:
            return []
        intents = self.intents()
        return [
            Option(move, intents[move[0]], self._choice(move))
            for move in self.recorder.moves(self.state)
            if self.recorder.step(self.state, self.ts.contexts[move[0]], move[1]).exists
        ]

    def _choice(self, move: Move) -> str:
        context = self.ts.contexts[move[0]]
        op = context.nodes[context.stops[self.state[context.pc]].node].op
        if not isinstance(op, ir.Choose):
            return ""
        variable = context.locals[op.local]
        return f"{variable.name}: {self.names.value(variable, move[1])}"

    def take(self, option: Option) -> Step:
        """Take a step that `options` gave."""
        performed = self.recorder.perform(self.state, *option.move)
        self._taken.append(performed)
        return self._history.add(performed)

    def undo(self) -> bool:
        """Take the last step back; False when there is none."""
        if not self._taken:
            return False
        self._taken.pop()
        self._history = self._tell()
        return True

    # ------------------------------------------------------------ what is wrong

    def violations(self) -> Iterator[tuple[str, str]]:
        """What the state violates: (property, sentence). Findings of steps are events of these steps."""
        if self.ended:
            return
        for prop in self.ts.properties:
            if prop.kind == "invariant" and prop.expr is not None and not self.recorder.evaluate(prop.expr, self.state):
                yield prop.id, prop.sentence
        yield from self._races()
        if self.at_end():
            yield from self._at_end()

    def at_end(self) -> bool:
        """Whether no context has a step, now or ever."""
        return not any(s.exists or s.assumed_away or s.cut for s in self.recorder.steps(self.state))

    def _races(self) -> Iterator[tuple[str, str]]:
        existing = [s for s in self.recorder.steps(self.state) if s.exists]
        of_cell = [self.ts.race_property(f) for f, where in enumerate(self.ts.fields) for _ in range(where.count)]
        seen = set()
        for one, other, cell in races(existing):
            key = (one.context, other.context, cell)
            if of_cell[cell] >= 0 and key not in seen:
                seen.add(key)
                both = f"{self.label(one.context)} and {self.label(other.context)}"
                name = self.names.thing(cell).name
                yield self.ts.properties[of_cell[cell]].id, f"{both} are both about to access {name}"

    def _at_end(self) -> Iterator[tuple[str, str]]:
        for context in self.recorder.lost_wakeups(self.state):
            yield "lost-wakeup", f"{self.label(context)} sleeps for ever although what it waits for is true"
        if stuck := self.recorder.stuck(self.state):
            yield "deadlock", f"{', '.join(map(self.label, stuck))} can never go on"
            return
        for pool, number in self.recorder.leaked(self.state):
            yield "leak", f"{self.ts.pools[pool].objects[number]} is never freed"
        for prop in self.ts.properties:
            if prop.kind == "end" and prop.expr is not None and not self.recorder.evaluate(prop.expr, self.state):
                yield prop.id, prop.sentence
