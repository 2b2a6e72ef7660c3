# violated: assert
# states: 9, transitions: 10, depth: 4
"""A softirq comes in between any two steps of a process with bottom halves on."""

from psockmc.lang import READ_ONCE, WRITE_ONCE, Struct, check, instance, process, scenario, softirq, user


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


test = scenario("a softirq in the middle of a process", run=[process(below, cpu=0), softirq(above, cpu=0)])
