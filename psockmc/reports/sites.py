"""Where in the code a run fails: the statements that its failure names, else the write that decides."""

from __future__ import annotations

from psockmc.explore.places import Where, where
from psockmc.explore.tracedata import Place, Trace
from psockmc.explore.why import last_write
from psockmc.reports import markdown as md


def sites(trace: Trace) -> tuple[Where, ...]:
    """The statements, without repetition; () for a run that fails by what it never does."""
    return tuple(dict.fromkeys(where(trace.calls, place) for place in _named(trace) or _deciding(trace)))


def functions(trace: Trace) -> tuple[str, ...]:
    """The kernel's functions around the sites; where there is none, the function of the environment."""
    return tuple(dict.fromkeys(_function(site) for site in sites(trace)))


def sentence(trace: Trace) -> str:
    """The sites in Markdown: statement, function and file of the kernel; "" without sites."""
    described = "; ".join(_described(site) for site in sites(trace))
    head = "The failing step" if _named(trace) else "The write that decides"
    return f"**{head}**: {described}." if described else ""


def _named(trace: Trace) -> list[Place]:
    """The places that the failure itself names."""
    failure = trace.failure
    if failure.race:
        return [side.place for side in failure.race]
    if failure.waits:
        return [wait.place for wait in failure.waits]
    return [] if failure.place is None else [failure.place]


def _deciding(trace: Trace) -> list[Place]:
    """Where a property of a state, or of the end, became false: the last write to what it reads."""
    write = last_write(trace)
    return [] if write is None else [(write.step.place, *write.step.then)[write.change.at]]


def _function(site: Where) -> str:
    return site.kernel_function or site.function


def _described(site: Where) -> str:
    statement = md.code(site.statement.rstrip().removesuffix(":"))
    if not site.kernel_function:
        return f"{statement} in {md.code(site.function + '()')}, the environment"
    inside = md.code(site.function + "()")
    if site.function != site.kernel_function:
        inside += f", called by {md.code(site.kernel_function + '()')}"
    return f"{statement} in {inside} of {md.code(site.kernel_file)}"
