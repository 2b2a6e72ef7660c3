# holds
# states: 37, transitions: 64, depth: 11
"""While a cancel waits for the running function nobody can queue the item, though it is not pending."""

from psockmc.kernel.work import INIT_WORK, cancel_work_sync, queue_work, work_struct
from psockmc.lang import READ_ONCE, WRITE_ONCE, Struct, cover, instance, process, scenario, user


class thing(Struct):
    work: work_struct
    runs: bool


shared = instance(thing)


@user
def prepare() -> None:
    INIT_WORK(shared.work, nothing)
    queue_work(shared.work)


@user
def nothing(work: work_struct) -> None:
    WRITE_ONCE(shared.runs, True)
    WRITE_ONCE(shared.runs, False)


@user
def cancel() -> None:
    cancel_work_sync(shared.work)


@user
def queue() -> None:
    if READ_ONCE(shared.runs):
        if queue_work(shared.work):
            cover("queued while it runs")
        else:
            cover("refused: not pending, but disabled")


test = scenario("a queueing against a cancel", setup=prepare, run=[process(cancel), process(queue)])
