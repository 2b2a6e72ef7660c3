# holds
# states: 27, transitions: 38, depth: 9
"""An item that is queued again while it runs starts over after it has returned: no two runs overlap."""

from psockmc.kernel.work import INIT_WORK, queue_work, work_struct
from psockmc.lang import READ_ONCE, WRITE_ONCE, Struct, check, cover, instance, process, scenario, user


class thing(Struct):
    work: work_struct
    inside: bool


shared = instance(thing)


@user
def run_alone(work: work_struct) -> None:
    check(not shared.inside, "no other run is inside")
    WRITE_ONCE(shared.inside, True)
    WRITE_ONCE(shared.inside, False)


@user
def queue_twice() -> None:
    INIT_WORK(shared.work, run_alone)
    queue_work(shared.work)
    inside = READ_ONCE(shared.inside)
    if queue_work(shared.work) and inside:
        cover("queued while it runs")


test = scenario("queued again while it runs", run=[process(queue_twice)])
