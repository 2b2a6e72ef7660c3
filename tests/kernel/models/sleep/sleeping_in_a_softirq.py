# violated: sleep-in-atomic
# states: 4, transitions: 3, depth: 3
"""A softirq may not sleep."""

from psockmc.kernel.mutex import mutex, mutex_lock, mutex_unlock
from psockmc.lang import Struct, instance, scenario, softirq, user


class box(Struct):
    lock: mutex


shared = instance(box)


@user
def lock_it() -> None:
    mutex_lock(shared.lock)
    mutex_unlock(shared.lock)


test = scenario("a mutex in a softirq", run=[softirq(lock_it)])
