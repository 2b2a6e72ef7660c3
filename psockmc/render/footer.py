"""What every text form ends with: what was run, and on what the verdict rests."""

from __future__ import annotations

from psockmc.explore.tracedata import Trace
from psockmc.render.layout import wrap


def footer(trace: Trace, width: int, indent: int = 0) -> list[str]:
    """Scenario, variant, verdict with the number of steps, basis and bounds, in lines of at most `width` characters."""
    count = len(trace.steps)
    scenario = f"{trace.scenario}: {trace.sentence}" if trace.sentence else trace.scenario
    sentences = [f"scenario: {scenario}"]
    if trace.variant:
        sentences.append(f"variant: {trace.variant}")
    steps = "1 step" if count == 1 else f"{count} steps"
    if trace.loop:
        steps = f"{trace.loop - 1} steps and a loop of {count - trace.loop + 1}"
    sentences.append(f"verdict: VIOLATED {trace.property.id} in {steps}; basis: {trace.basis}")
    if trace.bounds:
        sentences.append(f"bounds: {'; '.join(trace.bounds)}")
    if trace.assumptions or trace.omissions:
        counts = f"{len(trace.assumptions)} assumptions and {len(trace.omissions)} omissions"
        sentences.append(f"rests on {counts}, listed by --format steps")
    return [row for sentence in sentences for row in wrap(sentence, width, indent, hanging=2)]
