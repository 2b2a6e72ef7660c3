"""Run a compiled search in a process of its own: limits go in, progress and JSON lines come out."""

from __future__ import annotations

import contextlib
import json
import math
import signal
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any

from psockmc.explore.limits import Limits, Reporter
from psockmc.explore.native.errors import BrokenPromiseError, EngineError

MEMORY_SHARE = 0.85  # of what is available when the search starts
SHOWN_CHARACTERS = 300
Record = dict[str, Any]


def run_search(program: Path, limits: Limits, reporter: Reporter | None) -> list[Record]:
    """The records that the program prints, the last of kind "end".

    Ctrl-C is passed on once: the search then ends with what it has. Raises EngineError when the program dies or says
    nonsense.
    """
    arguments = [
        str(program),
        *(_limit(value) for value in (limits.max_states, limits.max_depth, limits.timeout)),
        str(_memory()),
    ]
    try:
        process = subprocess.Popen(
            arguments, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )
    except OSError as error:
        raise EngineError(
            f"cannot start the search program {program} ({error.strerror}): set XDG_CACHE_HOME to a folder from which "
            "programs may be run, or use --engine reference"
        ) from None
    with process:
        try:
            out, said = _listen(process, reporter)
        except BaseException:
            process.kill()
            raise
    if process.returncode != 0:
        raise _died(process.returncode, said)
    return list(_records(out, said))


def _limit(value: float | None) -> str:
    return "-" if value is None else str(value)


def _memory() -> int:
    """How many bytes the search may use: most of what the machine and the control group still have."""
    free = [math.inf]
    with contextlib.suppress(OSError, ValueError, IndexError):
        lines = Path("/proc/meminfo").read_text(encoding="ascii").splitlines()
        free += [1024 * float(line.split()[1]) for line in lines if line.startswith("MemAvailable:")]
    with contextlib.suppress(OSError, ValueError):  # "max" is no number and no limit
        most = float(Path("/sys/fs/cgroup/memory.max").read_text(encoding="ascii"))
        free.append(most - float(Path("/sys/fs/cgroup/memory.current").read_text(encoding="ascii")))
    return int(MEMORY_SHARE * max(0.0, min(free))) if min(free) < math.inf else 1 << 62


def _listen(process: subprocess.Popen[str], reporter: Reporter | None) -> tuple[str, list[str]]:
    """Follow the process to its end. Returns its output, and what it said beside progress."""
    assert process.stdout is not None
    assert process.stderr is not None
    output: list[str] = []
    reader = threading.Thread(target=_read_all, args=(process.stdout, output), daemon=True)
    reader.start()
    said: list[str] = []
    interrupted = False
    while True:
        try:
            _follow(process.stderr, reporter, said)
            reader.join()
            process.wait()
            return "".join(output), said
        except KeyboardInterrupt:
            if interrupted:
                raise
            interrupted = True
            process.send_signal(signal.SIGINT)


def _read_all(stream: IO[str], output: list[str]) -> None:
    output.append(stream.read())


def _follow(stream: IO[str], reporter: Reporter | None, said: list[str]) -> None:
    """Hand progress lines to the reporter until the stream ends; keep the others."""
    for line in stream:
        word, *numbers = line.split()
        if word != "progress" or len(numbers) != 6:
            said.append(line)
        elif reporter is not None:
            states, transitions, depth, frontier, rate, size = map(int, numbers)
            reporter.progress(states, transitions, depth, frontier, float(rate), size)


def _died(code: int, said: list[str]) -> EngineError:
    """The program ended otherwise than by itself."""
    text = "".join(said).strip()[:SHOWN_CHARACTERS]
    more = f" ({text})" if text else ""
    if code == -signal.SIGKILL:
        return EngineError(
            f"the search was killed by SIGKILL, probably because the machine ran out of memory{more}: set "
            "--max-states, or give it more memory"
        )
    if code < 0:
        return EngineError(
            f"the search was killed by {signal.Signals(-code).name}{more}: run it again; if it happens again, use "
            "--engine reference and report this model"
        )
    return EngineError(f"the search program failed with status {code}{more}: run it again, or use --engine reference")


def _records(output: str, said: list[str]) -> Iterator[Record]:
    """Parse the output. It is whole when its last line is of kind "end"."""
    record: Record = {}
    for line in output.splitlines():
        try:
            record = json.loads(line)
            kind = record["kind"]
        except (ValueError, TypeError, KeyError):
            raise _malformed(line) from None
        if kind == "bug":
            raise BrokenPromiseError(record["what"], record["context"], record["node"])
        yield record
    if record.get("kind") != "end":
        raise _malformed(output[-80:])


def _malformed(text: str) -> EngineError:
    return EngineError(
        f"the search program gave an answer that cannot be read ({text[:80]!r}): remove it from the cache with `rm -r "
        "~/.cache/psockmc/programs` (or $XDG_CACHE_HOME/psockmc/programs) and run again, or use --engine reference"
    )
