# violated: self-deadlock
# says: waits to read a lock that it holds for writing itself
# states: 2, transitions: 2, depth: 1
"""A writer that wants to read waits for itself."""

from psockmc.kernel.rwlock import read_lock_bh, read_unlock_bh, rwlock_t, write_lock_bh, write_unlock_bh
from psockmc.lang import Struct, instance, process, scenario, user


class box(Struct):
    lock: rwlock_t


shared = instance(box)


@user
def downgrade() -> None:
    write_lock_bh(shared.lock)
    read_lock_bh(shared.lock)
    read_unlock_bh(shared.lock)
    write_unlock_bh(shared.lock)


test = scenario("a writer that wants to read", run=[process(downgrade)])
