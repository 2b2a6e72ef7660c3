"""The finding in the dialect of the kernel's own detectors, which its readers take in at a glance.

KASAN for misused memory, KCSAN for data races, lockdep for locks, the sleeping-in-atomic check, hung-task for
everybody who waits for ever, and a plain warning for the rest. The words are our own.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from psockmc.explore.tracedata import Held, Place, Trace, Wait
from psockmc.render.diagram import heading
from psockmc.render.footer import footer
from psockmc.render.layout import wrap
from psockmc.render.units import KERNEL
from psockmc.render.wording import call_text, marking

MEMORY = ("use-after-free", "double-free", "bad-free", "null-deref", "null-call", "out-of-bounds", "list-corruption")


SECTIONS = {
    "rcu": "inside an RCU reader",
    "preempt": "preemption is off",
    "bh": "bottom halves are off",
    "irq": "interrupts are off",
}


def splat(trace: Trace, *, width: int = 75) -> str:
    """The finding as a kernel log would have it, in lines of at most `width` characters."""
    rule = "=" * min(width, 66)
    lines = [rule, *_dialect(trace)(trace, width), rule, "", *footer(trace, width)]
    return "\n".join(row for line in lines for row in (_fit(line, width))) + "\n"


def _fit(line: str, width: int) -> list[str]:
    return [line] if len(line) <= width else wrap(line, width, len(line) - len(line.lstrip()), hanging=4)


def _dialect(trace: Trace) -> Callable[[Trace, int], list[str]]:
    failure, prop = trace.failure, trace.property.id
    if failure.kind == "race":
        return _data_race
    if failure.kind == "order":
        return _lock_order
    if failure.kind == "deadlock":
        told = [w for w in failure.waits if w.context in failure.cycle]
        return _deadlocked_locks if told and all(w.lock for w in told) else _hung_tasks
    if failure.waits:
        return _hung_tasks
    if prop in MEMORY and failure.kind == "step":
        return _memory
    if prop in ("self-deadlock", "lock-usage") and failure.kind == "step":
        return _locking
    if prop == "sleep-in-atomic":
        return _sleeping
    return _warning


# ---------------------------------------------------------------- stacks


def stack(trace: Trace, place: Place | None) -> list[str]:
    """The call path of a place, innermost first, with the model's lines and the kernel's files.

    A kernel primitive is one frame, whatever it calls inside.
    """
    if place is None:
        return [" (from the beginning)"]
    lines: list[str] = []
    file, line = place.file, place.line
    for number in reversed(place.path):
        call = trace.calls[number]
        if not (file.startswith(KERNEL) and call.call_file.startswith(KERNEL)):
            source = f", {call.kernel_file}" if call.kernel_file else ""
            lines.append(f" {call_text(call)}" + (f"  [{file}:{line}{source}]" if line and not call.primitive else ""))
        file, line = call.call_file, call.call_line
    return lines


def _who(trace: Trace, context: int, step: int = 0) -> str:
    return heading(trace, context) + (f", step {step}" if step else "")


def _function(trace: Trace, place: Place | None) -> str:
    """The innermost function that is no primitive."""
    names = [trace.calls[n].function for n in (place.path if place else ()) if not trace.calls[n].primitive]
    return names[-1] if names else (place.function if place else "")


def _held_lines(trace: Trace, held: Sequence[Held], taken: Sequence[Place | None], context: int) -> list[str]:
    """The locks that a context holds, and where it took them."""
    if not held:
        return [f"{trace.contexts[context].label} holds no lock"]
    count = "1 lock" if len(held) == 1 else f"{len(held)} locks"
    lines = [f"{count} held by {trace.contexts[context].label}:"]
    for number, (lock, place) in enumerate(zip(held, taken, strict=True)):
        since = f"taken in step {lock.since} at" if lock.since else "held from the beginning"
        lines.append(f" #{number}: {lock.lock} ({lock.mode}), {since}")
        lines += [f"     {frame.strip()}" for frame in stack(trace, place) if place]
    return lines


# ---------------------------------------------------------------- dialects


def _memory(trace: Trace, width: int) -> list[str]:
    failure, step = trace.failure, trace.steps[-1]
    what = f" of {failure.object}" if failure.object else ""
    lines = [f"BUG: psockmc: {trace.property.id}{what} in {_function(trace, failure.place)}"]
    verb = "freed again" if trace.property.id == "double-free" else "used"
    lines += [failure.sentence, "", f"{verb} by {_who(trace, step.context, step.number)}:"]
    lines += stack(trace, failure.place)
    for event in reversed(failure.life):
        lines += ["", f"{event.what} by {_who(trace, event.context, event.step)}:", *stack(trace, event.place)]
    if failure.object and not any(e.what == "allocated" for e in failure.life):
        lines += ["", f"{failure.object} exists from the beginning of the scenario"]
    return lines


def _data_race(trace: Trace, width: int) -> list[str]:
    one, other = trace.failure.race
    functions = " / ".join(_function(trace, side.place) for side in (one, other))
    lines = [f"BUG: psockmc: data-race in {functions}"]
    for side in (one, other):
        locks = ", ".join(side.held) or "none"
        lines += ["", f"{marking(side.access)} of {side.access.cell} by {_who(trace, side.context)}:"]
        lines += [*stack(trace, side.place), f" locks held: {locks}"]
    for side in (one, other):
        if side.access.write:
            lines += ["", f"value changed: {side.access.value} -> {side.new} (by {trace.contexts[side.context].label})"]
    return lines


def _deadlocked_locks(trace: Trace, width: int) -> list[str]:
    failure = trace.failure
    told = [next(w for w in failure.waits if w.context == c) for c in failure.cycle]
    lines = ["WARNING: psockmc: circular locking dependency, and the deadlock is reached"]
    for wait in told:
        lines += ["", f"{_who(trace, wait.context)} waits for {wait.lock}:", *stack(trace, wait.place)]
        lines += _held_lines(trace, wait.held, wait.taken, wait.context)
    return [*lines, "", "what happens:", "", *_deadlock_table(trace, told, width)]


def _deadlock_table(trace: Trace, told: Sequence[Wait], width: int) -> list[str]:
    """The locks of the cycle in the order in which they were taken, then those that are waited for."""
    wanted = {wait.lock for wait in told}
    held = sorted((h.since, column, h.lock) for column, w in enumerate(told) for h in w.held if h.lock in wanted)
    steps = [(column, lock) for _, column, lock in held] + [(column, w.lock) for column, w in enumerate(told)]
    return _lock_table([trace.contexts[w.context].label for w in told], steps, width)


def _lock_table(headings: Sequence[str], steps: Sequence[tuple[int, str]], width: int) -> list[str]:
    """One column for each heading; steps are (column, lock), downwards. Locks get letters where space is short."""
    table = _columns(headings, steps)
    if max(map(len, table)) <= width:
        return [*table, "", " *** DEADLOCK ***"]
    locks = list(dict.fromkeys(lock for _, lock in steps))
    letters = {lock: chr(ord("A") + i) for i, lock in enumerate(locks)}
    declared = [f"  {letter} = {lock}" for lock, letter in letters.items()]
    table = _columns(headings, [(column, letters[lock]) for column, lock in steps])
    return [*declared, "", *table, "", " *** DEADLOCK ***"]


def _columns(headings: Sequence[str], steps: Sequence[tuple[int, str]]) -> list[str]:
    texts = [[f"lock({lock});" for column, lock in steps if column == i] for i in range(len(headings))]
    widths = [max(map(len, [top, *below])) for top, below in zip(headings, texts, strict=True)]
    starts = [2 + sum(widths[:i]) + 3 * i for i in range(len(headings))]
    rows = ["", ""]
    for top, start in zip(headings, starts, strict=True):
        rows[0] = rows[0].ljust(start) + top
        rows[1] = rows[1].ljust(start) + "----"
    return rows + [" " * starts[column] + f"lock({lock});" for column, lock in steps]


def _lock_order(trace: Trace, width: int) -> list[str]:
    failure = trace.failure
    lines = ["WARNING: psockmc: locks are taken in a forbidden order", failure.message]
    for number, order in enumerate(failure.orders):
        who = _who(trace, order.context)
        if order.held:
            lines += ["", f"-> #{number} {order.held} ({order.held_mode}), taken by {who}:"]
            lines += stack(trace, order.held_at)
            lines += [f"   and inside it {order.taken} ({order.taken_mode}):", *stack(trace, order.taken_at)]
        else:
            lines += ["", f"-> #{number} {order.taken} ({order.taken_mode}), taken by {who}:"]
            lines += stack(trace, order.taken_at)
    if not failure.orders:
        lines += ["", f"taken by {_who(trace, trace.steps[-1].context)}:", *stack(trace, failure.place)]
    if len(failure.orders) > 1 and all(o.held for o in failure.orders):
        steps = [(i, o.held) for i, o in enumerate(failure.orders)]
        steps += [(i, o.taken) for i, o in enumerate(failure.orders)]
        headings = [f"one CPU (#{i})" for i in range(len(failure.orders))]
        lines += ["", "what may happen:", "", *_lock_table(headings, steps, width)]
    return lines


def _hung_tasks(trace: Trace, width: int) -> list[str]:
    failure = trace.failure
    lines: list[str] = []
    for wait in failure.waits:
        holders = " and ".join("itself" if c == wait.context else _who(trace, c) for c in wait.holders)
        what = f"waits for ever for {wait.lock}, which {holders} holds" if wait.lock else "waits for ever"
        if wait.status == "preempted":
            what = f"never runs again: {wait.what} is taken by {holders}"
        elif holders and not wait.lock:
            what += f" for {holders}"
        lines += [f"INFO: psockmc: {_who(trace, wait.context)} {what}"]
        lines += [*stack(trace, wait.place), *_held_lines(trace, wait.held, wait.taken, wait.context), ""]
    if failure.cycle:
        ring = [trace.contexts[c].label for c in (*failure.cycle, failure.cycle[0])]
        lines += [f"wait-for cycle: {' -> '.join(ring)}"]
    else:
        lines += [failure.sentence]
    return lines


def _locking(trace: Trace, width: int) -> list[str]:
    failure, step = trace.failure, trace.steps[-1]
    lines = [f"WARNING: psockmc: wrong locking in {_function(trace, failure.place)}", failure.sentence]
    lines += [f"by {_who(trace, step.context, step.number)}:", *stack(trace, failure.place)]
    return [*lines, *_held_before(trace)]


def _held_before(trace: Trace) -> list[str]:
    """The locks that the failing context held before its last step."""
    context = trace.steps[-1].context
    before = trace.steps[-2].held if len(trace.steps) > 1 else ()
    held = [h for h in before if h.context == context]
    return _held_lines(trace, held, [_taken_at(trace, h) for h in held], context)


def _sleeping(trace: Trace, width: int) -> list[str]:
    failure, step = trace.failure, trace.steps[-1]
    place = failure.place or step.place
    lines = [f"BUG: psockmc: {_function(trace, place)} calls a function that may sleep where it must not"]
    lines += [failure.message, f"by {_who(trace, step.context, step.number)}:", *stack(trace, place)]
    own = [s.sections for s in trace.steps if s.context == step.context]
    sections = next((s for s in (*own[-2:-1], own[-1]) if s), ())
    lines += [f"sections: {', '.join(SECTIONS[s] for s in sections) or 'none, but it is an interrupt'}"]
    return [*lines, *_held_before(trace)]


def _taken_at(trace: Trace, held: Held) -> Place | None:
    return trace.steps[held.since - 1].place if held.since else None


def _warning(trace: Trace, width: int) -> list[str]:
    failure = trace.failure
    place = failure.place or (trace.steps[-1].place if trace.steps else None)
    lines = [f"WARNING: psockmc: {failure.sentence}"]
    if trace.steps:
        last = trace.steps[-1]
        when = "raised by" if failure.kind == "step" else "after the last step, by"
        lines += [f"{when} {_who(trace, last.context, last.number)}:", *stack(trace, place)]
    for event in reversed(failure.life):
        lines += ["", f"{event.what} by {_who(trace, event.context, event.step)}:", *stack(trace, event.place)]
    return lines
