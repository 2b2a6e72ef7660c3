# violated: rcu-usage
# states: 2, transitions: 1, depth: 1
"""rcu_read_unlock() without rcu_read_lock()."""

from psockmc.lang import Struct, instance, process, rcu_read_unlock, scenario, user


class box(Struct):
    value: bool


shared = instance(box)


@user
def unbalanced() -> None:
    shared.value = True
    rcu_read_unlock()


test = scenario("an unlock too many", run=[process(unbalanced)])
