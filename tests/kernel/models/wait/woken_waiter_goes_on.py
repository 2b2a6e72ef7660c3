# holds
# states: 15, transitions: 19, depth: 5
"""Set the condition, then wake: the waiter always gets through."""

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


test = scenario("wait and wake", run=[process(wait_for_it), process(provide)])
