# holds
# states: 14, transitions: 13, depth: 13
"""A running item may queue itself: pending is cleared before the function is called."""

from psockmc.kernel.work import INIT_DELAYED_WORK, delayed_work, schedule_delayed_work, work_struct
from psockmc.lang import Int, Struct, at_end, instance, process, scenario, user


class thing(Struct):
    work: delayed_work
    runs: Int[0, 2]


shared = instance(thing)


@user
def run_again(work: work_struct) -> None:
    shared.runs += 1
    if shared.runs < 2:
        schedule_delayed_work(shared.work, 1)


@user
def queue_it() -> None:
    INIT_DELAYED_WORK(shared.work, run_again)
    schedule_delayed_work(shared.work, 0)


@at_end("twice", "it ran twice")
def twice() -> bool:
    return shared.runs == 2


test = scenario("a work item that queues itself", run=[process(queue_it)], properties=[twice])
