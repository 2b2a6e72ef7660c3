# holds
# states: 9, transitions: 8, depth: 8
"""When the cancel has returned the item may be queued again."""

from psockmc.kernel.work import INIT_WORK, cancel_work_sync, queue_work, work_struct
from psockmc.lang import Int, Struct, at_end, check, instance, process, scenario, user


class thing(Struct):
    work: work_struct
    runs: Int[0, 2]


shared = instance(thing)


@user
def count_run(work: work_struct) -> None:
    shared.runs += 1


@user
def cancel_and_queue() -> None:
    INIT_WORK(shared.work, count_run)
    cancel_work_sync(shared.work)
    queued = queue_work(shared.work)
    check(queued, "enabled again")


@at_end("once", "it ran once")
def once() -> bool:
    return shared.runs == 1


test = scenario("a queueing after a cancel", run=[process(cancel_and_queue)], properties=[once])
