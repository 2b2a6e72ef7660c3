"""The Informal Trace Format: what other tools read is the run, state by state."""

from __future__ import annotations

import json
from dataclasses import replace
from itertools import pairwise

import pytest

from psockmc.explore.tracedata import CellInfo
from psockmc.render import render
from psockmc.render.itf import itf_object
from tests.render.making import Maker
from tests.render.tracing import CASES, recorded


def counting(*values: str, kind: str = "value"):
    """A trace in which one cell takes these values, one after the other."""
    maker = Maker(1)
    for old, new in pairwise(values):
        maker.step(maker.roots[0], "step()", changes=[("box.n", old, new)])
    return replace(maker.trace(), cells=(CellInfo("box.n", "box", kind, values[0]),))


def values_of(trace, name="box.n"):
    """What a variable is in each state."""
    return [state[name] for state in itf_object(trace)["states"]]


@pytest.mark.parametrize("name", CASES)
def test_each_state_has_every_variable_and_its_index(name):
    trace = recorded(name)
    whole = json.loads(render(trace, "itf"))
    assert whole["#meta"]["format"] == "ITF"
    assert len(set(whole["vars"])) == len(whole["vars"]) == len(trace.cells)
    for index, state in enumerate(whole["states"]):
        assert state["#meta"]["index"] == index
        assert list(state) == ["#meta", *whole["vars"]]
    assert len(whole["states"]) == len(trace.steps) + 1


@pytest.mark.parametrize("name", CASES)
def test_the_states_tell_every_change_of_the_run(name):
    trace = recorded(name)
    states = itf_object(trace)["states"]
    for step in trace.steps:
        before, after = states[step.number - 1], states[step.number]
        changed = {cell for cell in after if cell != "#meta" and before[cell] != after[cell]}
        assert changed == {c.cell for c in step.changes if c.old != c.new}


@pytest.mark.parametrize("name", CASES)
def test_the_package_itf_py_reads_it(name):
    itf_py = pytest.importorskip("itf_py")
    whole = json.loads(render(recorded(name), "itf"))
    read = itf_py.trace_from_json(whole)
    assert itf_py.trace_to_json(read)["states"] == whole["states"]
    assert read.vars == whole["vars"]


def test_numbers_are_numbers():
    assert values_of(counting("0", "-1", "12")) == [{"#bigint": "0"}, {"#bigint": "-1"}, {"#bigint": "12"}]


def test_a_variable_has_one_type_all_the_way():
    assert values_of(counting("0", "NULL")) == ["0", "NULL"]


def test_lists_are_sequences():
    assert values_of(counting("[]", "[msg0, msg1]", kind="list")) == [[], ["msg0", "msg1"]]


def test_a_grace_period_is_the_set_of_those_it_waits_for():
    values = values_of(counting("{}", "{CPU0, CPU1 softirq}", kind="grace-period"))
    assert values == [{"#set": []}, {"#set": ["CPU0", "CPU1 softirq"]}]


def test_the_owner_of_a_lock_is_a_text():
    assert values_of(counting("nobody", "CPU0", kind="lock")) == ["nobody", "CPU0"]


def test_a_run_that_goes_round_says_what_follows_its_last_state():
    trace = replace(counting("0", "1", "2", "1"), loop=2)
    whole = itf_object(trace)
    states = [state["box.n"] for state in whole["states"]]
    assert states[-1] == states[whole["loop"] - 1]  # from there the loop's first step leads to this state
    assert whole["loop"] == 2


def test_a_run_that_ends_has_no_loop():
    assert "loop" not in itf_object(counting("0", "1"))


def test_a_state_says_who_took_the_step_and_where():
    meta = itf_object(counting("0", "1"))["states"][1]["#meta"]
    assert meta == {
        "index": 1,
        "context": "CPU0",
        "function": "main0",
        "statement": "step()",
        "file": "models/made.py",
        "line": 101,
    }


def test_hostile_names_are_texts():
    trace = replace(counting("0", '"}<b>\u2028'), scenario='x", "loop": 0, "')
    whole = json.loads(render(trace, "itf"))
    assert whole["#meta"]["source"] == 'x", "loop": 0, "'
    assert whole["states"][1]["box.n"] == '"}<b>\u2028'
