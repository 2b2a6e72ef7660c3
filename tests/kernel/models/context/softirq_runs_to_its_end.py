# holds
# states: 15, transitions: 16, depth: 6
"""The process under a softirq does not run before the softirq is over."""

from psockmc.lang import READ_ONCE, WRITE_ONCE, Struct, check, cover, instance, process, scenario, softirq, user


class box(Struct):
    inside: bool
    over: bool


shared = instance(box)


@user
def below() -> None:
    inside = READ_ONCE(shared.inside)
    check(not inside, "the softirq is not in the middle")
    if READ_ONCE(shared.over):
        cover("the softirq came in")


@user
def above() -> None:
    WRITE_ONCE(shared.inside, True)
    WRITE_ONCE(shared.inside, False)
    WRITE_ONCE(shared.over, True)


test = scenario("a softirq over a process", run=[process(below, cpu=0), softirq(above, cpu=0)])
