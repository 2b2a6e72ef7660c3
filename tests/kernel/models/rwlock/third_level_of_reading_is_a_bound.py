# undetermined
# states: 3, transitions: 2, depth: 2
"""One level of recursion is counted; a third read_lock() cuts the run."""

from psockmc.kernel.rwlock import read_lock_bh, read_unlock_bh, rwlock_t
from psockmc.lang import Struct, instance, process, scenario, user


class box(Struct):
    lock: rwlock_t


shared = instance(box)


@user
def read_three_times() -> None:
    read_lock_bh(shared.lock)
    read_lock_bh(shared.lock)
    read_lock_bh(shared.lock)
    read_unlock_bh(shared.lock)
    read_unlock_bh(shared.lock)
    read_unlock_bh(shared.lock)


test = scenario("three levels of reading", run=[process(read_three_times)])
