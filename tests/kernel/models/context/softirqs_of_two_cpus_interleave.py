# violated: assert
# states: 27, transitions: 42, depth: 8
"""Softirqs of two CPUs run at the same time."""

from psockmc.lang import READ_ONCE, WRITE_ONCE, Struct, check, instance, scenario, softirq, user


class box(Struct):
    inside: bool


shared = instance(box)


@user
def visit() -> None:
    check(not READ_ONCE(shared.inside), "alone inside")
    WRITE_ONCE(shared.inside, True)
    WRITE_ONCE(shared.inside, False)


test = scenario("softirqs of two CPUs", run=[softirq(visit), softirq(visit)])
