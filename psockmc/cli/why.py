"""Why a trace fails, for `psockmc trace --format why` and for its page: the models that it is a run of are asked."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from psockmc import content
from psockmc.cli.console import warn
from psockmc.corpus import has_corpus, load_corpus

if TYPE_CHECKING:
    from psockmc.explore.tracedata import Trace
    from psockmc.ir.system import TransitionSystem


def reasons(trace: Trace) -> tuple[str, ...]:
    """Why it fails: at most three sentences (psockmc.explore.why).

    Raises UsageError when the models are not, or no longer, those of the trace; ModelErrors when they are wrong.
    """
    from psockmc.explore.swap import OtherModel
    from psockmc.explore.why import why

    try:
        return why(_system(trace), trace)
    except OtherModel as error:
        raise content.UsageError(str(error)) from error


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
    except content.UsageError as error:
        warn(f"the page does not say why: {error}")
    except ModelErrors:
        warn("the page does not say why: the models are wrong, see psockmc list")
    return ()


def _system(trace: Trace) -> TransitionSystem:
    """The scenario of a trace, with the variants that it was written with."""
    from psockmc.ir.lower import compile_scenario

    root = content.find_root()
    program = content.load(root, list(_variants(root, trace)))
    (name,) = content.pick("scenario", [trace.scenario], program.scenarios)
    return compile_scenario(program, name)


def _variants(root: Path, trace: Trace) -> Iterator[Path]:
    """The files of a trace's variants: those of `--with`, or of `psockmc bugs` the one that the bug's id stands for."""
    names = [name for name in trace.variant.split(", ") if name]
    known = all(Path(name).is_file() for name in names) or not has_corpus(root)
    bugs = {} if known else {bug.id: bug.variant for bug in load_corpus(root)}
    for name in names:
        yield bugs.get(name, Path(name))
