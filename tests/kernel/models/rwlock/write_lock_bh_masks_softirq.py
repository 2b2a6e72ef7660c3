# holds
# states: 14, transitions: 14, depth: 7
"""write_lock_bh() keeps the reading softirq out."""

from psockmc.kernel.rwlock import read_lock, read_unlock, rwlock_t, write_lock_bh, write_unlock_bh
from psockmc.lang import Struct, instance, process, scenario, softirq, user


class box(Struct):
    lock: rwlock_t


shared = instance(box)


@user
def read() -> None:
    read_lock(shared.lock)
    read_unlock(shared.lock)


@user
def write() -> None:
    write_lock_bh(shared.lock)
    write_unlock_bh(shared.lock)


test = scenario("a softirq on the writer's CPU", run=[process(write, cpu=0), softirq(read, cpu=0)])
