# violated: lock-usage
# says: inside an RCU reader
# states: 6, transitions: 5, depth: 5
"""The function of an rcu_work must leave the readers that it entered."""

from psockmc.kernel.rcu import INIT_RCU_WORK, queue_rcu_work, rcu_work
from psockmc.lang import Struct, instance, process, rcu_read_lock, scenario, user


class thing(Struct):
    rwork: rcu_work
    value: bool


shared = instance(thing)


@user
def forget(rwork: rcu_work) -> None:
    rcu_read_lock()
    shared.value = True


@user
def queue_it() -> None:
    INIT_RCU_WORK(shared.rwork, forget)
    queue_rcu_work(shared.rwork)


test = scenario("an rcu_work that forgets rcu_read_unlock()", run=[process(queue_it)])
