"""From a transition system to what is true of it.

`search` runs one of two engines that give the same answer: the reference interpreter, which is the semantics, and
the native engine, which is generated C. `psockmc.explore.verdict` turns the answer into verdicts.
"""

from __future__ import annotations

import warnings
from dataclasses import replace
from typing import Literal

from psockmc.explore.limits import REASON_INTERRUPTED, Limits, Reporter
from psockmc.explore.result import SearchResult
from psockmc.ir.system import TransitionSystem

__all__ = [
    "Engine",
    "EngineUnavailable",
    "Limits",
    "Reporter",
    "SearchResult",
    "SlowEngineWarning",
    "resolve",
    "search",
]

Engine = Literal["auto", "native", "reference"]


class EngineUnavailable(Exception):
    """The engine that was asked for cannot run here; the text is one sentence that says why and what to do."""


class SlowEngineWarning(UserWarning):
    """The reference interpreter runs in place of the native engine."""


# A graph of so many states is searched by the interpreter before a compiler has read the generated program.
SMALL = 8_000


def resolve(engine: Engine) -> Engine:
    """What a request for an engine comes to on this machine: without a C compiler, `auto` is the reference interpreter.

    Warns (SlowEngineWarning) in this case. Raises EngineUnavailable when `native` was asked for and cannot run.
    """
    if engine == "reference":
        return "reference"
    from psockmc.explore import native

    reason = native.available()
    if reason is None:
        return engine
    if engine == "native":
        raise EngineUnavailable(f"the native engine cannot run: {reason}, or use --engine reference (100 times slower)")
    warnings.warn(
        f"{reason}: searching in the reference interpreter, about 100 times slower", SlowEngineWarning, stacklevel=2
    )
    return "reference"


def search(
    ts: TransitionSystem,
    *,
    engine: Engine = "auto",
    limits: Limits | None = None,
    reporter: Reporter | None = None,
) -> SearchResult:
    """Explore the whole state graph of `ts`, within `limits`, and return what was found.

    engine: `auto` searches small graphs in the interpreter and all others natively; the answer is the same. Ctrl-C
    (KeyboardInterrupt during the search) and an exhausted limit give a partial result: `complete` is False and
    `reason` says why. Raises EngineUnavailable, and psockmc.explore.native.EngineError when the native engine fails.
    """
    limits = limits or Limits()
    engine = resolve(engine)
    if engine == "native":
        result = _native(ts, limits, reporter)
    elif engine == "reference":
        result = _reference(ts, limits, reporter)
    else:
        result = _small_first(ts, limits, reporter)
    if reporter is not None:
        reporter.done(result)
    return result


def _small_first(ts: TransitionSystem, limits: Limits, reporter: Reporter | None) -> SearchResult:
    """The interpreter's answer unless the graph proves to be large; the choice depends on nothing but the graph.

    The few seconds that this takes are not counted against the native search's time.
    """
    if limits.max_states is not None and limits.max_states <= SMALL:
        return _reference(ts, limits, reporter)
    result = _reference(ts, replace(limits, max_states=SMALL), reporter)
    if result.complete or result.states <= SMALL or result.reason.startswith(REASON_INTERRUPTED):
        return result
    return _native(ts, limits, reporter)


def _native(ts: TransitionSystem, limits: Limits, reporter: Reporter | None) -> SearchResult:
    from psockmc.explore.native import search_native

    return search_native(ts, limits, reporter)


def _reference(ts: TransitionSystem, limits: Limits, reporter: Reporter | None) -> SearchResult:
    from psockmc.explore.breadth_first import search_reference

    return search_reference(ts, limits, reporter)
