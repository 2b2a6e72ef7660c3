# violated: work-usage deadlock
# says: cancels its own item
# states: 5, transitions: 4, depth: 4
"""A function that cancels its own item waits for itself."""

from psockmc.kernel.work import INIT_WORK, cancel_work_sync, queue_work, work_struct
from psockmc.lang import Struct, instance, process, scenario, user


class thing(Struct):
    work: work_struct


shared = instance(thing)


@user
def cancel_myself(work: work_struct) -> None:
    cancel_work_sync(work)


@user
def queue_it() -> None:
    INIT_WORK(shared.work, cancel_myself)
    queue_work(shared.work)


test = scenario("a work item that cancels itself", run=[process(queue_it)])
