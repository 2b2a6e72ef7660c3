# violated: sleep-in-atomic
# states: 4, transitions: 3, depth: 3
"""local_bh_disable() makes the context atomic."""

from psockmc.kernel.mutex import mutex, mutex_lock, mutex_unlock
from psockmc.lang import Struct, instance, local_bh_disable, local_bh_enable, process, scenario, user


class box(Struct):
    lock: mutex


shared = instance(box)


@user
def lock_it() -> None:
    local_bh_disable()
    mutex_lock(shared.lock)
    mutex_unlock(shared.lock)
    local_bh_enable()


test = scenario("a mutex with bottom halves off", run=[process(lock_it)])
