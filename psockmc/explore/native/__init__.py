"""The native engine: C generated from a transition system, compiled, and run as a search in a process of its own.

The answer is that of `psockmc.explore.reference`, in every number and in the order of discovery, about a thousand
times faster.

    contract.py     what is taken for granted about a system, tested first
    reach.py        what nodes and values a system can reach at most     (values, bounds)
    layout.py       states packed to bits
    codegen.py      the program: step functions, properties, scheduling  (steps, regions, expressions, pools, tables)
    step.h          what generated functions work with;  search.c: breadth-first search over packed states
    liveness.c                      goals: fair runs that miss them
    build.py        compile and keep;  process.py: run;  answer.py: read the answer
"""

from __future__ import annotations

from dataclasses import replace

from psockmc.explore.limits import Limits, Reporter
from psockmc.explore.native.answer import answer
from psockmc.explore.native.build import built, compiler, is_kept
from psockmc.explore.native.codegen import generate
from psockmc.explore.native.errors import BrokenPromiseError, EngineError
from psockmc.explore.native.process import run_search
from psockmc.explore.result import SearchResult
from psockmc.ir.system import TransitionSystem

__all__ = ["EngineError", "available", "search_native"]


def quick_states(source: str) -> int:
    """How many states the quick program explores before the optimised one is worth the wait for its compiler.

    To compile a byte takes the time in which the quick program finds about this many states: so at most half the time
    is lost.
    """
    return 5 * len(source)


def available() -> str | None:
    """Why the native engine cannot run here, or None when it can."""
    if compiler() is None:
        return "no C compiler was found (install the Debian package gcc, or set CC)"
    return None


def search_native(ts: TransitionSystem, limits: Limits, reporter: Reporter | None) -> SearchResult:
    """Explore all reachable states breadth-first, within the limits.

    A limit, Ctrl-C or want of memory gives a partial result (`complete` is False). Raises EngineError when the system
    cannot be compiled or the search dies: then nothing is known.
    """
    try:
        return _search(ts, limits, reporter)
    except BrokenPromiseError as error:
        raise EngineError(_described(ts, error)) from None


def _search(ts: TransitionSystem, limits: Limits, reporter: Reporter | None) -> SearchResult:
    """Search with the quick program first, unless the optimised one is there already."""
    program = generate(ts)
    used = 0.0
    if not is_kept(program.source):
        most = quick_states(program.source)
        cut_short = limits.max_states is None or limits.max_states > most
        with built(program.source, quick=True) as path:
            records = run_search(path, replace(limits, max_states=most) if cut_short else limits, reporter)
        if not (cut_short and records[-1]["reason"] == "states"):
            return answer(ts, program, records, limits)
        used = records[-1]["seconds"]
    left = None if limits.timeout is None else max(0.0, limits.timeout - used)
    with built(program.source) as path:
        records = run_search(path, replace(limits, timeout=left), reporter)
    result = answer(ts, program, records, limits)
    return replace(result, seconds=result.seconds + used)


def _described(ts: TransitionSystem, error: BrokenPromiseError) -> str:
    """The sentence about a broken promise, with the names of the place."""
    where = ""
    if error.context >= 0:
        context = ts.contexts[error.context]
        where = f" in {context.name}"
        number = context.nodes[error.node].statement if error.node >= 0 else -1
        if number >= 0:
            statement = ts.statements[number]
            where += f" at `{statement.text}` ({statement.file}:{statement.line})"
    return f"internal error: {error.what}{where}; please report this model, and use --engine reference"
