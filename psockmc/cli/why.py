"""`psockmc trace --format why`: a trace explained, with the models that it is a run of."""

from __future__ import annotations

from typing import TYPE_CHECKING

from psockmc.cli.console import warn
from psockmc.content import UsageError
from psockmc.rerun import system_of

if TYPE_CHECKING:
    from psockmc.explore.tracedata import Trace


def reasons(trace: Trace) -> tuple[str, ...]:
    """Why it fails: at most three sentences (psockmc.explore.why).

    Raises UsageError when the models are not, or no longer, those of the trace; ModelErrors when they are wrong.
    """
    from psockmc.explore.swap import OtherModel
    from psockmc.explore.why import why

    try:
        return why(system_of(trace.scenario, trace.variant), trace)
    except OtherModel as error:
        raise UsageError(str(error)) from error


def explanation(trace: Trace, width: int) -> str:
    """What happened, then why, in lines of at most `width` characters. Raises what reasons() does."""
    from psockmc.render.layout import wrap

    nothing = ["Neither a write nor a missing guard nor a swap explains this; --format splat tells it."]
    said = [f"{trace.scenario}: {trace.failure.sentence}", *(reasons(trace) or nothing)]
    return "\n".join(row for sentence in said for row in wrap(sentence, width, 0, hanging=2))


def reasons_if_known(trace: Trace) -> tuple[str, ...]:
    """The same for a page, which can do without: what prevents them is a warning."""
    from psockmc.lang.diagnostics import ModelErrors

    try:
        return reasons(trace)
    except UsageError as error:
        warn(f"the page does not say why: {error}")
    except ModelErrors:
        warn("the page does not say why: the models are wrong, see psockmc list")
    return ()
