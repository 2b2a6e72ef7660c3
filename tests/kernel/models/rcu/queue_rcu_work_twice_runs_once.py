# holds
# states: 8, transitions: 7, depth: 7
"""The second queueing of a queued item is refused."""

from psockmc.kernel.rcu import INIT_RCU_WORK, queue_rcu_work, rcu_work
from psockmc.lang import (
    Int,
    Struct,
    at_end,
    check,
    instance,
    process,
    rcu_read_lock,
    rcu_read_unlock,
    scenario,
    user,
)


class thing(Struct):
    rwork: rcu_work
    runs: Int[0, 2]


shared = instance(thing)


@user
def count_run(rwork: rcu_work) -> None:
    shared.runs += 1


@user
def queue_twice() -> None:
    INIT_RCU_WORK(shared.rwork, count_run)
    rcu_read_lock()
    first = queue_rcu_work(shared.rwork)
    second = queue_rcu_work(shared.rwork)
    check(first and not second, "refused: it cannot have run, this reader began before")
    rcu_read_unlock()


@at_end("once", "it ran once")
def once() -> bool:
    return shared.runs == 1


test = scenario("queue_rcu_work() twice", run=[process(queue_twice)], properties=[once])
