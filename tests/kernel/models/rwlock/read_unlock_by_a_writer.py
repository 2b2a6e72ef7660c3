# violated: lock-usage
# says: read-unlocks a lock that it does not read
# states: 3, transitions: 2, depth: 2
"""A writer that calls read_unlock() is a finding."""

from psockmc.kernel.rwlock import read_unlock_bh, rwlock_t, write_lock_bh
from psockmc.lang import Struct, instance, process, scenario, user


class box(Struct):
    lock: rwlock_t


shared = instance(box)


@user
def mix_up() -> None:
    write_lock_bh(shared.lock)
    read_unlock_bh(shared.lock)


test = scenario("write_lock() and read_unlock()", run=[process(mix_up)])
