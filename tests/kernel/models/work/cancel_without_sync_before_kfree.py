# violated: use-after-free
# states: 14, transitions: 18, depth: 7
"""cancel_delayed_work() does not wait for a running function."""

from psockmc.kernel.work import (
    INIT_DELAYED_WORK,
    cancel_delayed_work,
    delayed_work,
    schedule_delayed_work,
    work_struct,
)
from psockmc.lang import GFP_KERNEL, Struct, container_of, kfree, kzalloc, process, scenario, user


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
    cancel_delayed_work(fresh.work)
    kfree(fresh)


test = scenario("cancel without waiting, then free", run=[process(use_and_free)], pools={thing: 1})
