# violated: lock-usage
# says: a work function returns with a lock held
# states: 5, transitions: 4, depth: 4
"""The function of an rcu_work must release what it took."""

from psockmc.kernel.mutex import mutex, mutex_lock
from psockmc.kernel.rcu import INIT_RCU_WORK, queue_rcu_work, rcu_work
from psockmc.lang import Struct, instance, process, scenario, user


class thing(Struct):
    rwork: rcu_work
    lock: mutex


shared = instance(thing)


@user
def forget(rwork: rcu_work) -> None:
    mutex_lock(shared.lock)


@user
def queue_it() -> None:
    INIT_RCU_WORK(shared.rwork, forget)
    queue_rcu_work(shared.rwork)


test = scenario("an rcu_work that forgets to unlock", run=[process(queue_it)])
