"""`python -m bench`: the native engine against its floors, the reference interpreter and SPIN; and litmus tests.

Seconds are of processor time, which others on the machine change little. All three engines use one core.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from bench import against_spin, litmus
from bench.graph import NotExportableError
from bench.measure import processor_seconds, systems
from psockmc.explore.breadth_first import search_reference
from psockmc.explore.limits import Limits
from psockmc.explore.native import build, codegen
from psockmc.explore.native.answer import answer
from psockmc.explore.native.process import run_search
from psockmc.explore.result import SearchResult
from psockmc.ir.system import TransitionSystem

REPEATS = 3  # the best one counts: others share the machine
REFERENCE_STATES = 20_000  # enough for a rate

# The floors of the engine.
LEAST_STATES = 2_000_000
LEAST_RATE = 1_500_000
MOST_BYTES = 48  # for states of up to
BITS = 256
LEAST_FACTOR = 100


@dataclass(frozen=True)
class Row:
    """One line of the table."""

    engine: str
    states: int
    transitions: int
    seconds: float
    bytes_per_state: float

    @property
    def rate(self) -> float:
        return self.states / self.seconds

    def __str__(self) -> str:
        size = f"{self.bytes_per_state:8.1f}" if self.bytes_per_state else "       -"
        return (
            f"{self.engine:<22}{self.states:>12,}{self.transitions:>14,}{self.seconds:>10.2f}{self.rate:>14,.0f}{size}"
        )


def measured(engine: str, search: Callable[[], SearchResult]) -> Row:
    """Run a search and take its time."""
    start = processor_seconds()
    result = search()
    return Row(engine, result.states, result.transitions, processor_seconds() - start, result.bytes_per_state)


def native(ts: TransitionSystem) -> Row:
    """The optimised program, best of some runs."""
    program = codegen.generate(ts)
    with build.built(program.source) as path:

        def search() -> SearchResult:
            return answer(ts, program, run_search(path, Limits(), None), Limits())

        return min((measured("native", search) for _ in range(REPEATS)), key=lambda row: row.seconds)


def reference(ts: TransitionSystem) -> Row:
    """The interpreter, on the first states of the same search."""
    limits = Limits(max_states=REFERENCE_STATES)
    return measured("reference (beginning)", lambda: search_reference(ts, limits, None))


def spin(ts: TransitionSystem, expected: int) -> Row:
    """SPIN on the exported system, which has about so many states. Raises what bench.against_spin.search_spin does."""
    found = against_spin.search_spin(ts, expected)
    size = found.megabytes * 2**20 / found.states
    return Row("SPIN", found.states, found.transitions, found.searched.processor, size)


def missed(ours: Row, theirs: Row, bits: int) -> Iterator[str]:
    """Floors that the engine misses, as sentences."""
    if ours.states < LEAST_STATES:
        yield f"{ours.states:,} states are too few to measure: {LEAST_STATES:,} at least"
    if ours.rate < LEAST_RATE:
        yield f"{ours.rate:,.0f} states per second are fewer than {LEAST_RATE:,}"
    if bits <= BITS and ours.bytes_per_state > MOST_BYTES:
        yield f"{ours.bytes_per_state:.1f} bytes per state are more than {MOST_BYTES}"
    if ours.rate < LEAST_FACTOR * theirs.rate:
        yield f"{ours.rate / theirs.rate:.0f} times the reference's speed are less than {LEAST_FACTOR} times"


def measure(ts: TransitionSystem, with_spin: bool) -> Iterator[str]:
    """Print the table of a scenario; the floors that are missed, and disagreements with SPIN."""
    layout = codegen.generate(ts).layout
    print(f"\n{ts.name}: {len(ts.contexts)} contexts, {layout.bits} bits per state, stored in {layout.stride} bytes")
    print(f"{'engine':<22}{'states':>12}{'transitions':>14}{'seconds':>10}{'states/s':>14}{'bytes':>8}")
    ours, theirs = native(ts), reference(ts)
    print(ours, theirs, f"native is {ours.rate / theirs.rate:.0f} times as fast as the reference", sep="\n")
    yield from missed(ours, theirs, layout.bits)
    if with_spin:
        try:
            third = spin(ts, ours.states)
        except NotExportableError as error:
            print(f"SPIN cannot express it: {error}")
            return
        except against_spin.SpinError as error:
            yield str(error)
            return
        print(third, f"native is {third.seconds / ours.seconds:.1f} times as fast as SPIN", sep="\n")
        if third.states != ours.states:
            yield f"SPIN stores {third.states:,} states and the native engine {ours.states:,}"


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("scenario", nargs="*", help="scenarios of checks/ (default: the benchmark's own)")
    parser.add_argument("--no-spin", action="store_true", help="do not compare with SPIN even if it is installed")
    arguments = parser.parse_args()
    lacking = against_spin.missing()
    with_spin = lacking is None and not arguments.no_spin
    if lacking is not None:
        print(f"without SPIN: {lacking}")
    problems = [problem for _, ts in systems(arguments.scenario or ["objects"]) for problem in measure(ts, with_spin)]
    if not arguments.scenario:
        print()
        problems += litmus.report()
    for problem in problems:
        print(f"MISSED: {problem}")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
