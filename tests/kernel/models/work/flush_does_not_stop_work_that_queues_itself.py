# violated: use-after-free
# states: 36, transitions: 52, depth: 13
"""flush_work() returns while the item is pending again: not enough before kfree()."""

from psockmc.kernel.work import INIT_WORK, flush_work, queue_work, work_struct
from psockmc.lang import GFP_KERNEL, Struct, container_of, kfree, kzalloc, process, scenario, user


class thing(Struct):
    work: work_struct
    value: bool


@user
def run_twice(work: work_struct) -> None:
    owner = container_of(work, thing, "work")
    if not owner.value:
        owner.value = True
        queue_work(work)


@user
def use_and_free() -> None:
    fresh = kzalloc(thing, GFP_KERNEL)
    INIT_WORK(fresh.work, run_twice)
    queue_work(fresh.work)
    flush_work(fresh.work)
    kfree(fresh)


test = scenario("flush of work that queues itself", run=[process(use_and_free)], pools={thing: 1})
