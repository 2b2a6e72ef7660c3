# violated: sleep-in-atomic
# states: 5, transitions: 4, depth: 4
"""cancel_work_sync() sleeps."""

from psockmc.kernel.work import INIT_WORK, cancel_work_sync, work_struct
from psockmc.lang import Struct, cover, instance, process, rcu_read_lock, rcu_read_unlock, scenario, user


class thing(Struct):
    work: work_struct


shared = instance(thing)


@user
def nothing(work: work_struct) -> None:
    cover("ran")


@user
def cancel_in_reader() -> None:
    INIT_WORK(shared.work, nothing)
    rcu_read_lock()
    cancel_work_sync(shared.work)
    rcu_read_unlock()


test = scenario("a cancel in an RCU reader", run=[process(cancel_in_reader)])
