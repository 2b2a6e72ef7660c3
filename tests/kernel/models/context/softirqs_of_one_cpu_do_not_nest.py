# holds
# states: 16, transitions: 16, depth: 8
"""Two softirqs of one CPU run one after the other."""

from psockmc.lang import READ_ONCE, WRITE_ONCE, Struct, check, instance, scenario, softirq, user


class box(Struct):
    inside: bool


shared = instance(box)


@user
def visit() -> None:
    check(not READ_ONCE(shared.inside), "alone inside")
    WRITE_ONCE(shared.inside, True)
    WRITE_ONCE(shared.inside, False)


test = scenario("two softirqs of one CPU", run=[softirq(visit, cpu=0), softirq(visit, cpu=0)])
