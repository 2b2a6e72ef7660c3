# violated: deadlock
# states: 13, transitions: 15, depth: 5
"""Who tests the condition before prepare_to_wait() sleeps through a wake-up in between."""

from psockmc.kernel.wait import finish_wait, prepare_to_wait, schedule, wait_queue_head, wake_up
from psockmc.lang import READ_ONCE, WRITE_ONCE, Struct, instance, process, scenario, user


class box(Struct):
    wq: wait_queue_head
    ready: bool


shared = instance(box)


@user
def check_then_sleep() -> None:
    while not READ_ONCE(shared.ready):
        prepare_to_wait(shared.wq)
        schedule(shared.wq)
        finish_wait(shared.wq)


@user
def provide() -> None:
    WRITE_ONCE(shared.ready, True)
    wake_up(shared.wq)


test = scenario("test, then sleep", run=[process(check_then_sleep), process(provide)])
