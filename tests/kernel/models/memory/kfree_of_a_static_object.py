# violated: bad-free
# states: 1, transitions: 1, depth: 0
"""An object that exists from the beginning does not come from kzalloc()."""

from psockmc.lang import Ptr, Struct, instance, kfree, process, scenario, user


class thing(Struct):
    value: bool


shared = instance(thing)


@user
def free_static(victim: Ptr[thing]) -> None:
    kfree(victim)


test = scenario("kfree() of a static object", run=[process(free_static, shared)])
