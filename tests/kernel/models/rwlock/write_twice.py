# violated: self-deadlock
# says: waits to write a lock that it holds for writing itself
# states: 2, transitions: 2, depth: 1
"""A writer that wants to write again waits for itself."""

from psockmc.kernel.rwlock import rwlock_t, write_lock_bh, write_unlock_bh
from psockmc.lang import Struct, instance, process, scenario, user


class box(Struct):
    lock: rwlock_t


shared = instance(box)


@user
def write_twice() -> None:
    write_lock_bh(shared.lock)
    write_lock_bh(shared.lock)
    write_unlock_bh(shared.lock)
    write_unlock_bh(shared.lock)


test = scenario("a writer that wants to write", run=[process(write_twice)])
