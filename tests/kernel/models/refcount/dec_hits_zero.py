# violated: refcount
# says: refcount_dec() hits 0
# states: 4, transitions: 3, depth: 3
"""refcount_dec() does not free, so it may not drop the last reference."""

from psockmc.kernel.refcount import refcount_dec, refcount_set, refcount_t
from psockmc.lang import Struct, instance, process, scenario, user


class thing(Struct):
    refs: refcount_t


shared = instance(thing)


@user
def drop_two() -> None:
    refcount_set(shared.refs, 2)
    refcount_dec(shared.refs)
    refcount_dec(shared.refs)


test = scenario("the last reference by refcount_dec()", run=[process(drop_two)])
