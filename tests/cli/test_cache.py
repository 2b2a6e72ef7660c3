"""The cache of results: what it keeps, what it refuses to believe, and that its failures cost nothing."""

from __future__ import annotations

import os
import re
import time
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import psockmc.cache
from psockmc.cache import PACKAGE, Cache, _decode, _encode, cache_folder, engine_files, result_key, system_key
from psockmc.explore.limits import Limits
from psockmc.explore.result import LockEdge, SearchResult, Violation
from psockmc.ir.system import TransitionSystem

PATH = ((0, 1), (1, 1))
RESULT = SearchResult(
    engine="native",
    states=2,
    transitions=1,
    depth=1,
    complete=True,
    reason="",
    seconds=0.25,
    violations=(Violation(0, PATH, 1, 0, "psock0 was freed", 2),),
    lock_edges=(LockEdge(-1, False, 0, True, 1, True, False, 3, PATH),),
    cuts={"a pool is used up": 3},
    fatal={3: 12},
    statements=frozenset({4, 1}),
    covers=frozenset({0}),
    terminal=1,
    notes=("a note",),
)


def system(name: str = "s") -> TransitionSystem:
    return TransitionSystem(name, "", (), (), (), (), (), (), (), (), (), (), (), (), ())


@pytest.fixture
def complaints() -> list[str]:
    return []


@pytest.fixture
def cache(tmp_path: Path, complaints: list[str]) -> Cache:
    return Cache(tmp_path / "results", complaints.append)


def test_a_result_comes_back_as_it_was_and_says_that_it_is_cached(cache: Cache, complaints: list[str]) -> None:
    cache.keep_result("key", RESULT)
    assert cache.result("key") == replace(RESULT, cached=True)
    assert not complaints


def test_what_was_never_kept_is_not_there(cache: Cache, complaints: list[str]) -> None:
    assert cache.result("key") is None
    assert not complaints


def test_an_incomplete_result_is_not_kept(cache: Cache) -> None:
    cache.keep_result("key", replace(RESULT, complete=False, reason="the time limit was reached"))
    assert cache.result("key") is None


@pytest.mark.parametrize("damage", [b"", b"x", b"\n", b"deadbeef\nnonsense"])
def test_a_damaged_file_is_not_believed(cache: Cache, complaints: list[str], tmp_path: Path, damage: bytes) -> None:
    cache.keep_result("key", RESULT)
    (tmp_path / "results" / "key.result").write_bytes(damage)
    assert cache.result("key") is None
    assert "damaged" in complaints[0]


def test_one_flipped_bit_is_noticed(cache: Cache, tmp_path: Path) -> None:
    cache.keep_result("key", RESULT)
    file = tmp_path / "results" / "key.result"
    blob = bytearray(file.read_bytes())
    blob[-5] ^= 1
    file.write_bytes(bytes(blob))
    assert cache.result("key") is None


def test_the_result_of_another_search_under_this_name_is_not_believed(cache: Cache, tmp_path: Path) -> None:
    cache.keep_result("key", RESULT)
    (tmp_path / "results" / "key.result").rename(tmp_path / "results" / "other.result")
    assert cache.result("other") is None


def test_a_folder_that_cannot_be_made_is_one_warning(tmp_path: Path, complaints: list[str]) -> None:
    (tmp_path / "file").touch()
    cache = Cache(tmp_path / "file" / "results", complaints.append)
    cache.keep_result("a", RESULT)
    cache.keep_result("b", RESULT)
    assert len(complaints) == 1
    assert "cannot use the cache" in complaints[0]


def test_a_full_disk_is_a_warning_and_leaves_no_file(
    cache: Cache, complaints: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_space(*arguments: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("psockmc.cache.os.replace", no_space)
    cache.keep_result("key", RESULT)
    assert "No space left on device" in complaints[0]
    assert list((tmp_path / "results").iterdir()) == []


def test_a_compiled_scenario_comes_back_as_it_was(cache: Cache) -> None:
    cache.keep_system("key", system("close_against_delete"))
    assert cache.system("key") == system("close_against_delete")


def test_a_damaged_scenario_is_not_believed(cache: Cache, complaints: list[str], tmp_path: Path) -> None:
    cache.keep_system("key", system())
    file = tmp_path / "results" / "key.system"
    file.write_bytes(file.read_bytes()[:-1])
    assert cache.system("key") is None
    assert "damaged" in complaints[0]


def test_a_scenario_is_no_result(cache: Cache, tmp_path: Path) -> None:
    cache.keep_system("key", system())
    (tmp_path / "results" / "key.system").rename(tmp_path / "results" / "key.result")
    assert cache.result("key") is None


def test_the_oldest_scenarios_go(cache: Cache, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("psockmc.cache.KEPT_SYSTEMS", 2)
    for age, key in enumerate(["new", "middle", "old"]):
        cache.keep_system(key, system())
        moment = time.time() - 100 * age - 100
        os.utime(tmp_path / "results" / f"{key}.system", (moment, moment))
    cache.keep_system("newest", system())
    assert {path.stem for path in (tmp_path / "results").iterdir()} == {"newest", "new"}


@pytest.mark.parametrize(
    "change",
    [
        {"sources": {"models/a.py": "y = 1"}},
        {"sources": {"models/b.py": "x = 1"}},
        {"replaced": {"sock_map_close": None}},
    ],
)
def test_the_key_of_a_scenario_depends_on_every_text(change: dict[str, object]) -> None:
    program: Any = SimpleNamespace(sources={"models/a.py": "x = 1"}, replaced={})
    other: Any = SimpleNamespace(**{**vars(program), **change})
    assert system_key(program, "s") != system_key(other, "s")
    assert system_key(program, "s") != system_key(program, "t")


def test_the_key_of_a_scenario_depends_on_the_text_of_psockmc(monkeypatch: pytest.MonkeyPatch) -> None:
    program: Any = SimpleNamespace(sources={}, replaced={})
    before = system_key(program, "s")
    monkeypatch.setattr("psockmc.cache.checker_version", lambda: "another")
    assert system_key(program, "s") != before


def test_the_key_depends_on_the_system() -> None:
    assert result_key(system("a"), "native", Limits()) != result_key(system("b"), "native", Limits())


def test_the_key_does_not_depend_on_how_a_set_is_listed() -> None:
    one, other = frozenset([0, 8]), frozenset([8, 0])
    assert repr(one) != repr(other), "chosen so that they are listed in another order"
    keys = {result_key(replace(system(), begun=begun), "native", Limits()) for begun in (one, other)}
    assert len(keys) == 1


def test_the_key_depends_on_the_engine() -> None:
    assert result_key(system(), "native", Limits()) != result_key(system(), "reference", Limits())


@pytest.mark.parametrize("limits", [Limits(max_states=10), Limits(max_depth=10)])
def test_the_key_depends_on_limits_that_decide_where_a_search_ends(limits: Limits) -> None:
    assert result_key(system(), "native", Limits()) != result_key(system(), "native", limits)


def test_the_key_depends_on_the_source_of_the_engines(monkeypatch: pytest.MonkeyPatch) -> None:
    before = result_key(system(), "native", Limits())
    monkeypatch.setattr("psockmc.cache.engine_version", lambda: "another")
    assert result_key(system(), "native", Limits()) != before


def test_the_cache_is_where_xdg_says(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", "/var/somewhere")
    assert cache_folder() == Path("/var/somewhere/psockmc")


@settings(max_examples=30)
@given(
    st.builds(
        SearchResult,
        engine=st.sampled_from(["native", "reference"]),
        states=st.integers(0),
        transitions=st.integers(0),
        depth=st.integers(0),
        complete=st.booleans(),
        reason=st.text(),
        seconds=st.floats(0, allow_infinity=False),
        violations=st.lists(
            st.builds(
                Violation,
                property=st.integers(0, 9),
                path=st.just(PATH),
                context=st.integers(-1, 3),
                choice=st.integers(-1, 3),
                message=st.text(),
                depth=st.integers(0),
            )
        ).map(tuple),
        lock_edges=st.just(()),
        cuts=st.dictionaries(st.text(), st.integers(1)),
        fatal=st.dictionaries(st.integers(0), st.integers(1)),
        statements=st.frozensets(st.integers(0)),
        covers=st.frozensets(st.integers(0)),
        terminal=st.integers(0),
    )
)
def test_every_result_survives_json(result: SearchResult) -> None:
    import json

    assert _decode(json.loads(json.dumps(_encode(result)))) == result


def test_the_engines_use_no_module_whose_text_the_key_of_a_result_leaves_out() -> None:
    files = {*engine_files(), Path(psockmc.cache.__file__)}
    used = {
        PACKAGE.parent.joinpath(*name.split("."))
        for file in engine_files()
        for name in re.findall(
            r"^ *from (psockmc\.explore[.\w]*) import", file.read_text(encoding="utf-8"), re.MULTILINE
        )
    }
    assert used
    assert all({name.with_suffix(".py"), name / "__init__.py"} & files for name in used)
