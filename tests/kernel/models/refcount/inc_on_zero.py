# violated: refcount
# says: refcount_inc() on 0
# states: 2, transitions: 1, depth: 1
"""A reference may not be made from nothing."""

from psockmc.kernel.refcount import refcount_inc, refcount_t
from psockmc.lang import Struct, instance, process, scenario, user


class thing(Struct):
    refs: refcount_t


shared = instance(thing)


@user
def get() -> None:
    refcount_inc(shared.refs)


test = scenario("a get of a dead object", run=[process(get)])
