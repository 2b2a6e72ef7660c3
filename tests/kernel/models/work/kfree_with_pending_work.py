# violated: use-after-free
# states: 8, transitions: 9, depth: 6
"""Freeing an object whose work is pending lets a worker use freed memory."""

from psockmc.kernel.work import INIT_WORK, queue_work, work_struct
from psockmc.lang import GFP_KERNEL, Struct, kfree, kzalloc, process, scenario, user


class thing(Struct):
    work: work_struct


@user
def nothing(work: work_struct) -> None:
    pass


@user
def use_and_free() -> None:
    fresh = kzalloc(thing, GFP_KERNEL)
    INIT_WORK(fresh.work, nothing)
    queue_work(fresh.work)
    kfree(fresh)


test = scenario("kfree() of pending work", run=[process(use_and_free)], pools={thing: 1})
