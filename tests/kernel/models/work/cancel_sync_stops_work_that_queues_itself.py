# holds
# states: 20, transitions: 25, depth: 9
"""While cancel_work_sync() waits the item is disabled, so it cannot queue itself again."""

from psockmc.kernel.work import INIT_WORK, cancel_work_sync, queue_work, work_struct
from psockmc.lang import GFP_KERNEL, Struct, container_of, kfree, kzalloc, process, scenario, user


class thing(Struct):
    work: work_struct
    value: bool


@user
def run_again(work: work_struct) -> None:
    owner = container_of(work, thing, "work")
    owner.value = True
    queue_work(work)


@user
def use_and_free() -> None:
    fresh = kzalloc(thing, GFP_KERNEL)
    INIT_WORK(fresh.work, run_again)
    queue_work(fresh.work)
    cancel_work_sync(fresh.work)
    kfree(fresh)


test = scenario("cancel of work that queues itself", run=[process(use_and_free)], pools={thing: 1})
