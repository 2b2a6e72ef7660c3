# violated: work-usage null-call
# says: queues a work item that was never initialised
# states: 2, transitions: 2, depth: 1
"""Queueing before INIT_WORK() makes a worker call NULL."""

from psockmc.kernel.work import queue_work, work_struct
from psockmc.lang import Struct, instance, process, scenario, user


class thing(Struct):
    work: work_struct


shared = instance(thing)


@user
def queue_it() -> None:
    queue_work(shared.work)


test = scenario("no INIT_WORK()", run=[process(queue_it)])
