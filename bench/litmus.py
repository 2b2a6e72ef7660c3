"""`python -m bench.litmus [DIR...]`: how fast litmus tests are decided in one process, and by herd7 when it is on the
PATH.

Without DIR: the tests of tests/litmus. Seconds of psockmc are of processor time, from the text of a file to its
verdict; those of herd7 are of the wall, with its start, as it is one process per test.
"""

from __future__ import annotations

import shutil
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from psockmc.litmus.answer import Options, decide
from psockmc.litmus.batch import files, read

HERE = Path(__file__).parents[1] / "tests" / "litmus"
FOLDERS = (HERE / "directed", HERE / "psock")
HERD_SECONDS = 5.0

# In seconds, of one process on one core.
FLOORS = {"median": 0.002, "slowest": 2.0, "total": 30.0}


def measure(paths: Sequence[Path], run: Callable[[Path], None], clock: Callable[[], float]) -> list[tuple[float, Path]]:
    """The seconds of each file, shortest first."""
    times = []
    for path in paths:
        start = clock()
        run(path)
        times.append((clock() - start, path))
    return sorted(times)


def by_psockmc(path: Path) -> None:
    """Decide a test under the model 6.1."""
    decide(read(path), Options(model="6.1"))


def by_herd(path: Path) -> None:
    """Run herd7 on a test, without its states."""
    command = ["herd7", "-conf", "linux-kernel.cfg", "-speedcheck", "true", str(path)]
    try:
        subprocess.run(command, capture_output=True, timeout=HERD_SECONDS, check=False)
    except subprocess.TimeoutExpired:
        return  # its time is the limit


def line(engine: str, times: Sequence[tuple[float, Path]]) -> str:
    """A line of the table."""
    seconds = [t for t, _ in times]
    median, slowest, total = statistics.median(seconds), seconds[-1], sum(seconds)
    return f"{engine:<12}{len(times):>8,}{median * 1000:>12.2f}{slowest:>12.2f}{total:>12.1f}   {times[-1][1].name}"


def report(places: Sequence[Path] = FOLDERS) -> list[str]:
    """Print the table; what is above the floors."""
    paths = files(places)
    print(f"{'engine':<12}{'tests':>8}{'median ms':>12}{'slowest s':>12}{'total s':>12}   slowest test")
    times = measure(paths, by_psockmc, time.process_time)
    print(line("psockmc", times), flush=True)
    if shutil.which("herd7"):
        print(line("herd7", measure(paths, by_herd, time.perf_counter)))
    else:
        print("without herd7, which is not on the PATH")
    seconds = [t for t, _ in times]
    found = {"median": statistics.median(seconds), "slowest": seconds[-1], "total": sum(seconds)}
    return [
        f"litmus tests: {found[f]:.3g} s ({f}), at most {most:g} s" for f, most in FLOORS.items() if found[f] > most
    ]


def main() -> int:
    """The exit status: 1 when psockmc is slower than its floors."""
    problems = report([Path(a) for a in sys.argv[1:]] or FOLDERS)
    for problem in problems:
        print(f"MISSED: {problem}")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
