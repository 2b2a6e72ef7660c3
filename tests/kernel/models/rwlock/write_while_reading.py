# violated: self-deadlock
# says: waits to write a lock that it reads itself
# states: 2, transitions: 2, depth: 1
"""A read lock cannot be upgraded."""

from psockmc.kernel.rwlock import read_lock_bh, read_unlock_bh, rwlock_t, write_lock_bh, write_unlock_bh
from psockmc.lang import Struct, instance, process, scenario, user


class box(Struct):
    lock: rwlock_t


shared = instance(box)


@user
def upgrade() -> None:
    read_lock_bh(shared.lock)
    write_lock_bh(shared.lock)
    write_unlock_bh(shared.lock)
    read_unlock_bh(shared.lock)


test = scenario("a reader that wants to write", run=[process(upgrade)])
