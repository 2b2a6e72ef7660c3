# violated: deadlock lock-order
# states: 33, transitions: 34, depth: 11
"""Bottom halves off does not keep a hardirq out."""

from psockmc.kernel.spinlock import spin_lock, spin_lock_bh, spin_unlock, spin_unlock_bh, spinlock_t
from psockmc.lang import Int, Struct, hardirq, instance, process, scenario, user


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
def in_interrupt() -> None:
    spin_lock(shared.lock)
    shared.value += 1
    spin_unlock(shared.lock)


test = scenario(
    "a hardirq on the holder's CPU, _bh only", run=[process(in_process, cpu=0), hardirq(in_interrupt, cpu=0)]
)
