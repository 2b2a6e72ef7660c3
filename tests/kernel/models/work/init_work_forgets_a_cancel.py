# holds
# states: 40, transitions: 51, depth: 11
"""INIT_WORK() during a cancel enables the item again, as in the kernel: the next queueing succeeds."""

from psockmc.kernel.work import INIT_WORK, cancel_work_sync, queue_work, work_struct
from psockmc.lang import READ_ONCE, WRITE_ONCE, Struct, cover, instance, process, scenario, user


class thing(Struct):
    work: work_struct
    cancelled: bool


shared = instance(thing)


@user
def init_and_queue(work: work_struct) -> None:
    if not READ_ONCE(shared.cancelled):
        INIT_WORK(work, nothing)
        if queue_work(work) and not READ_ONCE(shared.cancelled):
            cover("queued while a cancel waits")


@user
def nothing(work: work_struct) -> None:
    WRITE_ONCE(shared.cancelled, True)


@user
def prepare() -> None:
    INIT_WORK(shared.work, init_and_queue)
    queue_work(shared.work)


@user
def cancel() -> None:
    cancel_work_sync(shared.work)
    WRITE_ONCE(shared.cancelled, True)


test = scenario("INIT_WORK() during a cancel", setup=prepare, run=[process(cancel)])
