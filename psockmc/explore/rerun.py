"""A run told as text, performed once more: the same contexts take the same steps, or it is said where they cannot.

Tests that `psockmc trace --format pytest` writes are made of this. The reference interpreter performs every step.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from psockmc.explore.places import where
from psockmc.explore.reference import State
from psockmc.explore.replay import Move, ReplayError, confirm, go_round
from psockmc.explore.result import Violation
from psockmc.explore.walk import Option, Walk
from psockmc.ir.system import TransitionSystem


class RunIsGone(AssertionError):
    """The models do not have this run any more; the text says from where on, and what happens there instead."""


class NoLongerViolated(AssertionError):
    """The run is there, step by step, and does not violate what it did."""


class Rerun:
    """A run of a transition system, as far as it was told."""

    def __init__(self, ts: TransitionSystem) -> None:
        self._walk = Walk(ts)
        self._names = [context.name for context in ts.contexts]
        self._states: list[State] = [ts.initial]
        self._moves: list[Move] = []

    def step(self, context: str, statement: str, *changes: str, choice: int = -1) -> None:
        """The context executes the statement, which changes exactly this: `psock0.refcnt.refs 1 -> 0`.

        statement: of the model; inside a primitive, the one that called it. choice: what its `choose` gives, -1 without
        one. Raises RunIsGone.
        """
        __tracebackhide__ = True
        number = len(self._moves) + 1
        option = self._option(number, context, statement, max(choice, 0))
        performed = self._walk.take(option)
        self._moves.append(option.move)
        self._states.append(self._walk.state)
        executed = where(self._walk.calls, performed.place).statement
        if executed != statement:
            raise RunIsGone(_gone(number, f"{context} executes `{executed}`, not `{statement}`"))
        found = [f"{change.cell} {change.old} -> {change.new}" for change in performed.changes]
        if found != list(changes):
            raise RunIsGone(_gone(number, f"`{statement}` changes {_list(found)}, not {_list(changes)}"))

    def _option(self, number: int, context: str, statement: str, choice: int) -> Option:
        """The step of a context that it can take now."""
        __tracebackhide__ = True
        if context not in self._names:
            raise RunIsGone(_gone(number, f"there is no context {context}, only {', '.join(self._names)}"))
        options = [o for o in self._walk.options() if self._names[o.move[0]] == context]
        if not options:
            raise RunIsGone(_gone(number, f"{context} cannot execute `{statement}`: {self._obstacle(context)}"))
        for option in options:
            if option.move[1] == choice:
                return option
        raise RunIsGone(_gone(number, f"{context} has no choice {choice} here, only {len(options)} of them"))

    def _obstacle(self, context: str) -> str:
        """Why a context has no step."""
        if self._walk.ended:
            return self._walk.ended
        intent = self._walk.intents()[self._names.index(context)]
        return f"it is {intent.status}" + (f" ({intent.what})" if intent.what else "")

    def violates(self, property: str, message: str = "", *, against: str = "", loop: int = 0) -> None:
        """The run so far violates the property.

        message: of the finding that its last step raises. against: the context whose next step races with the last
        one. loop: the number of the step from which on the run goes round for ever; 0: it does not. Without any of
        them the state after the last step is what is wrong. Raises RunIsGone and NoLongerViolated.
        """
        __tracebackhide__ = True
        ts = self._walk.ts
        if property not in [p.id for p in ts.properties]:
            raise RunIsGone(_gone(len(self._moves), f"the scenario has no property {property} after it"))
        reasons = []
        for state, violation in self._candidates(ts.property_index(property), message, against, loop):
            try:
                if violation.goal >= 0:
                    go_round(self._walk.recorder, state, violation)
                else:
                    confirm(self._walk.recorder, state, violation)
            except ReplayError as error:
                reasons.append(str(error))
            else:
                return
        because = f": {reasons[-1]}" if reasons else ""
        raise NoLongerViolated(f"the run is still one of the models, but it does not violate {property}{because}")

    def _candidates(self, number: int, message: str, against: str, loop: int) -> Iterator[tuple[State, Violation]]:
        """What the violation may be, each with the state in which it is confirmed.

        A text does not say which of a property's goals is missed, nor what a racing step chooses: all come here.
        """
        goals = [g for g, goal in enumerate(self._walk.ts.goals) if goal.property == number]
        last = self._moves[-1] if self._moves else (-1, -1)
        depth = len(self._moves)
        before = self._states[max(depth - 1, 0)]
        if goals:
            around = tuple(self._moves[loop - 1 :]) if loop else ()
            state = self._states[loop - 1] if loop else self._states[-1]
            for goal in goals:
                yield state, Violation(number, (state,), -1, -1, "", depth, goal=goal, loop=around)
        elif against:
            for context, choice in self._walk.recorder.moves(before):
                if self._names[context] == against:
                    yield before, Violation(number, (before,), *last, "", depth, context, choice)
        elif message:
            yield before, Violation(number, (before,), *last, message, depth)
        else:
            yield self._states[-1], Violation(number, (self._states[-1],), -1, -1, "", depth)


def _gone(number: int, reason: str) -> str:
    """The sentence of RunIsGone."""
    return (
        f"the models have changed, and the run does not exist any more: step {number}: {reason}. Whether the property "
        "holds now is for psockmc check to say; write this test anew if it does not"
    )


def _list(changes: Sequence[str]) -> str:
    return ", ".join(changes) or "nothing"
