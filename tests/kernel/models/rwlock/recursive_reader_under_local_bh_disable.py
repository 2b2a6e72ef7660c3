# holds
# states: 5, transitions: 4, depth: 4
"""Plain read_lock() may be recursive in a process, too, where bottom halves are off."""

from psockmc.kernel.rwlock import read_lock, read_unlock, rwlock_t
from psockmc.lang import Struct, instance, local_bh_disable, local_bh_enable, process, scenario, user


class box(Struct):
    lock: rwlock_t


shared = instance(box)


@user
def read_twice() -> None:
    local_bh_disable()
    read_lock(shared.lock)
    read_lock(shared.lock)
    read_unlock(shared.lock)
    read_unlock(shared.lock)
    local_bh_enable()


test = scenario("a recursive reader with bottom halves off", run=[process(read_twice)])
