# violated: refcount
# states: 5, transitions: 4, depth: 4
"""A saturated counter stays saturated: gets succeed, no put is the last, the object leaks instead of being freed twice."""

from psockmc.kernel.refcount import (
    REFCOUNT_SATURATED,
    refcount_dec,
    refcount_inc,
    refcount_inc_not_zero,
    refcount_read,
    refcount_t,
)
from psockmc.lang import Struct, check, instance, process, scenario, user


class thing(Struct):
    refs: refcount_t


shared = instance(thing)


@user
def get_and_put() -> None:
    refcount_inc(shared.refs)
    taken = refcount_inc_not_zero(shared.refs)
    check(taken, "a saturated counter is not 0")
    refcount_dec(shared.refs)
    count = refcount_read(shared.refs)
    check(count == REFCOUNT_SATURATED, "it stays saturated")


test = scenario("gets and puts of a saturated counter", run=[process(get_and_put)])
