# violated: leak
# states: 5, transitions: 4, depth: 4
"""A reference that is never put keeps the object for ever."""

from psockmc.kernel.refcount import refcount_dec_and_test, refcount_inc, refcount_set, refcount_t
from psockmc.lang import GFP_KERNEL, Struct, kfree, kzalloc, process, scenario, user


class thing(Struct):
    refs: refcount_t


@user
def forget() -> None:
    mine = kzalloc(thing, GFP_KERNEL)
    refcount_set(mine.refs, 1)
    refcount_inc(mine.refs)
    if refcount_dec_and_test(mine.refs):
        kfree(mine)


test = scenario("one put is missing", run=[process(forget)], pools={thing: 1})
