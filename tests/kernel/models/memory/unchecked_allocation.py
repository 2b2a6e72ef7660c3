# violated: null-deref
# states: 5, transitions: 5, depth: 3
"""kzalloc() may fail where the scenario says so."""

from psockmc.lang import GFP_KERNEL, Struct, kfree, kzalloc, process, scenario, user


class thing(Struct):
    value: bool


@user
def trust() -> None:
    fresh = kzalloc(thing, GFP_KERNEL)
    fresh.value = True
    kfree(fresh)


test = scenario("an allocation that nobody checks", run=[process(trust)], pools={thing: 1}, may_fail=[thing])
