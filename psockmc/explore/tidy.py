"""The same run with fewer context switches.

Steps that do not depend on each other may be performed in another order. A run of steps of one context (a *burst*)
is moved to the neighbouring burst of the same context when the replay confirms that this leads to the same state in
the same number of steps. Greedy and deterministic: the shortest moves first, until none of them saves a switch.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import accumulate, groupby, pairwise

from psockmc.explore.reference import State
from psockmc.explore.replay import Move, Recorder, ReplayError, states_of, successor_of

Schedule = tuple[Move, ...]
Burst = tuple[Move, ...]


def fewest_switches(recorder: Recorder, schedule: Sequence[Move], last: int = -1) -> Schedule:
    """A schedule with the same steps, the same length and the same last state, and few context switches.

    last: the context of the step that fails after the schedule, or -1; it counts as a switch, too. ReplayError when the
    schedule itself cannot be performed.
    """
    best = tuple(schedule)
    while (better := _better(recorder, best, last)) is not None:
        best = better
    return best


def switches(schedule: Sequence[Move], last: int = -1) -> int:
    """How often another context goes on."""
    contexts = [context for context, _ in schedule] + [last] * (last >= 0)
    return sum(a != b for a, b in pairwise(contexts))


def _better(recorder: Recorder, schedule: Schedule, last: int) -> Schedule | None:
    """The first rearrangement that saves a switch and reaches the same state."""
    states = states_of(recorder, schedule)
    if states is None:
        raise ReplayError("a schedule that is to be tidied cannot be performed")
    now = switches(schedule, last)
    for first, moves in _rearrangements(schedule, last):
        behind = first + len(moves)
        candidate = (*schedule[:first], *moves, *schedule[behind:])
        if switches(candidate, last) < now and _leads(recorder, states[first], moves, states[behind]):
            return candidate
    return None


def _leads(recorder: Recorder, state: State, moves: Sequence[Move], goal: State) -> bool:
    """Whether the moves can be performed from a state and end in another one."""
    for context, choice in moves:
        successor = successor_of(recorder, state, context, choice)
        if successor is None:
            return False
        state = successor
    return state == goal


def _rearrangements(schedule: Schedule, last: int) -> Iterator[tuple[int, Schedule]]:
    """Pieces of the schedule in another order, and where they begin: nearest bursts of one context joined first.

    Two bursts are joined at the place of either; what the failing context did before is also moved to the end.
    """
    bursts = [tuple(group) for _, group in groupby(schedule, key=lambda move: move[0])]
    begins = list(accumulate((len(b) for b in bursts), initial=0))
    for distance in range(2, len(bursts)):
        for i in range(len(bursts) - distance):
            one, *between, other = bursts[i : i + distance + 1]
            if one[0][0] == other[0][0]:
                yield begins[i], _flat([one, other, *between])
                yield begins[i], _flat([*between, one, other])
    for i in reversed(range(len(bursts) - 1)):
        if bursts[i][0][0] == last:
            yield begins[i], _flat([*bursts[i + 1 :], bursts[i]])


def _flat(bursts: Sequence[Burst]) -> Schedule:
    return tuple(move for burst in bursts for move in burst)
