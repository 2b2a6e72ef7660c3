# holds
# states: 8, transitions: 9, depth: 3
"""A waiter that is woken without its condition sleeps again; nobody lost a wake-up when it never comes true."""

from psockmc.kernel.wait import wait_queue_head, wake_up
from psockmc.lang import READ_ONCE, Struct, instance, process, scenario, user, wait_event


class box(Struct):
    wq: wait_queue_head
    ready: bool


shared = instance(box)


@user
def wait_for_it() -> None:
    wait_event(shared.wq, READ_ONCE(shared.ready))


@user
def wake() -> None:
    wake_up(shared.wq)


test = scenario("a spurious wake-up", run=[process(wait_for_it), process(wake)])
