# undetermined
# states: 2, transitions: 1, depth: 1
"""More objects than the pool has cut the run."""

from psockmc.lang import GFP_KERNEL, Struct, kfree, kzalloc, process, scenario, user


class thing(Struct):
    value: bool


@user
def hoard() -> None:
    first = kzalloc(thing, GFP_KERNEL)
    second = kzalloc(thing, GFP_KERNEL)
    first.value = True
    second.value = True
    kfree(first)
    kfree(second)


test = scenario("two objects of a pool of one", run=[process(hoard)], pools={thing: 1})
