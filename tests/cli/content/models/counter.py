"""A counter under a lock."""

from psockmc.kernel.spinlock import spin_lock, spin_unlock, spinlock_t
from psockmc.lang import Int, Struct, instance, kernel


class counter(Struct):
    lock: spinlock_t
    value: Int[0, 3]


shared = instance(counter)


@kernel("lib/counter.c")
def counter_add() -> None:
    spin_lock(shared.lock)
    shared.value += 1
    spin_unlock(shared.lock)
