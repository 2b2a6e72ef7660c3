# holds
# states: 16, transitions: 16, depth: 8
"""A waiter sleeps, so the owner on the same CPU goes on."""

from psockmc.kernel.mutex import mutex, mutex_lock, mutex_unlock
from psockmc.lang import Int, Struct, instance, process, scenario, user


class box(Struct):
    lock: mutex
    value: Int[0, 2]


shared = instance(box)


@user
def add() -> None:
    mutex_lock(shared.lock)
    shared.value += 1
    mutex_unlock(shared.lock)


test = scenario("two processes of one CPU and a mutex", run=[process(add, cpu=0), process(add, cpu=0)])
