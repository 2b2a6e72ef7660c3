# violated: lock-usage
# states: 2, transitions: 1, depth: 1
"""A context that ends with a lock held is a finding."""

from psockmc.kernel.spinlock import spin_lock, spinlock_t
from psockmc.lang import Struct, instance, preempt_enable, process, scenario, user


class box(Struct):
    lock: spinlock_t


shared = instance(box)


@user
def forget() -> None:
    spin_lock(shared.lock)
    preempt_enable()


test = scenario("the unlock is forgotten", run=[process(forget)])
