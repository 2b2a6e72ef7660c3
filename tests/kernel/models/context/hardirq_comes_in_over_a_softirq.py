# violated: assert
# states: 12, transitions: 14, depth: 5
"""A hardirq comes in between any two steps of a softirq, bottom halves off or not."""

from psockmc.lang import READ_ONCE, WRITE_ONCE, Struct, check, hardirq, instance, scenario, softirq, user


class box(Struct):
    half: bool


shared = instance(box)


@user
def below() -> None:
    WRITE_ONCE(shared.half, True)
    WRITE_ONCE(shared.half, False)


@user
def above() -> None:
    check(not READ_ONCE(shared.half), "never half-way")


test = scenario("a hardirq over a softirq", run=[softirq(below, cpu=0), hardirq(above, cpu=0)])
