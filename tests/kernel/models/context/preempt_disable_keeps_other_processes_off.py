# holds
# states: 8, transitions: 8, depth: 4
"""Not with preemption off; a process on the same CPU waits, though nothing locks it out."""

from psockmc.lang import (
    READ_ONCE,
    WRITE_ONCE,
    Struct,
    check,
    instance,
    preempt_disable,
    preempt_enable,
    process,
    scenario,
    user,
)


class box(Struct):
    half: bool


shared = instance(box)


@user
def first() -> None:
    preempt_disable()
    WRITE_ONCE(shared.half, True)
    WRITE_ONCE(shared.half, False)
    preempt_enable()


@user
def second() -> None:
    check(not READ_ONCE(shared.half), "never half-way")


test = scenario("two processes of one CPU, preemption off", run=[process(first, cpu=0), process(second, cpu=0)])
