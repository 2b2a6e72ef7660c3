# violated: lock-usage
# says: a work function returns in atomic context
# states: 6, transitions: 5, depth: 5
"""A work function must undo what it turned off."""

from psockmc.kernel.work import INIT_WORK, queue_work, work_struct
from psockmc.lang import Struct, instance, local_bh_disable, process, scenario, user


class thing(Struct):
    work: work_struct
    value: bool


shared = instance(thing)


@user
def forget(work: work_struct) -> None:
    local_bh_disable()
    shared.value = True


@user
def queue_it() -> None:
    INIT_WORK(shared.work, forget)
    queue_work(shared.work)


test = scenario("a work function that forgets local_bh_enable()", run=[process(queue_it)])
