# violated: deadlock lock-order
# states: 19, transitions: 20, depth: 7
"""write_lock() without _bh lets a softirq come in that reads and spins for ever."""

from psockmc.kernel.rwlock import read_lock, read_unlock, rwlock_t, write_lock, write_unlock
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
    write_lock(shared.lock)
    write_unlock(shared.lock)


test = scenario("a reading softirq over a writer", run=[process(write, cpu=0), softirq(read, cpu=0)])
