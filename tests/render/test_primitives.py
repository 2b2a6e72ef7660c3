"""Every violation that the primitives' own models show: it replays, and reads in every form."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from psockmc.explore.breadth_first import search_reference
from psockmc.explore.limits import Limits
from psockmc.explore.trace import build_trace
from psockmc.explore.tracedata import Trace
from psockmc.explore.verdict import judge
from psockmc.ir.lower import compile_scenario
from psockmc.lang import load_program
from psockmc.render import render

MODELS = Path(__file__).parents[1] / "kernel" / "models"
VIOLATED = [path for path in sorted(MODELS.rglob("*.py")) if path.read_text(encoding="utf-8").startswith("# violated:")]


@pytest.mark.parametrize("path", VIOLATED, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_violations_of_primitives_replay_and_read(path):
    program = load_program(path.parent, [path])
    for name, scenario in program.scenarios.items():
        ts = compile_scenario(program, name)
        for verdict in judge(ts, search_reference(ts, Limits(), None), scenario.expect):
            if verdict.violation is not None:
                trace = build_trace(ts, verdict.violation, edges=verdict.edges)
                assert Trace.from_json(json.loads(render(trace, "json"))) == trace
                for form in ("diagram", "splat"):
                    assert max(map(len, render(trace, form).splitlines())) <= 75
                assert render(trace, "steps").count("\n# failure") == 1


def test_there_are_such_models():
    assert len(VIOLATED) > 50
