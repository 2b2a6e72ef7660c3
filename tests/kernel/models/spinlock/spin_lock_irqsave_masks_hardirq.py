# holds
# states: 22, transitions: 22, depth: 11
"""With interrupts off no hardirq comes in over the holder."""

from psockmc.kernel.spinlock import spin_lock, spin_lock_irqsave, spin_unlock, spin_unlock_irqrestore, spinlock_t
from psockmc.lang import Int, Struct, hardirq, instance, process, scenario, user


class box(Struct):
    lock: spinlock_t
    value: Int[0, 2]


shared = instance(box)


@user
def in_process() -> None:
    spin_lock_irqsave(shared.lock)
    shared.value += 1
    spin_unlock_irqrestore(shared.lock)


@user
def in_interrupt() -> None:
    spin_lock(shared.lock)
    shared.value += 1
    spin_unlock(shared.lock)


test = scenario("a hardirq on the holder's CPU", run=[process(in_process, cpu=0), hardirq(in_interrupt, cpu=0)])
