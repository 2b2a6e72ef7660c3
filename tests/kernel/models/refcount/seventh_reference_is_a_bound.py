# undetermined
# states: 2, transitions: 1, depth: 1
"""Counts go up to 6; one more cuts the run instead of saturating."""

from psockmc.kernel.refcount import refcount_inc, refcount_set, refcount_t
from psockmc.lang import Struct, instance, process, scenario, user


class thing(Struct):
    refs: refcount_t


shared = instance(thing)


@user
def hoard() -> None:
    refcount_set(shared.refs, 6)
    refcount_inc(shared.refs)


test = scenario("seven references", run=[process(hoard)])
