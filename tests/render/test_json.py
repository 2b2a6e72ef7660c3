"""The JSON form: the schema describes it, and it loads back."""

from __future__ import annotations

import copy
import dataclasses
import json
import typing
from importlib.resources import files

import jsonschema
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from psockmc.explore import tracedata
from psockmc.explore.trace import load_trace
from psockmc.explore.tracedata import Trace, TraceFormatError
from psockmc.render import FORMATS, render
from tests.render.tracing import CASES, recorded

SCHEMA = json.loads((files("psockmc") / "schemas" / "trace.schema.json").read_text(encoding="utf-8"))


@pytest.mark.parametrize("name", CASES)
def test_traces_fit_the_schema(name):
    jsonschema.Draft202012Validator(SCHEMA).validate(json.loads(render(recorded(name), "json")))


@pytest.mark.parametrize("name", CASES)
def test_a_trace_loads_back_equal(name):
    assert Trace.from_json(json.loads(render(recorded(name), "json"))) == recorded(name)


def test_the_schema_is_a_schema():
    jsonschema.Draft202012Validator.check_schema(SCHEMA)


def classes() -> list[type]:
    """The dataclasses of the trace object."""
    return [c for c in vars(tracedata).values() if isinstance(c, type) and dataclasses.is_dataclass(c)]


@pytest.mark.parametrize("kind", classes(), ids=lambda c: c.__name__)
def test_the_schema_names_the_fields_of_every_class(kind):
    described = SCHEMA if kind is Trace else SCHEMA["$defs"][kind.__name__]
    names = [f.name for f in dataclasses.fields(kind)]
    assert list(described["properties"]) == names
    needed = [f.name for f in dataclasses.fields(kind) if f.default is dataclasses.MISSING]
    assert sorted(described["required"]) == sorted(needed)
    assert described["additionalProperties"] is False


@pytest.mark.parametrize("kind", classes(), ids=lambda c: c.__name__)
def test_the_schema_gives_the_types_of_the_fields(kind):
    described = SCHEMA if kind is Trace else SCHEMA["$defs"][kind.__name__]
    for name, hint in typing.get_type_hints(kind).items():
        schema = described["properties"][name]
        if typing.get_origin(hint) is tuple:
            assert schema["type"] == "array"
        elif dataclasses.is_dataclass(hint):
            assert schema == {"$ref": f"#/$defs/{hint.__name__}"}
        elif hint is int:
            assert schema["type"] == "integer"


# ---------------------------------------------------------------- what is no trace


def changed(path: str, value: object) -> object:
    """The JSON of a trace with one value replaced (`del` as value: removed)."""
    whole = copy.deepcopy(recorded("use-after-free").to_json())
    *way, last = [int(p) if p.isdigit() else p for p in path.split("/")]
    at: typing.Any = whole
    for key in way:
        at = at[key]
    if value is ...:
        del at[last]
    else:
        at[last] = value
    return whole


@pytest.mark.parametrize(
    ("path", "value", "message"),
    [
        (
            "format",
            "psockmc-trace-0",
            "format: 'psockmc-trace-0' is not psockmc-trace-1; write the trace with this psockmc",
        ),
        ("steps", 3, "trace.steps: a list was expected"),
        ("steps/0/place", None, "trace.steps[0].place: an object was expected"),
        ("steps/0/number", "1", "trace.steps[0].number: a whole number was expected"),
        ("steps/0/accesses", [{}], "trace.steps[0].accesses[0]: 'at' is missing"),
        ("scenario", ..., "trace: 'scenario' is missing"),
        ("colour", "red", "trace: 'colour' is unknown"),
        ("steps/1/number", 7, "steps[1].number: the steps are not numbered 1, 2, ..."),
        ("steps/0/context", 9, "trace.steps[0].context: there is no such context"),
        ("steps/0/place/path", [99], "trace.steps[0].place.path: there is no such call"),
        ("calls/1/parent", 5, "calls[1].parent: there is no such earlier call"),
        ("steps/4/held/0/since", 99, "trace.steps[4].held[0].since: there is no such step"),
        ("failure/kind", "race", "trace.failure.race: 2 sides were expected"),
        ("failure/life/0/step", 0, "trace.failure.life[0].step: there is no such step"),
        ("failure/cycle", [0], "trace.failure.cycle: a context in it does not wait"),
        ("steps", [], "trace.failure.kind: a failure of kind 'step' needs a last step"),
        ("steps/1/accesses/0/at", 7, "trace.steps[1].accesses[0].at: there is no such place in the step"),
    ],
)
def test_what_is_no_trace_is_refused_with_the_place(path, value, message):
    with pytest.raises(TraceFormatError) as caught:
        Trace.from_json(changed(path, value))
    assert str(caught.value) == message


@pytest.mark.parametrize("value", [None, [], 3, "trace", {}])
def test_other_json_is_refused(value):
    with pytest.raises(TraceFormatError):
        Trace.from_json(value)


def test_a_boolean_is_no_number():
    with pytest.raises(TraceFormatError, match="a whole number was expected"):
        Trace.from_json(changed("steps/0/number", True))


def test_a_file_that_is_no_json_is_refused(tmp_path):
    path = tmp_path / "trace.json"
    path.write_text("{", encoding="utf-8")
    with pytest.raises(TraceFormatError, match=r"trace.json is not JSON \(.*\); give a file written by psockmc check"):
        load_trace(path)


def test_a_file_with_other_json_is_refused(tmp_path):
    path = tmp_path / "trace.json"
    path.write_text('{"format": "psockmc-trace-1"}', encoding="utf-8")
    with pytest.raises(TraceFormatError, match=r"trace.json is not a trace: trace: 'assumptions' is missing"):
        load_trace(path)


def test_a_file_loads(tmp_path):
    path = tmp_path / "trace.json"
    path.write_text(render(recorded("leak"), "json"), encoding="utf-8")
    assert load_trace(path) == recorded("leak")


def test_a_missing_file_is_an_os_error(tmp_path):
    with pytest.raises(FileNotFoundError):
        load_trace(tmp_path / "none.json")


# ---------------------------------------------------------------- anything that loads can be shown


def places(value: object, path: tuple[str | int, ...] = ()) -> list[tuple[str | int, ...]]:
    """The paths of all values in a JSON value."""
    found = [path] if path else []
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, item in items:
        found += places(item, (*path, key))
    return found


FUZZED = {
    name: (recorded(name).to_json(), places(recorded(name).to_json()))
    for name in ("use-after-free", "data-race", "deadlock-work", "sleep-in-reader")
}


@settings(max_examples=150, deadline=None)
@given(st.sampled_from(sorted(FUZZED)), st.data())
def test_a_changed_trace_is_refused_or_shown(name, data):
    whole, paths = FUZZED[name]
    whole = copy.deepcopy(whole)
    *way, last = data.draw(st.sampled_from(paths))
    at: typing.Any = whole
    for key in way:
        at = at[key]
    at[last] = data.draw(
        st.none()
        | st.booleans()
        | st.integers(-2, 12)
        | st.sampled_from(["", "x", "psockmc/kernel/x.py"])
        | st.just([])
    )
    try:
        trace = Trace.from_json(whole)
    except TraceFormatError:
        return
    for form in FORMATS:
        assert render(trace, form)


def test_the_schema_describes_every_class_in_its_own_words():
    for kind in classes():
        described = SCHEMA if kind is Trace else SCHEMA["$defs"][kind.__name__]
        assert described["description"] == " ".join((kind.__doc__ or "").split())
