# holds
# states: 18, transitions: 20, depth: 8
"""workers_cpu=0 puts the workers on a CPU: preemption off keeps them off it."""

from psockmc.kernel.work import INIT_WORK, schedule_work, work_struct
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
    work: work_struct
    half: bool


shared = instance(box)


@user
def look(work: work_struct) -> None:
    check(not READ_ONCE(shared.half), "never half-way")


@user
def first() -> None:
    INIT_WORK(shared.work, look)
    schedule_work(shared.work)
    preempt_disable()
    WRITE_ONCE(shared.half, True)
    WRITE_ONCE(shared.half, False)
    preempt_enable()


test = scenario("a worker on the CPU of a process", run=[process(first, cpu=0)], workers_cpu=0)
