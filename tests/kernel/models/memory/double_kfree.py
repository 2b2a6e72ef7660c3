# violated: double-free
# states: 4, transitions: 4, depth: 3
"""A freed object may not be freed again."""

from psockmc.lang import GFP_KERNEL, Struct, kfree, kzalloc, process, scenario, user


class thing(Struct):
    value: bool


@user
def free_twice() -> None:
    fresh = kzalloc(thing, GFP_KERNEL)
    fresh.value = True
    kfree(fresh)
    kfree(fresh)


test = scenario("kfree() twice", run=[process(free_twice)], pools={thing: 1})
