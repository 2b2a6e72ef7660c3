# violated: refcount
# says: underflow
# states: 5, transitions: 4, depth: 4
"""A put of no reference is a finding; afterwards the counter is saturated and stays so."""

from psockmc.kernel.refcount import (
    REFCOUNT_SATURATED,
    refcount_dec_and_test,
    refcount_inc,
    refcount_read,
    refcount_t,
)
from psockmc.lang import Struct, check, instance, process, scenario, user


class thing(Struct):
    refs: refcount_t


shared = instance(thing)


@user
def put() -> None:
    last = refcount_dec_and_test(shared.refs)
    check(not last, "an underflow is not the last put")
    refcount_inc(shared.refs)
    again = refcount_dec_and_test(shared.refs)
    check(not again, "a saturated counter never reaches 0")
    count = refcount_read(shared.refs)
    check(count == REFCOUNT_SATURATED, "it stays saturated")


test = scenario("a put of no reference", run=[process(put)])
