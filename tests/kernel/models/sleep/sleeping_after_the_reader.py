# holds
# states: 4, transitions: 3, depth: 3
"""After the outermost rcu_read_unlock() it may."""

from psockmc.kernel.mutex import mutex, mutex_lock, mutex_unlock
from psockmc.lang import Struct, instance, process, rcu_read_lock, rcu_read_unlock, scenario, user


class box(Struct):
    lock: mutex


shared = instance(box)


@user
def sleep_after_reader() -> None:
    rcu_read_lock()
    rcu_read_unlock()
    mutex_lock(shared.lock)
    mutex_unlock(shared.lock)


test = scenario("a mutex after an RCU reader", run=[process(sleep_after_reader)])
