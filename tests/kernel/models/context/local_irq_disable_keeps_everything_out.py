# holds
# states: 26, transitions: 32, depth: 7
"""With interrupts off neither a hardirq nor a softirq comes in."""

from psockmc.lang import (
    READ_ONCE,
    WRITE_ONCE,
    Struct,
    check,
    hardirq,
    instance,
    local_irq_disable,
    local_irq_enable,
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
    local_irq_disable()
    WRITE_ONCE(shared.half, True)
    WRITE_ONCE(shared.half, False)
    local_irq_enable()


@user
def above() -> None:
    check(not READ_ONCE(shared.half), "never half-way")


test = scenario("interrupts off", run=[process(below, cpu=0), hardirq(above, cpu=0), softirq(above, cpu=0)])
