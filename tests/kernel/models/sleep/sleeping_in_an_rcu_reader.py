# violated: sleep-in-atomic
# says: inside an RCU read-side critical section
# states: 4, transitions: 3, depth: 3
"""An RCU reader may not sleep."""

from psockmc.kernel.mutex import mutex, mutex_lock, mutex_unlock
from psockmc.lang import Struct, instance, process, rcu_read_lock, rcu_read_unlock, scenario, user


class box(Struct):
    lock: mutex


shared = instance(box)


@user
def sleep_in_reader() -> None:
    rcu_read_lock()
    mutex_lock(shared.lock)
    mutex_unlock(shared.lock)
    rcu_read_unlock()


test = scenario("a mutex in an RCU reader", run=[process(sleep_in_reader)])
