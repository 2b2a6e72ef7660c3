# holds
# states: 20, transitions: 28, depth: 6
"""Of two test_and_set_bit() one sees the bit clear; test_and_clear_bit() gives it back."""

from psockmc.lang import (
    Flags,
    Struct,
    check,
    cover,
    instance,
    process,
    scenario,
    test_and_clear_bit,
    test_and_set_bit,
    user,
)


class bits(Flags):
    OTHER = 0
    BUSY = 1


class box(Struct):
    state: bits
    inside: bool


shared = instance(box)


@user
def visit() -> None:
    if test_and_set_bit(BUSY, shared.state):
        cover("busy")
    else:
        check(not shared.inside, "alone inside")
        shared.inside = True
        shared.inside = False
        was_set = test_and_clear_bit(BUSY, shared.state)
        check(was_set, "the bit was set")


test = scenario("a bit as a lock", run=[process(visit), process(visit)])
