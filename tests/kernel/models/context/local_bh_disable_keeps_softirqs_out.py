# holds
# states: 10, transitions: 10, depth: 5
"""Not with bottom halves off."""

from psockmc.lang import (
    READ_ONCE,
    WRITE_ONCE,
    Struct,
    check,
    instance,
    local_bh_disable,
    local_bh_enable,
    process,
    scenario,
    softirq,
    user,
)


class box(Struct):
    half: bool


shared = instance(box)


@user
def below() -> None:
    local_bh_disable()
    WRITE_ONCE(shared.half, True)
    WRITE_ONCE(shared.half, False)
    local_bh_enable()


@user
def above() -> None:
    check(not READ_ONCE(shared.half), "never half-way")


test = scenario("a softirq and bottom halves off", run=[process(below, cpu=0), softirq(above, cpu=0)])
