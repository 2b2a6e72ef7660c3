# violated: deadlock lock-order
# states: 19, transitions: 22, depth: 8
"""Two mutexes in opposite orders."""

from psockmc.kernel.mutex import mutex, mutex_lock, mutex_unlock
from psockmc.lang import Struct, instance, process, scenario, user


class box(Struct):
    first: mutex
    second: mutex


shared = instance(box)


@user
def forward() -> None:
    mutex_lock(shared.first)
    mutex_lock(shared.second)
    mutex_unlock(shared.second)
    mutex_unlock(shared.first)


@user
def backward() -> None:
    mutex_lock(shared.second)
    mutex_lock(shared.first)
    mutex_unlock(shared.first)
    mutex_unlock(shared.second)


test = scenario("two mutexes in opposite orders", run=[process(forward), process(backward)])
