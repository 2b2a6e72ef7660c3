"""How soon the page of a long run is open: `python -m bench.pages [STEPS]`.

The times are the browser's own clock, from the first byte of the file to the end of the first layout, the best of
several; the processor's seconds are those of all its processes, without what an empty page costs.
"""

from __future__ import annotations

import html
import json
import re
import resource
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

from psockmc.render import render
from tests.render.chromium import BINARY, driven
from tests.render.making import Maker

REPEATS = 5
MOST_SECONDS = 1.0
EMPTY = "<!DOCTYPE html><title>empty</title>"
OPENED = (
    "document.body.offsetHeight; const [entry] = performance.getEntriesByType('navigation');"
    "return [performance.now() - entry.responseStart, document.querySelectorAll('*').length];"
)


def long_run(steps: int) -> str:
    """The page of a run of three contexts that take turns and locks, with changes all the time."""
    maker = Maker(3)
    for number in range(steps):
        cell, root = f"psock{number % 9}.x", maker.roots[number // 7 % 3]
        maker.step(root, f"WRITE_ONCE(psock.x, {number})", changes=[(cell, str(number), str(number + 9))])
    return render(maker.trace(), "html")


def opened(page: str, folder: Path) -> tuple[str, float]:
    """The page after it was opened, and the processor's seconds."""
    assert BINARY is not None
    file = folder / "page.html"
    file.write_text(page, encoding="utf-8")
    before = _used()
    # Without the zygote, all processes are children of the browser and counted with it.
    options = ["--headless", "--no-sandbox", "--no-zygote", "--disable-gpu", "--no-first-run"]
    command = [BINARY, *options, f"--user-data-dir={folder / 'profile'}", "--window-size=1400,900", "--dump-dom"]
    done = subprocess.run([*command, file.as_uri()], capture_output=True, text=True, check=True)
    return done.stdout, _used() - before


def _used() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def best(what: Callable[[], tuple[float, ...]]) -> tuple[float, ...]:
    """The least of each number in several tries: others share the machine."""
    return tuple(map(min, zip(*(what() for _ in range(REPEATS)), strict=True)))


def main(steps: int) -> int:
    """Print the numbers; 1 when it takes longer than a page may."""
    if BINARY is None:
        print("no chromium here: apt-get install chromium", file=sys.stderr)
        return 2
    page = driven(long_run(steps), OPENED)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (empty,) = best(lambda: (opened(EMPTY, folder)[1],))

        def measured() -> tuple[float, ...]:
            dom, used = opened(page, folder)
            found = re.search(r'<pre id="report">(.*?)</pre>', dom)
            assert found, "the page did not come to its end"
            milliseconds, elements = json.loads(html.unescape(found[1]))
            return milliseconds / 1000, used, elements

        seconds, used, elements = best(measured)
    print(f"{steps:,} steps, {len(page) / 2**20:.1f} MiB, {elements:,} elements")
    print(f"open after {seconds:.2f} s; {used - empty:.2f} s of the processor more than an empty page")
    return int(seconds > MOST_SECONDS)


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]) if len(sys.argv) > 1 else 5000))
