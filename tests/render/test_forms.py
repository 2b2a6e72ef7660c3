"""Every kind of failure in every text form, as golden files that a person has read; from recorded traces."""

from __future__ import annotations

import json

import pytest

from psockmc.explore.tracedata import Trace
from psockmc.render import FORMATS, UnknownFormat, render
from tests.render.tracing import CASES, recorded


@pytest.mark.parametrize("name", CASES)
@pytest.mark.parametrize("form", ["diagram", "steps", "splat"])
def test_each_failure_in_each_form(name, form, golden):
    golden(render(recorded(name), form), f"{name}.{form}.txt")


@pytest.mark.parametrize("width", [40, 60, 100])
@pytest.mark.parametrize("name", ["use-after-free", "three-contexts", "lost-wakeup"])
def test_diagrams_of_other_widths(name, width, golden):
    golden(render(recorded(name), width=width), f"{name}.{width}.txt")


@pytest.mark.parametrize("name", ["use-after-free", "long"])
def test_all_steps_unfolds(name, golden):
    golden(render(recorded(name), all_steps=True), f"{name}.all.txt")


def test_the_json_form_is_one_golden_file(golden):
    golden(render(recorded("deadlock-two-locks"), "json"), "deadlock-two-locks.json")


@pytest.mark.parametrize("name", CASES)
def test_no_line_is_wider_than_asked(name):
    for width in range(40, 111, 7):
        for form in ("diagram", "splat"):
            for all_steps in (False, True):
                text = render(recorded(name), form, width=width, all_steps=all_steps)
                assert max(map(len, text.splitlines())) <= width


@pytest.mark.parametrize("name", CASES)
def test_every_step_has_one_line_in_the_step_list(name):
    trace = recorded(name)
    lines = [line for line in render(trace, "steps").splitlines() if not line.startswith("#")]
    assert [int(line.split()[0]) for line in lines] == [step.number for step in trace.steps]


@pytest.mark.parametrize("name", CASES)
@pytest.mark.parametrize("form", FORMATS)
def test_a_trace_from_json_renders_the_same(name, form):
    trace = recorded(name)
    loaded = Trace.from_json(json.loads(render(trace, "json")))
    assert render(loaded, form) == render(trace, form)


def test_no_trailing_blanks():
    for name in CASES:
        for form in ("diagram", "steps", "splat"):
            text = render(recorded(name), form)
            assert text.endswith("\n")
            assert all(line == line.rstrip() for line in text.splitlines())


def test_an_unknown_format_lists_the_known_ones():
    with pytest.raises(UnknownFormat, match="there is no format 'pdf': use one of diagram, steps, splat, json"):
        render(recorded("leak"), "pdf")


def test_a_width_that_is_too_narrow_is_refused():
    with pytest.raises(ValueError, match="a width of 39 characters is too narrow: give at least 40"):
        render(recorded("leak"), width=39)
