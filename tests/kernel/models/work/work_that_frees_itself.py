# holds
# states: 7, transitions: 6, depth: 6
"""The function may free the object that holds its item: the worker does not look at it any more."""

from psockmc.kernel.work import INIT_WORK, queue_work, work_struct
from psockmc.lang import GFP_KERNEL, Struct, container_of, kfree, kzalloc, process, scenario, user


class thing(Struct):
    work: work_struct


@user
def free_thing(work: work_struct) -> None:
    kfree(container_of(work, thing, "work"))


@user
def use_and_forget() -> None:
    fresh = kzalloc(thing, GFP_KERNEL)
    INIT_WORK(fresh.work, free_thing)
    queue_work(fresh.work)


test = scenario("a work item that frees itself", run=[process(use_and_forget)], pools={thing: 1})
