"""Renderers: pure functions of a trace object, which need no transition system."""

from __future__ import annotations

import json

from psockmc.explore.tracedata import Trace
from psockmc.render.diagram import diagram
from psockmc.render.itf import itf
from psockmc.render.splat import splat
from psockmc.render.steps import steps
from psockmc.render.trace_svg import trace_svg

__all__ = ["FORMATS", "UnknownFormat", "for_message", "render"]

FORMATS = ("diagram", "steps", "splat", "json", "itf", "html", "svg")
NARROWEST = 40
MESSAGE_WIDTH = 75  # of the text of a commit message


class UnknownFormat(ValueError):
    """There is no such format; the text is one sentence that lists those that exist."""


def for_message(trace: Trace, width: int = MESSAGE_WIDTH) -> str:
    """The diagram as a commit message takes it, or narrower where there is less room."""
    return render(trace, "diagram", width=max(NARROWEST, min(width, MESSAGE_WIDTH)))


def render(trace: Trace, format: str = "diagram", *, width: int = MESSAGE_WIDTH, all_steps: bool = False) -> str:
    """The trace in a format: `diagram`, `steps` (never wrapped), `splat`, `json`, `itf`, `html` or `svg`.

    width: characters per line of diagram and splat. all_steps: the diagram folds nothing. UnknownFormat: of another
    format; ValueError: of a width below 40.
    """
    if width < NARROWEST:
        raise ValueError(f"a width of {width} characters is too narrow: give at least {NARROWEST}")
    if format == "diagram":
        return diagram(trace, width=width, all_steps=all_steps)
    if format == "steps":
        return steps(trace)
    if format == "splat":
        return splat(trace, width=width)
    if format == "svg":
        return trace_svg(trace)
    if format == "html":
        from psockmc.render.html import html  # jinja2 is loaded only for it

        return html(trace)
    if format == "json":
        return json.dumps(trace.to_json(), indent=1, ensure_ascii=False) + "\n"
    if format == "itf":
        return itf(trace)
    raise UnknownFormat(f"there is no format {format!r}: use one of {', '.join(FORMATS)}")
