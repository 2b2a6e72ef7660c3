# violated: deadlock lock-order
# states: 33, transitions: 34, depth: 11
"""Without _bh a softirq comes in over the holder on its CPU and spins for ever."""

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


test = scenario("a softirq on the holder's CPU, no _bh", run=[process(add, cpu=0), softirq(add, cpu=0)])
