# violated: work-usage deadlock
# says: flushes its own item
# states: 5, transitions: 4, depth: 4
"""A function that flushes its own item waits for itself."""

from psockmc.kernel.work import INIT_WORK, flush_work, queue_work, work_struct
from psockmc.lang import Struct, instance, process, scenario, user


class thing(Struct):
    work: work_struct


shared = instance(thing)


@user
def flush_myself(work: work_struct) -> None:
    flush_work(work)


@user
def queue_it() -> None:
    INIT_WORK(shared.work, flush_myself)
    queue_work(shared.work)


test = scenario("a work item that flushes itself", run=[process(queue_it)])
