# violated: rcu-usage
# states: 3, transitions: 2, depth: 2
"""A context that ends inside a reader."""

from psockmc.lang import Struct, instance, process, rcu_read_lock, scenario, user


class box(Struct):
    value: bool


shared = instance(box)


@user
def unbalanced() -> None:
    rcu_read_lock()
    shared.value = True


test = scenario("an unlock too few", run=[process(unbalanced)])
