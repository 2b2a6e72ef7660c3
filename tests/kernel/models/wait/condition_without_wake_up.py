# violated: lost-wakeup
# states: 8, transitions: 8, depth: 4
"""Without wake_up() the waiter sleeps although its condition holds."""

from psockmc.kernel.wait import wait_queue_head
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


test = scenario("a condition without a wake-up", run=[process(wait_for_it), process(provide)])
