# violated: work-usage
# says: initialises an rcu_work that is queued
# states: 6, transitions: 6, depth: 4
"""A queued item may not be initialised again."""

from psockmc.kernel.rcu import INIT_RCU_WORK, queue_rcu_work, rcu_work
from psockmc.lang import Struct, cover, instance, process, scenario, user


class thing(Struct):
    rwork: rcu_work


shared = instance(thing)


@user
def run_it(rwork: rcu_work) -> None:
    cover("ran")


@user
def again() -> None:
    INIT_RCU_WORK(shared.rwork, run_it)
    queue_rcu_work(shared.rwork)
    INIT_RCU_WORK(shared.rwork, run_it)


test = scenario("INIT_RCU_WORK() of a queued item", run=[process(again)])
