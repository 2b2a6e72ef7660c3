# holds
# states: 83, transitions: 160, depth: 8
"""wake_up() wakes everybody on the queue."""

from psockmc.kernel.wait import wait_queue_head, wake_up
from psockmc.lang import READ_ONCE, WRITE_ONCE, Struct, instance, process, scenario, user, wait_event


class box(Struct):
    wq: wait_queue_head
    ready: bool


shared = instance(box)


@user
def wait_for_it() -> None:
    wait_event(shared.wq, READ_ONCE(shared.ready))


@user
def provide() -> None:
    WRITE_ONCE(shared.ready, True)
    wake_up(shared.wq)


test = scenario("two waiters", run=[process(wait_for_it), process(wait_for_it), process(provide)])
