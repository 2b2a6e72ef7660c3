# holds
# states: 12, transitions: 12, depth: 6
"""With bottom halves off a reader may read again although a writer waits."""

from psockmc.kernel.rwlock import read_lock_bh, read_unlock_bh, rwlock_t, write_lock_bh, write_unlock_bh
from psockmc.lang import Struct, instance, process, scenario, user


class box(Struct):
    lock: rwlock_t


shared = instance(box)


@user
def read_twice() -> None:
    read_lock_bh(shared.lock)
    read_lock_bh(shared.lock)
    read_unlock_bh(shared.lock)
    read_unlock_bh(shared.lock)


@user
def write() -> None:
    write_lock_bh(shared.lock)
    write_unlock_bh(shared.lock)


test = scenario("a recursive reader and a writer", run=[process(read_twice), process(write)])
