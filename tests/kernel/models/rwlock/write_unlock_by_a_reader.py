# violated: lock-usage
# says: write-unlocks a lock that it does not hold for writing
# states: 3, transitions: 2, depth: 2
"""A reader that calls write_unlock() is a finding (and still reads at the end)."""

from psockmc.kernel.rwlock import read_lock_bh, rwlock_t, write_unlock_bh
from psockmc.lang import Struct, instance, process, scenario, user


class box(Struct):
    lock: rwlock_t


shared = instance(box)


@user
def mix_up() -> None:
    read_lock_bh(shared.lock)
    write_unlock_bh(shared.lock)


test = scenario("read_lock() and write_unlock()", run=[process(mix_up)])
