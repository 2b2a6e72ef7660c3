# holds
# states: 16, transitions: 16, depth: 8
"""A nested reader still excludes writers when it has left the inner level."""

from psockmc.kernel.rwlock import read_lock_bh, read_unlock_bh, rwlock_t, write_lock_bh, write_unlock_bh
from psockmc.lang import Struct, instance, process, scenario, user


class box(Struct):
    lock: rwlock_t
    value: bool


shared = instance(box)


@user
def read_twice() -> None:
    read_lock_bh(shared.lock)
    read_lock_bh(shared.lock)
    read_unlock_bh(shared.lock)
    seen = shared.value
    read_unlock_bh(shared.lock)


@user
def write() -> None:
    write_lock_bh(shared.lock)
    shared.value = True
    write_unlock_bh(shared.lock)


test = scenario("the outer level of a reader", run=[process(read_twice), process(write)])
