# holds
# states: 20, transitions: 22, depth: 7
"""A softirq that only reads passes a reading process of its CPU."""

from psockmc.kernel.rwlock import read_lock, read_unlock, rwlock_t
from psockmc.lang import Struct, instance, process, scenario, softirq, user


class box(Struct):
    lock: rwlock_t


shared = instance(box)


@user
def read() -> None:
    read_lock(shared.lock)
    read_unlock(shared.lock)


test = scenario("a reading softirq over a reader", run=[process(read, cpu=0), softirq(read, cpu=0)])
