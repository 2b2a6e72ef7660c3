# violated: lock-usage
# states: 2, transitions: 1, depth: 1
"""A context that ends with preemption off is a finding."""

from psockmc.lang import Struct, instance, preempt_disable, process, scenario, u8, user


class box(Struct):
    value: u8


shared = instance(box)


@user
def forget() -> None:
    preempt_disable()
    shared.value = 1


test = scenario("the preempt_enable() is forgotten", run=[process(forget)])
