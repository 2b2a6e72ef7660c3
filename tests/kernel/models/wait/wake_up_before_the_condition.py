# violated: lost-wakeup
# states: 16, transitions: 20, depth: 5
"""Waking before the condition is set lets the waiter go back to sleep."""

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
    wake_up(shared.wq)
    WRITE_ONCE(shared.ready, True)


test = scenario("a wake-up too early", run=[process(wait_for_it), process(provide)])
