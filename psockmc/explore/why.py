"""Why a run fails, in at most three sentences, from the trace and its transition system alone.

The last write that made the check fail (of a deadlock with itself: the locks in hand); the guard that did not keep the
two apart; the first two neighbouring steps whose swap makes the run legal. The first two are read off the trace, the
third is claimed only of a run that was performed. What cannot be read off is not said.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from psockmc.explore.places import where
from psockmc.explore.swap import Swapped, first_legal_swap
from psockmc.explore.tracedata import Change, Place, Step, Trace
from psockmc.ir.system import TransitionSystem

OFF = {"rcu": "an RCU reader", "preempt": "preemption off", "bh": "bottom halves off", "irq": "interrupts off"}
ABOUT_SECTIONS = ("sleep-in-atomic", "rcu-usage", "lock-usage")


@dataclass(frozen=True, slots=True)
class Write:
    """The write on which the failure rests. read: the number of the step that found it, 0: the property itself did."""

    step: Step
    change: Change
    read: int


def why(ts: TransitionSystem, trace: Trace) -> tuple[str, ...]:
    """The sentences. Raises psockmc.explore.swap.OtherModel for a trace that is not of this system."""
    swapped = first_legal_swap(ts, trace)
    write = last_write(trace)
    found = [_of_write(trace, write), _of_guard(trace, write), _of_swap(trace, swapped)]
    return tuple(sentence for sentence in found if sentence)


# ---------------------------------------------------------------- the last write


def last_write(trace: Trace) -> Write | None:
    """The last write before the failure to what it is about; None when it is not about a value."""
    failure = trace.failure
    if not trace.steps or failure.kind in ("race", "order", "deadlock") or trace.property.id in ABOUT_SECTIONS:
        return None
    freed = [event.step for event in failure.life if event.what == "freed"]
    if freed:
        return next((w for w in _writes(trace, freed[-1]) if w.change.cell == failure.object), None)
    if failure.object:
        return _last_reference(trace, failure.object)
    if failure.cells:
        return next((w for w in _writes(trace) if w.change.cell in failure.cells), None)
    return _found_by_failing(trace) if failure.kind == "step" else None


def _writes(trace: Trace, until: int = 0, read: int = 0) -> Iterator[Write]:
    """The changes up to a step (0: all), the last ones first."""
    for step in reversed(trace.steps[: until or None]):
        for change in reversed(step.changes):
            yield Write(step, change, read)


def _last_reference(trace: Trace, blamed: str) -> Write | None:
    """The change that took the last pointer to an object away."""
    pointers = (w for w in _writes(trace) if w.change.cell.partition(".")[0] != blamed)
    return next((w for w in pointers if blamed in _words(w.change.old) and blamed not in _words(w.change.new)), None)


def _words(value: str) -> list[str]:
    return value.strip("[]{}").split(", ")


def _found_by_failing(trace: Trace) -> Write | None:
    """What the failing context read last of what another one had written before."""
    failing = trace.steps[-1].context
    for step in reversed(trace.steps):
        if step.context != failing:
            continue
        for access in reversed(step.accesses):
            written = (w for w in _writes(trace, step.number - 1, step.number) if w.change.cell == access.cell)
            last = None if access.write else next(written, None)
            if last is not None and last.step.context != failing:
                return last
    return None


def _of_write(trace: Trace, write: Write | None) -> str:
    if trace.property.id in ABOUT_SECTIONS and trace.failure.kind == "step":
        return _of_sections(trace)
    if trace.property.id == "self-deadlock":
        return _of_own_locks(trace)
    if write is None:
        return ""
    step, change = write.step, write.change
    who, at = _label(trace, step.context), _at(trace, step, change.at)
    if change.kind == "status":
        return f"The last write is that of {who} in step {step.number}, which freed {change.cell}: {at}."
    text = f"The last write is that of {who} in step {step.number}, {change.cell} {change.old} -> {change.new}: {at}"
    if write.read:
        return f"{text}; {_label(trace, trace.steps[write.read - 1].context)} found it in step {write.read}."
    return f"{text}."


def _of_sections(trace: Trace) -> str:
    """Since when the context has been where it may not do this."""
    last = trace.steps[-1]
    own = [step for step in trace.steps[:-1] if step.context == last.context]
    since = None
    for step in reversed(own):
        if not step.sections:
            break
        since = step
    if since is None:
        return ""
    sections = " and ".join(OFF[name] for name in own[-1].sections)
    is_or_has = "is" if own[-1].sections == ("rcu",) else "has"
    at = _at(trace, since, 0)
    return f"{_label(trace, last.context)} {is_or_has} {sections} since step {since.number}: {at}."


def _of_own_locks(trace: Trace) -> str:
    """Since when the context has had the locks that it has, one of which it waits for."""
    last = trace.steps[-1]
    taken = [
        f"{held.lock} ({held.mode}) since step {held.since}: {_at(trace, trace.steps[held.since - 1], 0)}"
        for held in last.held
        if held.context == last.context and held.since
    ]
    return f"{_label(trace, last.context)} holds {'; '.join(taken)}." if taken else ""


# ---------------------------------------------------------------- the guard


def _of_guard(trace: Trace, write: Write | None) -> str:
    """What did not keep the two apart."""
    failure = trace.failure
    if failure.kind == "race":
        one, other = failure.race
        return _no_common(trace, (one.context, one.held), (other.context, other.held))
    if failure.kind == "deadlock":
        return _crossed(trace)
    victim = trace.steps[-1].context if trace.steps else -1
    if write is None or failure.kind != "step" or write.step.context == victim:
        return ""
    if failure.life and victim in write.step.readers:
        since = _reader_since(trace, victim, write.step.number)
        return (
            f"No grace period kept the two apart: {_label(trace, victim)} was an RCU reader from step {since} on, and "
            "the free did not wait for it."
        )
    read = write.read or len(trace.steps)
    return _no_common(
        trace, (write.step.context, _held(trace, write.step)), (victim, _held(trace, trace.steps[read - 1]))
    )


def _held(trace: Trace, step: Step) -> tuple[str, ...]:
    """The locks that the context of a step held before it and after it."""
    before = trace.steps[step.number - 2].held if step.number > 1 else ()
    taken = {(h.context, h.lock, h.mode) for h in before} & {(h.context, h.lock, h.mode) for h in step.held}
    return tuple(f"{lock} ({mode})" for context, lock, mode in sorted(taken) if context == step.context)


Side = tuple[int, Sequence[str]]


def _no_common(trace: Trace, one: Side, other: Side) -> str:
    """Two accesses under no common lock; "" when they have one."""
    if any(excludes(mine, theirs) for mine in one[1] for theirs in other[1]):
        return ""
    said = [f"{_label(trace, context)} held {', '.join(held) or 'no lock'}" for context, held in (one, other)]
    return f"No lock kept the two apart: {said[0]}, {said[1]}."


def excludes(one: str, other: str) -> bool:
    """Whether these are one lock, and at least one of them holds it for writing: `sk0.sk_callback_lock (read)`."""
    names, modes = zip(*(held.rpartition(" ")[::2] for held in (one, other)), strict=True)
    return names[0] == names[1] and "(write)" in modes


def _reader_since(trace: Trace, context: int, until: int) -> int:
    """The step from which on a context has been an RCU reader."""
    since = until
    while since > 1 and context in trace.steps[since - 2].readers:
        since -= 1
    return since


def _crossed(trace: Trace) -> str:
    """Who holds what the other one waits for."""
    waits = {wait.context: wait for wait in trace.failure.waits}
    chain = [waits[context] for context in trace.failure.cycle if waits[context].held]
    if len(chain) < 2:
        return ""
    parts = [
        f"{_label(trace, w.context)} holds {', '.join(h.lock for h in w.held)} and waits for {w.lock or w.what}"
        for w in chain
    ]
    return f"They wait for each other: {'; '.join(parts)}."


# ---------------------------------------------------------------- the swap


def _of_swap(trace: Trace, swapped: Swapped | None) -> str:
    if swapped is None or not swapped.pairs:
        return ""
    if swapped.begin:
        one, other = (swapped.begin, swapped.middle), (swapped.middle, swapped.end)
        return (
            f"With {_piece(trace, *other)} before {_piece(trace, *one)} the run is legal: re-run so, to its end after "
            f"{swapped.steps} steps, it does not violate {trace.property.id}."
        )
    tried = "one pair was" if swapped.pairs == 1 else f"{swapped.pairs} pairs were"
    unknown = f", and of {swapped.unknown} swaps it is not known" if swapped.unknown else ""
    return f"No swap of neighbouring steps or bursts of two contexts was seen to make it legal: {tried} tried{unknown}."


def _piece(trace: Trace, begin: int, end: int) -> str:
    """Steps begin..end-1, of one context."""
    first = trace.steps[begin - 1]
    who = _label(trace, first.context)
    if end - begin == 1:
        return f"step {begin} ({who}, {_at(trace, first, 0)})"
    return f"steps {begin} to {end - 1} ({who})"


# ---------------------------------------------------------------- words


def _label(trace: Trace, context: int) -> str:
    return trace.contexts[context].label


def _at(trace: Trace, step: Step, at: int) -> str:
    """Statement and function of a place of a step."""
    place: Place = (step.place, *step.then)[at]
    found = where(trace.calls, place)
    return f"{found.statement.rstrip().removesuffix(':')} in {found.function}()"
