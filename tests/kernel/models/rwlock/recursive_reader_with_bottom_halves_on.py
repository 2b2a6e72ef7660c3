# violated: lock-usage
# says: reads recursively with bottom halves on
# states: 5, transitions: 4, depth: 4
"""In process context with bottom halves on the second read would queue behind a waiting writer."""

from psockmc.kernel.rwlock import read_lock, read_unlock, rwlock_t
from psockmc.lang import Struct, instance, process, scenario, user


class box(Struct):
    lock: rwlock_t


shared = instance(box)


@user
def read_twice() -> None:
    read_lock(shared.lock)
    read_lock(shared.lock)
    read_unlock(shared.lock)
    read_unlock(shared.lock)


test = scenario("a recursive reader in process context", run=[process(read_twice)])
