# holds
# states: 36, transitions: 60, depth: 10
"""Two readers are inside together."""

from psockmc.kernel.rwlock import read_lock_bh, read_unlock_bh, rwlock_t
from psockmc.lang import Int, Struct, atomic_add, atomic_read, atomic_sub, cover, instance, process, scenario, user


class box(Struct):
    lock: rwlock_t
    inside: Int[0, 2]


shared = instance(box)


@user
def read() -> None:
    read_lock_bh(shared.lock)
    atomic_add(1, shared.inside)
    if atomic_read(shared.inside) == 2:
        cover("two readers at a time")
    atomic_sub(1, shared.inside)
    read_unlock_bh(shared.lock)


test = scenario("two readers", run=[process(read), process(read)])
