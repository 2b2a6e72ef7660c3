"""`arbitrary` and `wrapping` in a search: a choice, and the value itself."""

from __future__ import annotations

import pytest

from psockmc.explore.breadth_first import search_reference
from psockmc.explore.limits import Limits
from psockmc.ir.lower import compile_scenario
from psockmc.lang import ModelErrors, load_source

MODEL = '''
"""One process that takes an arbitrary number."""

from psockmc.lang import Struct, Ptr, arbitrary, instance, process, scenario, u32, user, wrapping


class box(Struct):
    """A number."""

    x: u32


box0 = instance(box)


@user
def fill() -> None:
    """Nothing to set up."""
    pass


@user
def take(b: Ptr[box]) -> None:
    """Takes a number."""
    i: u32 = arbitrary(LO, HI)
    b.x = wrapping(i - 1)


one = scenario("a number is taken", setup=fill, run=[process(take, box0)], pools={}, properties=[])
'''


def model(lo: int, hi: int) -> str:
    """The model with these bounds."""
    return MODEL.replace("LO", str(lo)).replace("HI", str(hi))


def states(lo: int, hi: int) -> int:
    """How many states the search of the model stores."""
    system = compile_scenario(load_source(model(lo, hi)), "one")
    return search_reference(system, Limits(), None).states


def test_an_arbitrary_number_of_few_is_tried_one_by_one() -> None:
    assert states(3, 3) < states(3, 4) < states(3, 6) == states(0, 3)


def test_an_arbitrary_number_of_many_is_refused() -> None:
    with pytest.raises(ModelErrors) as caught:
        compile_scenario(load_source(model(0, 1000)), "one")
    assert [d.code for d in caught.value.diagnostics] == ["E0904"]
    assert "1001 values" in caught.value.diagnostics[0].message
