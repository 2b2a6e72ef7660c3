# violated: work-usage
# says: INIT_WORK() on an item that is pending
# states: 7, transitions: 8, depth: 4
"""A pending item may not be initialised again."""

from psockmc.kernel.work import INIT_WORK, queue_work, work_struct
from psockmc.lang import Struct, cover, instance, process, scenario, user


class thing(Struct):
    work: work_struct


shared = instance(thing)


@user
def nothing(work: work_struct) -> None:
    cover("ran")


@user
def init_again() -> None:
    INIT_WORK(shared.work, nothing)
    queue_work(shared.work)
    INIT_WORK(shared.work, nothing)


test = scenario("INIT_WORK() of pending work", run=[process(init_again)])
