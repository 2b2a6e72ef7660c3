"""Compiling and keeping search programs, and what is said when that fails."""

from __future__ import annotations

import errno
import os
import time
from pathlib import Path

import pytest

from psockmc.explore.limits import Limits
from psockmc.explore.native import EngineError, available, search_native
from psockmc.explore.native.build import CacheWarning, built, program_folder
from psockmc.explore.result import SearchResult
from psockmc.ir import system as ir
from tests.explore.native.systems import Builder

SOURCE = "int main(void) { return 0; }\n"


def tiny() -> ir.TransitionSystem:
    b = Builder("tiny")
    p = b.context("A")
    p.stop()
    p.emit(ir.Nop())
    p.end()
    return b.build()


def search() -> SearchResult:
    return search_native(tiny(), Limits(), None)


def script(path: Path, text: str) -> Path:
    path.write_text(f"#!/bin/sh\n{text}\n", encoding="utf-8")
    path.chmod(0o755)
    return path


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A cache of its own for the test."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return tmp_path / "cache" / "psockmc" / "programs"


def test_a_program_is_compiled_once(cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(
        "CC",
        str(
            script(
                tmp_path / "counting-cc",
                f'case "$*" in *--version*) ;; *) echo >> {tmp_path}/runs ;; esac; exec cc "$@"',
            )
        ),
    )
    for _ in range(2):
        with built(SOURCE) as program:
            assert program.parent == cache
    assert (tmp_path / "runs").read_text() == "\n"


def test_another_source_or_compiler_is_another_program(
    cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with built(SOURCE) as one, built(SOURCE + "\n") as two:
        monkeypatch.setenv("CC", str(script(tmp_path / "other-cc", 'exec cc "$@"')))
        with built(SOURCE) as three:
            assert len({one, two, three}) == 3


def test_only_programs_are_left_in_the_cache(cache: Path) -> None:
    with built(SOURCE) as program:
        assert list(cache.iterdir()) == [program]


def test_programs_unused_for_a_month_are_forgotten(cache: Path) -> None:
    with built(SOURCE) as old:
        month = time.time() - 31 * 24 * 3600
        os.utime(old, (month, month))
    left = cache / ".compile-killed"
    left.mkdir()
    (left / "search.c").write_text(SOURCE)
    os.utime(left, (month, month))
    with built(SOURCE + "\n") as new:
        assert list(cache.iterdir()) == [new]


def test_the_cache_follows_the_home_folder_without_xdg(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("XDG_CACHE_HOME")
    monkeypatch.setenv("HOME", "/home/someone")
    assert program_folder() == Path("/home/someone/.cache/psockmc/programs")


def test_a_cache_that_cannot_be_written_gives_a_warning_and_a_result(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))
    with pytest.warns(CacheWarning, match="file/psockmc/programs cannot be written .*set XDG_CACHE_HOME"):
        assert search().states == 2


def test_the_engine_is_available_where_a_compiler_is() -> None:
    assert available() is None


def test_without_a_compiler_the_engine_says_what_to_install(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CC", "no-such-compiler")
    assert "install the Debian package gcc" in str(available())
    with pytest.raises(EngineError, match="needs a C compiler: install the Debian package gcc"):
        search()


def test_a_compiler_that_fails_is_quoted(cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(
        "CC", str(script(tmp_path / "broken-cc", 'for i in 1 2 3 4 5 6 7; do echo "line $i" >&2; done; exit 4'))
    )
    with pytest.raises(EngineError, match="broken-cc failed with status 4: set CC to another compiler") as caught:
        search()
    assert "line 5" in str(caught.value)
    assert "line 6" not in str(caught.value)


def test_a_compiler_that_is_killed_is_named(cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(
        "CC", str(script(tmp_path / "dying-cc", 'case "$*" in *--version*) exit ;; esac; kill -KILL $$'))
    )
    with pytest.raises(EngineError, match="was killed by signal 9"):
        search()


def test_a_compiler_that_finds_the_disk_full(cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    text = 'case "$*" in *--version*) exit ;; esac; echo "fatal error: search.o: No space left on device" >&2; exit 1'
    monkeypatch.setenv("CC", str(script(tmp_path / "full-cc", text)))
    with pytest.raises(EngineError, match=r"the disk is full, .*: make room, set XDG_CACHE_HOME"):
        search()


def test_a_full_disk_is_reported(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(path: Path, *args: object, **how: object) -> int:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(path))

    monkeypatch.setattr(Path, "write_text", full)
    with pytest.raises(EngineError, match="the disk is full"):
        search()
    assert list(cache.iterdir()) == []


def test_no_folder_that_can_be_written_is_reported(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def denied(path: Path, *args: object, **how: object) -> int:
        raise OSError(errno.EACCES, os.strerror(errno.EACCES), str(path))

    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setattr(Path, "write_text", denied)
    with (
        pytest.warns(CacheWarning),
        pytest.raises(EngineError, match=r"cannot write the search program to .*set TMPDIR or XDG_CACHE_HOME"),
    ):
        search()
