"""psockmc as a process of its own: quick help, Ctrl-C, a reader that goes away."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

import pytest

CONTENT = Path(__file__).parent / "content"

ENDLESS = """
from models.counter import counter_add
from psockmc.lang import Int, Struct, instance, process, scenario, user


class cells(Struct):
    a: Int[0, 200]
    b: Int[0, 200]
    c: Int[0, 200]
    d: Int[0, 200]


big = instance(cells)


@user
def climb_a() -> None:
    while big.a < 200:
        big.a += 1


@user
def climb_b() -> None:
    while big.b < 200:
        big.b += 1


@user
def climb_c() -> None:
    while big.c < 200:
        big.c += 1


long = scenario("more states than anybody waits for", run=[process(climb_a), process(climb_b), process(climb_c)])
"""


def psockmc(*arguments: str) -> list[str]:
    return [sys.executable, "-c", "import sys; from psockmc.cli import main; sys.exit(main())", *arguments]


def test_help_does_not_load_what_it_does_not_need() -> None:
    code = "import sys, psockmc.cli; print(sorted({'z3', 'networkx', 'jinja2'} & set(sys.modules)))"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout == "[]\n"


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_check_keeps_its_partial_result(tmp_path: Path, number: signal.Signals) -> None:
    import shutil

    root = tmp_path / "checkout"
    shutil.copytree(CONTENT, root)
    (root / "checks" / "long.py").write_text(ENDLESS)
    child = subprocess.Popen(
        psockmc("check", "--engine", "reference", "--no-cache", "--jobs", "1", "two_additions", "long"),
        cwd=root,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert child.stderr is not None
    while "two_additions" not in child.stderr.readline():
        assert child.poll() is None
    time.sleep(2)  # the second search has begun
    child.send_signal(number)
    out, err = child.communicate(timeout=60)
    assert child.returncode == 3, err
    assert "partial: interrupted" in " ".join(out.split())
    assert "long was not searched to the end: interrupted" in err


def test_a_terminal_shows_progress_and_then_what_was_found() -> None:
    terminal, its_end = os.openpty()
    command = psockmc("check", "--engine", "reference", "--no-cache", "two_additions")
    with subprocess.Popen(command, cwd=CONTENT, stdout=subprocess.PIPE, stderr=its_end, text=True) as child:
        os.close(its_end)
        shown = b""
        with suppress(OSError):  # EIO: the other end was closed
            while chunk := os.read(terminal, 4096):
                shown += chunk
        out = child.communicate(timeout=30)[0]
    os.close(terminal)
    assert child.returncode == 0
    assert b"compiling" in shown
    assert b"[1/1] two_additions: " in shown
    assert "all as expected" in out


def test_a_reader_that_goes_away_is_no_error(tmp_path: Path) -> None:
    with subprocess.Popen(psockmc("list"), cwd=CONTENT, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as child:
        assert child.stdout is not None
        child.stdout.close()
        assert child.stderr is not None
        assert child.stderr.read() == b""


def test_output_that_cannot_be_written_is_said(tmp_path: Path) -> None:
    if not Path("/dev/full").exists():
        pytest.skip("no /dev/full here")
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(psockmc("list"), cwd=CONTENT, stdout=full, stderr=subprocess.PIPE, text=True)
    assert done.returncode == 3
    assert done.stderr.splitlines()[-1] == "psockmc: cannot write the output: No space left on device"


def test_no_content_is_said(tmp_path: Path) -> None:
    code = (
        "import sys, pathlib; from psockmc import content; content.PACKAGE = pathlib.Path('/nowhere/psockmc');"
        "from psockmc.cli import main; sys.exit(main(['check']))"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, env=os.environ)
    assert done.returncode == 2
    assert "run psockmc in a checkout" in done.stderr
