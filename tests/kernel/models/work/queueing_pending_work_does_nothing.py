# holds
# states: 38, transitions: 54, depth: 15
"""Two queueings give one or two runs: the second is refused as long as the item is pending."""

from psockmc.kernel.work import INIT_WORK, queue_work, work_struct
from psockmc.lang import Int, Struct, at_end, cover, instance, process, scenario, user


class thing(Struct):
    work: work_struct
    runs: Int[0, 2]
    queued: Int[0, 2]


shared = instance(thing)


@user
def count_run(work: work_struct) -> None:
    shared.runs += 1


@user
def queue_twice() -> None:
    INIT_WORK(shared.work, count_run)
    shared.queued += 1
    queue_work(shared.work)
    if queue_work(shared.work):
        shared.queued += 1
        cover("two runs")
    else:
        cover("refused: pending")


@at_end("as_queued", "it ran as often as it was queued")
def as_queued() -> bool:
    return shared.runs == shared.queued


test = scenario("two queueings", run=[process(queue_twice)], properties=[as_queued])
