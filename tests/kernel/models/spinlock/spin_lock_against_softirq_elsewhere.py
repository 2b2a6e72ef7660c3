# violated: lock-order
# states: 21, transitions: 25, depth: 9
"""A softirq on another CPU just spins until the lock is free; on the same CPU it would not, which the lock order says."""

from psockmc.kernel.spinlock import spin_lock, spin_unlock, spinlock_t
from psockmc.lang import Int, Struct, instance, process, scenario, softirq, user


class box(Struct):
    lock: spinlock_t
    value: Int[0, 2]


shared = instance(box)


@user
def add() -> None:
    spin_lock(shared.lock)
    shared.value += 1
    spin_unlock(shared.lock)


test = scenario("a softirq on another CPU", run=[process(add, cpu=0), softirq(add, cpu=1)])
