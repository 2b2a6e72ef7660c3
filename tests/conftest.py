"""Fixtures and options that every test may use.

`golden(text, "name.txt")` compares text with the file `golden/name.txt` beside the test's module;
`pytest --update-goldens` writes these files instead, for a person to read in the diff.
"""

from __future__ import annotations

import difflib
import signal
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

Golden = Callable[[str, str], None]


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--update-goldens", action="store_true", help="write golden files instead of comparing with them")
    parser.addoption(
        "--litmus", metavar="DIR", help="litmus tests with verdicts.tsv, in place of those of tests/litmus"
    )
    parser.addoption("--kernel", metavar="DIR", help="a kernel source tree that tests/ring/kernel compares with")


@pytest.fixture(autouse=True, scope="session")
def ctrl_c_is_heard() -> Iterator[None]:
    """Tests send themselves Ctrl-C, which a process that a shell has started in the background ignores."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.fixture(autouse=True)
def private_cache(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    """Results cached by an earlier run must not decide a test: each worker process has a cache of its own."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path_factory.getbasetemp() / "cache"))


@pytest.fixture
def golden(request: pytest.FixtureRequest) -> Golden:
    """A function that compares a text with a golden file beside the test (or updates the file)."""
    folder = Path(request.path).parent / "golden"
    update = bool(request.config.getoption("--update-goldens"))

    def compare(actual: str, name: str) -> None:
        path = folder / name
        if update:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(actual, encoding="utf-8")
            return
        if not path.exists():
            pytest.fail(f"there is no golden file {path}: make it with pytest --update-goldens", pytrace=False)
        expected = path.read_text(encoding="utf-8")
        if actual != expected:
            lines = difflib.unified_diff(
                expected.splitlines(), actual.splitlines(), f"{name} (golden)", f"{name} (now)", lineterm=""
            )
            pytest.fail("\n".join(["the text differs from its golden file:", *lines]), pytrace=False)

    return compare
