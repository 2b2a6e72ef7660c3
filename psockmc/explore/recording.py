"""What happens in a run, step by step, in the words of the trace object."""

from __future__ import annotations

from collections.abc import Mapping

from psockmc.explore.callpaths import CallTree
from psockmc.explore.naming import Names, Shown, members
from psockmc.explore.reference import State
from psockmc.explore.replay import Moment, Performed, Recorder
from psockmc.explore.tracedata import (
    Access,
    Change,
    Event,
    GracePeriod,
    Held,
    Intent,
    ObjectEvent,
    Place,
    Section,
    Step,
)
from psockmc.explore.waits import obstacle
from psockmc.ir import system as ir


class History:
    """The steps of a run so far, and what must be remembered to tell it.

    at: where each context stands. taken: for each lock held, by (context, cell), the step and the place of its
    acquisition. lives: allocations and frees of each object.
    """

    def __init__(self, recorder: Recorder, names: Names, calls: CallTree) -> None:
        self.recorder, self.names, self.calls, self.ts = recorder, names, calls, recorder.ts
        self.steps: list[Step] = []
        self.taken: dict[tuple[int, int], tuple[int, Place | None]] = {}
        self.lives: dict[str, list[ObjectEvent]] = {}
        initial = self.ts.initial
        self.at = [
            calls.enter(c.index, c.stops[initial[c.pc]].node, known_at(c.stops[initial[c.pc]], initial))
            for c in self.ts.contexts
        ]
        for context, _, _, cell in names.locks_held(initial):
            self.taken[context, cell] = (0, None)

    def add(self, performed: Performed) -> Step:
        """Tell one more step."""
        telling = _Telling(self, performed)
        number = len(self.steps) + 1
        changes = telling.changes()
        place = telling.places[0]
        self._remember(number, performed, telling, changes)
        step = Step(
            number=number,
            context=performed.context,
            choice=performed.choice if self._chosen(performed) else -1,
            place=place,
            then=tuple(telling.places[1:]),
            accesses=tuple(telling.accesses),
            changes=changes,
            locals=telling.locals(),
            held=self.held(performed.after),
            sections=self.sections(performed),
            readers=self.readers(performed.after),
            grace_periods=self.grace_periods(performed.after),
            intents=tuple(self.intent(performed.after, c) for c in self.ts.contexts),
            events=telling.events(changes),
        )
        self.steps.append(step)
        return step

    def _chosen(self, performed: Performed) -> bool:
        return self.recorder.choices(performed.before, self.ts.contexts[performed.context]) > 1

    def _remember(self, number: int, performed: Performed, telling: _Telling, changes: tuple[Change, ...]) -> None:
        """Where control is now, who took which lock where, and the lives of objects."""
        context = self.ts.contexts[performed.context]
        if performed.result.state is not None:
            stop = context.stops[performed.after[context.pc]]
            self.at[context.index] = self.calls.enter(context.index, stop.node, known_at(stop, performed.after))
        held = {(owner, cell) for owner, _, _, cell in self.names.locks_held(performed.after)}
        for key in held - self.taken.keys():
            self.taken[key] = (number, telling.places[telling.place_of_cell(key[1])])
        for key in self.taken.keys() - held:
            del self.taken[key]
        for change in changes:
            if change.kind == "status" and change.new in ("live", "freed"):
                what = "allocated" if change.new == "live" else "freed"
                event = ObjectEvent(what, number, performed.context, telling.places[change.at])
                self.lives.setdefault(object_of(change.cell), []).append(event)

    # ------------------------------------------------------------ states

    def held(self, state: State, only: int | None = None) -> tuple[Held, ...]:
        """The locks that are held, or those that one context holds."""
        return tuple(
            Held(context, lock, mode, self.taken[context, cell][0])
            for context, lock, mode, cell in self.names.locks_held(state)
            if only is None or context == only
        )

    def taken_at(self, state: State, context: int) -> tuple[Place | None, ...]:
        """For each lock that the context holds, in the order of `held`, where it was taken."""
        return tuple(self.taken[c, cell][1] for c, _, _, cell in self.names.locks_held(state) if c == context)

    def sections(self, performed: Performed) -> tuple[Section, ...]:
        """What the context of a step has off, or is inside of, after it."""
        context = self.ts.contexts[performed.context]
        stop = context.stops[performed.after[context.pc]]
        off: dict[Section, bool] = {"preempt": stop.preempt_off, "bh": stop.bh_off, "irq": stop.irq_off}
        names = tuple(name for name, is_off in off.items() if is_off)
        return names or (("rcu",) if stop.reader else ())

    def readers(self, state: State) -> tuple[int, ...]:
        """The contexts that are RCU readers."""
        return tuple(c.index for c in self.ts.contexts if c.stops[state[c.pc]].reader)

    def grace_periods(self, state: State) -> tuple[GracePeriod, ...]:
        """The grace periods that still wait for somebody."""
        return tuple(
            GracePeriod(self.ts.cells[cell].name, members(state[cell])) for cell in self.ts.gp_cells if state[cell]
        )

    def intent(self, state: State, context: ir.Context) -> Intent:
        """What a context is about to do."""
        found = obstacle(self.recorder, self.names, state, context)
        place = None if found.status in ("done", "idle") else self.at[context.index]
        return Intent(context.index, found.status, place, found.lock or found.what, found.holders)


def known_at(stop: ir.Stop, state: State) -> Mapping[int, int]:
    """The locals whose values are known at a stop."""
    return {local: state[cell] for local, cell in stop.live}


def object_of(cell: str) -> str:
    """The object that a cell belongs to."""
    return cell.partition(".")[0]


class _Telling:
    """One step, taken apart: its places, and which of them did what."""

    def __init__(self, history: History, performed: Performed) -> None:
        self.history, self.performed = history, performed
        self.ts, self.names = history.ts, history.names
        self.context = self.ts.contexts[performed.context]
        self.places: list[Place] = []
        self.accesses: list[Access] = []
        self._place_of: list[int] = []
        known = dict(known_at(self.context.stops[performed.before[self.context.pc]], performed.before))
        self._old_locals = dict(known)
        touches = iter(performed.result.touches)
        for moment, after in self._pairs():
            self._follow(moment, known)
            for _ in self.context.nodes[moment.node].accesses:
                touch = next(touches)
                thing = self.names.thing(touch.cell)
                value = self.names.show(thing, moment.cells)
                access = Access(thing.name, touch.write, touch.marked, value, self._place_of[-1])
                if access not in self.accesses:
                    self.accesses.append(access)
            history.calls.performed(self.context.index, moment.node, after.local)
            op = self.context.nodes[moment.node].op
            if isinstance(op, (ir.Let, ir.Alloc, ir.Choose)):
                known[op.local] = after.local[op.local]
        if not self.places:
            self.places.append(self._first)

    def _pairs(self) -> list[tuple[Moment, Moment]]:
        """Each node with what it found and what it left."""
        moments = self.performed.moments
        return list(zip(moments, (*moments[1:], self.performed.end), strict=True))

    def _follow(self, moment: Moment, known: Mapping[int, int]) -> None:
        """Go where the node is. A node that does nothing makes no place of its own, unless the step begins with it.

        A step begins with such a node where a section is entered or left; that of an atomic block says nothing.
        """
        place = self.history.calls.enter(self.context.index, moment.node, known)
        first = moment is self.performed.moments[0]
        if first:
            self._first = place
        idle = isinstance(self.context.nodes[moment.node].op, ir.Nop)
        says_something = not idle or (first and not place.statement.startswith("with atomic("))
        if says_something and (not self.places or self.places[-1] != place):
            self.places.append(place)
        self._place_of.append(max(len(self.places) - 1, 0))

    # ------------------------------------------------------------ changes

    def place_of_cell(self, cell: int) -> int:
        """The place that changed a cell last; the first one when nothing in the step itself did."""
        found = 0
        for place, (moment, after) in zip(self._place_of, self._pairs(), strict=True):
            if moment.cells[cell] != after.cells[cell]:
                found = place
        return found

    def _changed_things(self) -> list[Shown]:
        before, after = self.performed.before, self.performed.after
        return [
            thing
            for thing in self.names.shown
            if before[thing.base : thing.base + thing.count] != after[thing.base : thing.base + thing.count]
        ]

    def changes(self) -> tuple[Change, ...]:
        """Shared cells that hold something else now, in the order in which they were changed."""
        before, after = self.performed.before, self.performed.after
        changes = []
        for thing in self._changed_things():
            at = max(self.place_of_cell(c) for c in range(thing.base, thing.base + thing.count))
            old, new = self.names.show(thing, before), self.names.show(thing, after)
            changes.append(Change(thing.name, old, new, thing.kind, at))
        return tuple(sorted(changes, key=lambda change: change.at))

    def locals(self) -> tuple[Change, ...]:
        """Variables of the source that were assigned to and hold something else now, or were not known before."""
        written: dict[int, int] = {}
        for place, moment in zip(self._place_of, self.performed.moments, strict=True):
            local = self.history.calls.assigned(self.context.index, moment.node)
            if local >= 0:
                written[local] = place
        changes: dict[tuple[str, int], Change] = {}
        for local, at in written.items():
            variable = self.context.locals[local]
            new = self.performed.end.local[local]
            old = self._old_locals.get(local)
            if old != new:
                shown = "?" if old is None else self.names.value(variable, old)
                value = self.names.value(variable, new)
                changes[variable.name, at] = Change(variable.name, shown, value, "local", at)
        return tuple(changes.values())

    # ------------------------------------------------------------ events

    def events(self, changes: tuple[Change, ...]) -> tuple[Event, ...]:
        """Locks taken and given up, objects born and freed, findings, covers, choices."""
        result = self.performed.result
        events = [*self._choice(), *self._locks()]
        for change in changes:
            if change.kind == "status" and change.new in ("live", "freed"):
                events.append(Event("alloc" if change.new == "live" else "free", object_of(change.cell)))
        events += [Event("cover", self.ts.covers[number]) for number in result.covers]
        for number, message, _ in result.findings:
            events.append(Event("finding", f"{self.ts.properties[number].id}: {message}"))
        return tuple(events)

    def _choice(self) -> list[Event]:
        op = self.context.nodes[self.performed.moments[0].node].op
        if not isinstance(op, ir.Choose):
            return []
        variable = self.context.locals[op.local]
        return [Event("choice", f"{variable.name}: {self.names.value(variable, self.performed.choice)}")]

    def _locks(self) -> list[Event]:
        before = [held[:3] for held in self.names.locks_held(self.performed.before)]
        after = [held[:3] for held in self.names.locks_held(self.performed.after)]
        taken = [Event("acquire", f"{lock} ({mode})") for _, lock, mode in sorted(set(after) - set(before))]
        return taken + [Event("release", f"{lock} ({mode})") for _, lock, mode in sorted(set(before) - set(after))]
