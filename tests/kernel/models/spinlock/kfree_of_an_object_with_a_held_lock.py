# violated: lock-usage
# states: 4, transitions: 3, depth: 3
"""Memory that contains a held lock may not be freed."""

from psockmc.kernel.spinlock import spin_lock, spinlock_t
from psockmc.lang import GFP_ATOMIC, Struct, kfree, kzalloc, preempt_enable, process, scenario, user


class box(Struct):
    lock: spinlock_t


@user
def free_locked() -> None:
    fresh = kzalloc(box, GFP_ATOMIC)
    spin_lock(fresh.lock)
    kfree(fresh)
    preempt_enable()


test = scenario("an object is freed while its lock is held", run=[process(free_locked)], pools={box: 1})
