# violated: lock-usage
# says: it ends while it still holds a lock
# states: 2, transitions: 1, depth: 1
"""A context that ends as a reader is a finding."""

from psockmc.kernel.rwlock import read_lock_bh, rwlock_t
from psockmc.lang import Struct, instance, local_bh_enable, process, scenario, user


class box(Struct):
    lock: rwlock_t


shared = instance(box)


@user
def forget() -> None:
    read_lock_bh(shared.lock)
    local_bh_enable()


test = scenario("the read_unlock() is forgotten", run=[process(forget)])
