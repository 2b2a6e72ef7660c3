# holds
# states: 22, transitions: 22, depth: 11
"""With bottom halves off no softirq comes in over the holder, so a softirq may take the same lock."""

from psockmc.kernel.spinlock import spin_lock, spin_lock_bh, spin_unlock, spin_unlock_bh, spinlock_t
from psockmc.lang import Int, Struct, instance, process, scenario, softirq, user


class box(Struct):
    lock: spinlock_t
    value: Int[0, 2]


shared = instance(box)


@user
def in_process() -> None:
    spin_lock_bh(shared.lock)
    shared.value += 1
    spin_unlock_bh(shared.lock)


@user
def in_softirq_context() -> None:
    spin_lock(shared.lock)
    shared.value += 1
    spin_unlock(shared.lock)


test = scenario("a softirq on the holder's CPU", run=[process(in_process, cpu=0), softirq(in_softirq_context, cpu=0)])
