# holds
# states: 16, transitions: 20, depth: 5
"""Who tests after prepare_to_wait() is safe: schedule() returns at once when the wake-up came in between."""

from psockmc.kernel.wait import finish_wait, prepare_to_wait, schedule, wait_queue_head, wake_up
from psockmc.lang import READ_ONCE, WRITE_ONCE, Struct, instance, process, scenario, user


class box(Struct):
    wq: wait_queue_head
    ready: bool


shared = instance(box)


@user
def prepare_then_check() -> None:
    prepare_to_wait(shared.wq)
    while not READ_ONCE(shared.ready):
        schedule(shared.wq)
        prepare_to_wait(shared.wq)
    finish_wait(shared.wq)


@user
def provide() -> None:
    WRITE_ONCE(shared.ready, True)
    wake_up(shared.wq)


test = scenario("prepare, then test", run=[process(prepare_then_check), process(provide)])
