"""`psockmc trace --format why`: a trace explained, with the models that it is a run of."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from psockmc import content

if TYPE_CHECKING:
    from psockmc.explore.tracedata import Trace
    from psockmc.ir.system import TransitionSystem


def explanation(trace: Trace, width: int) -> str:
    """What happened, then why: at most three sentences, in lines of at most `width` characters.

    Raises UsageError when the models are not, or no longer, those of the trace.
    """
    from psockmc.explore.swap import OtherModel
    from psockmc.explore.why import why
    from psockmc.render.layout import wrap

    try:
        sentences = why(_system(trace), trace)
    except OtherModel as error:
        raise content.UsageError(str(error)) from error
    nothing = ["Neither a write nor a missing guard nor a swap explains this; --format splat tells it."]
    said = [f"{trace.scenario}: {trace.failure.sentence}", *(sentences or nothing)]
    return "\n".join(row for sentence in said for row in wrap(sentence, width, 0, hanging=2))


def _system(trace: Trace) -> TransitionSystem:
    """The scenario of a trace, with the variants that it was written with."""
    from psockmc.ir.lower import compile_scenario

    variants = [Path(name) for name in trace.variant.split(", ") if name]
    program = content.load(content.find_root(), variants)
    (name,) = content.pick("scenario", [trace.scenario], program.scenarios)
    return compile_scenario(program, name)
