# holds
# states: 16, transitions: 16, depth: 8
"""A reader never sees a half-done write."""

from psockmc.kernel.rwlock import read_lock_bh, read_unlock_bh, rwlock_t, write_lock_bh, write_unlock_bh
from psockmc.lang import Struct, check, instance, process, scenario, user


class box(Struct):
    lock: rwlock_t
    left: bool
    right: bool


shared = instance(box)


@user
def write() -> None:
    write_lock_bh(shared.lock)
    shared.left = True
    shared.right = True
    write_unlock_bh(shared.lock)


@user
def read() -> None:
    read_lock_bh(shared.lock)
    left = shared.left
    right = shared.right
    check(left == right, "both or none")
    read_unlock_bh(shared.lock)


test = scenario("a writer and a reader", run=[process(write), process(read)])
