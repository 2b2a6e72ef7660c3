# violated: data-race
# states: 16, transitions: 24, depth: 6
"""A write under the read lock races with another reader's."""

from psockmc.kernel.rwlock import read_lock_bh, read_unlock_bh, rwlock_t
from psockmc.lang import Struct, instance, process, scenario, user


class box(Struct):
    lock: rwlock_t
    value: bool


shared = instance(box)


@user
def write_under_read_lock() -> None:
    read_lock_bh(shared.lock)
    shared.value = True
    read_unlock_bh(shared.lock)


test = scenario("stores under a read lock", run=[process(write_under_read_lock), process(write_under_read_lock)])
