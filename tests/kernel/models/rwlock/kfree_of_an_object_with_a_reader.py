# violated: lock-usage
# states: 4, transitions: 3, depth: 3
"""Memory that contains a lock somebody reads may not be freed."""

from psockmc.kernel.rwlock import read_lock_bh, rwlock_t
from psockmc.lang import GFP_ATOMIC, Struct, kfree, kzalloc, local_bh_enable, process, scenario, user


class box(Struct):
    lock: rwlock_t


@user
def free_locked() -> None:
    fresh = kzalloc(box, GFP_ATOMIC)
    read_lock_bh(fresh.lock)
    kfree(fresh)
    local_bh_enable()


test = scenario("an object is freed while its lock is read", run=[process(free_locked)], pools={box: 1})
