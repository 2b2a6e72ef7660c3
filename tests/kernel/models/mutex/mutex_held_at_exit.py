# violated: lock-usage
# says: it ends while it still holds a lock
# states: 2, transitions: 1, depth: 1
"""A context that ends with a mutex held is a finding."""

from psockmc.kernel.mutex import mutex, mutex_lock
from psockmc.lang import Struct, instance, process, scenario, user


class box(Struct):
    lock: mutex


shared = instance(box)


@user
def forget() -> None:
    mutex_lock(shared.lock)


test = scenario("the mutex_unlock() is forgotten", run=[process(forget)])
