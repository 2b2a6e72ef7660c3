# holds
# states: 5, transitions: 4, depth: 3
"""Who tests for NULL survives a failing allocation."""

from psockmc.lang import GFP_KERNEL, Struct, cover, kfree, kzalloc, process, scenario, user


class thing(Struct):
    value: bool


@user
def test_it() -> None:
    fresh = kzalloc(thing, GFP_KERNEL)
    if fresh:
        fresh.value = True
        kfree(fresh)
    else:
        cover("no memory")


test = scenario("an allocation that is checked", run=[process(test_it)], pools={thing: 1}, may_fail=[thing])
