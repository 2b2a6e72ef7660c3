# violated: leak
# states: 3, transitions: 2, depth: 2
"""What nobody frees is there at the end."""

from psockmc.lang import GFP_KERNEL, Struct, kzalloc, process, scenario, user


class thing(Struct):
    value: bool


@user
def forget() -> None:
    fresh = kzalloc(thing, GFP_KERNEL)
    fresh.value = True


test = scenario("an object that nobody frees", run=[process(forget)], pools={thing: 1})
