"""Terms of large rings are nested deeply; a worker has the room to go down them."""

from __future__ import annotations

import subprocess
import sys

SCRIPT = """
import sys
from psockmc.prove.rings import make_room_for_recursion
from psockmc.prove.terms import at_most, conjunction, const, disjunction, var
from psockmc.prove.terms.given import Given

def small(name):
    return at_most(var(name, 0, 9), const(3))

term = first = small("x")
for i in range(1000):
    term = disjunction([conjunction([term, small(f"a{i}")]), small(f"b{i}")])
if "room" in sys.argv:
    make_room_for_recursion()
try:
    Given(first)(term)
    print("done")
except RecursionError:
    print("too deep")
"""


def answer(*args: str) -> str:
    return subprocess.run([sys.executable, "-c", SCRIPT, *args], capture_output=True, text=True, check=True).stdout


def test_a_thousand_levels_are_too_deep_at_first() -> None:
    assert answer() == "too deep\n"


def test_a_worker_goes_down_a_thousand_levels() -> None:
    assert answer("room") == "done\n"
