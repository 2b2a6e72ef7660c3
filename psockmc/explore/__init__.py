"""From a transition system to what is true of it.

`search` runs one of two engines that give the same answer: the reference interpreter, which is the semantics, and
the native engine, which is generated C. `psockmc.explore.verdict` turns the answer into verdicts.
"""

from __future__ import annotations

import warnings
from typing import Literal, assert_never

from psockmc.explore.limits import Limits, Reporter
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


def resolve(engine: Engine) -> Literal["native", "reference"]:
    """The engine that a request stands for: `auto` is native where a C compiler exists, else reference with a warning.

    Raises EngineUnavailable when `native` was asked for and cannot run.
    """
    if engine == "reference":
        return "reference"
    from psockmc.explore import native

    reason = native.available()
    if reason is None:
        return "native"
    if engine == "native":
        raise EngineUnavailable(
            f"the native engine cannot run: {reason}; use --engine reference, about 100 times slower"
        )
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

    Ctrl-C (KeyboardInterrupt during the search) and an exhausted limit give a partial result: `complete` is False and
    `reason` says why. Raises EngineUnavailable, and what the engine raises when the compiler or the machine fails.
    """
    limits = limits or Limits()
    which = resolve(engine)
    if which == "native":
        from psockmc.explore import native

        return native.search_native(ts, limits, reporter)
    if which == "reference":
        from psockmc.explore.reference import search_reference

        return search_reference(ts, limits, reporter)
    assert_never(which)
