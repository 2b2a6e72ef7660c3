# violated: assert
# states: 6, transitions: 7, depth: 3
"""A process may be preempted by another one of its CPU."""

from psockmc.lang import READ_ONCE, WRITE_ONCE, Struct, check, instance, process, scenario, user


class box(Struct):
    half: bool


shared = instance(box)


@user
def first() -> None:
    WRITE_ONCE(shared.half, True)
    WRITE_ONCE(shared.half, False)


@user
def second() -> None:
    check(not READ_ONCE(shared.half), "never half-way")


test = scenario("two processes of one CPU", run=[process(first, cpu=0), process(second, cpu=0)])
