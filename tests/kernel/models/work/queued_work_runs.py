# holds
# states: 7, transitions: 6, depth: 6
"""A queued item runs once, in a process context that may sleep."""

from psockmc.kernel.sleep import might_sleep
from psockmc.kernel.work import INIT_WORK, queue_work, work_struct
from psockmc.lang import Int, Struct, at_end, instance, process, scenario, user


class thing(Struct):
    work: work_struct
    runs: Int[0, 2]


shared = instance(thing)


@user
def count_run(work: work_struct) -> None:
    might_sleep()
    shared.runs += 1


@user
def queue_it() -> None:
    INIT_WORK(shared.work, count_run)
    queue_work(shared.work)


@at_end("once", "it ran once")
def once() -> bool:
    return shared.runs == 1


test = scenario("one queueing", run=[process(queue_it)], properties=[once])
