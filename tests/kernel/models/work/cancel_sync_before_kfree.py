# holds
# states: 14, transitions: 16, depth: 8
"""After cancel_delayed_work_sync() the item neither runs nor will run."""

from psockmc.kernel.work import (
    INIT_DELAYED_WORK,
    cancel_delayed_work_sync,
    delayed_work,
    schedule_delayed_work,
    work_struct,
)
from psockmc.lang import GFP_KERNEL, Struct, container_of, cover, kfree, kzalloc, process, scenario, user


class thing(Struct):
    work: delayed_work
    value: bool


@user
def touch(work: work_struct) -> None:
    container_of(work, thing, "work.work").value = True


@user
def use_and_free() -> None:
    fresh = kzalloc(thing, GFP_KERNEL)
    INIT_DELAYED_WORK(fresh.work, touch)
    schedule_delayed_work(fresh.work, 0)
    if cancel_delayed_work_sync(fresh.work):
        cover("it never ran")
    else:
        cover("it ran")
    kfree(fresh)


test = scenario("cancel, then free", run=[process(use_and_free)], pools={thing: 1})
