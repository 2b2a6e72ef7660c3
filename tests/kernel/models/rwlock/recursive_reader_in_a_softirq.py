# holds
# states: 6, transitions: 5, depth: 5
"""In a softirq the plain read_lock() may be recursive."""

from psockmc.kernel.rwlock import read_lock, read_unlock, rwlock_t
from psockmc.lang import Struct, instance, scenario, softirq, user


class box(Struct):
    lock: rwlock_t


shared = instance(box)


@user
def read_twice() -> None:
    read_lock(shared.lock)
    read_lock(shared.lock)
    read_unlock(shared.lock)
    read_unlock(shared.lock)


test = scenario("a recursive reader in a softirq", run=[softirq(read_twice)])
