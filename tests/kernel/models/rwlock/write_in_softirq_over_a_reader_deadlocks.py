# violated: deadlock lock-order
# states: 19, transitions: 20, depth: 7
"""A softirq that writes spins for ever over a process of its CPU that reads with bottom halves on."""

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


test = scenario("a writing softirq over a reader", run=[process(read, cpu=0), softirq(write, cpu=0)])
