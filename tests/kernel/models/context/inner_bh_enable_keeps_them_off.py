# holds
# states: 12, transitions: 12, depth: 6
"""Sections with bottom halves off nest: only the last local_bh_enable() lets softirqs in."""

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
    local_bh_disable()
    local_bh_enable()
    WRITE_ONCE(shared.half, False)
    local_bh_enable()


@user
def above() -> None:
    check(not READ_ONCE(shared.half), "never half-way")


test = scenario("nested sections with bottom halves off", run=[process(below, cpu=0), softirq(above, cpu=0)])
