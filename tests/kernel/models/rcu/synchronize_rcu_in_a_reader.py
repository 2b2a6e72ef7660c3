# violated: sleep-in-atomic deadlock
# states: 4, transitions: 3, depth: 3
"""Inside a reader it waits for itself."""

from psockmc.kernel.rcu import synchronize_rcu
from psockmc.lang import Struct, instance, process, rcu_read_lock, rcu_read_unlock, scenario, user


class box(Struct):
    value: bool


shared = instance(box)


@user
def wait_for_myself() -> None:
    rcu_read_lock()
    shared.value = True
    synchronize_rcu()
    rcu_read_unlock()


test = scenario("synchronize_rcu() in a reader", run=[process(wait_for_myself)])
