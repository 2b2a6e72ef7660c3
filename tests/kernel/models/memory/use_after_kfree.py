# violated: use-after-free
# states: 3, transitions: 3, depth: 2
"""A freed object may not be used."""

from psockmc.lang import GFP_KERNEL, Struct, kfree, kzalloc, process, scenario, user


class thing(Struct):
    value: bool


@user
def use_freed() -> None:
    fresh = kzalloc(thing, GFP_KERNEL)
    kfree(fresh)
    fresh.value = True


test = scenario("use after kfree()", run=[process(use_freed)], pools={thing: 1})
