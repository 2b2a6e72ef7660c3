# holds
# states: 5, transitions: 4, depth: 4
"""An object that exists from the beginning is no leak, nor is what it points to."""

from psockmc.lang import GFP_KERNEL, Ptr, Struct, instance, kfree, kzalloc, process, scenario, user


class thing(Struct):
    next: Ptr[thing]


shared = instance(thing)


@user
def keep_one() -> None:
    mine = kzalloc(thing, GFP_KERNEL)
    other = kzalloc(thing, GFP_KERNEL)
    shared.next = mine
    kfree(other)


test = scenario("a static object points to one from kzalloc()", run=[process(keep_one)], pools={thing: 2})
