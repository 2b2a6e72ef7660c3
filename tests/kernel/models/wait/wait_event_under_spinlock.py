# violated: sleep-in-atomic
# states: 6, transitions: 5, depth: 5
"""wait_event() may sleep."""

from psockmc.kernel.spinlock import spin_lock, spin_unlock, spinlock_t
from psockmc.kernel.wait import wait_queue_head
from psockmc.lang import READ_ONCE, Struct, instance, process, scenario, user, wait_event


class box(Struct):
    wq: wait_queue_head
    ready: bool
    lock: spinlock_t


shared = instance(box)


@user
def make_ready() -> None:
    shared.ready = True


@user
def wait_locked() -> None:
    spin_lock(shared.lock)
    wait_event(shared.wq, READ_ONCE(shared.ready))
    spin_unlock(shared.lock)


test = scenario("waiting under a spinlock", setup=make_ready, run=[process(wait_locked)])
