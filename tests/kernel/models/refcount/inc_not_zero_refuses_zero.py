# holds
# states: 3, transitions: 2, depth: 2
"""refcount_inc_not_zero() fails on 0 without a finding."""

from psockmc.kernel.refcount import refcount_inc_not_zero, refcount_read, refcount_t
from psockmc.lang import Struct, check, instance, process, scenario, user


class thing(Struct):
    refs: refcount_t


shared = instance(thing)


@user
def get() -> None:
    taken = refcount_inc_not_zero(shared.refs)
    check(not taken, "there is nothing to take")
    count = refcount_read(shared.refs)
    check(count == 0, "0 is final")


test = scenario("a careful get of a dead object", run=[process(get)])
