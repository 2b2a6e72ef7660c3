# violated: refcount
# states: 8, transitions: 8, depth: 3
"""refcount_inc() without a reference of one's own can come after the last put."""

from psockmc.kernel.refcount import refcount_dec_and_test, refcount_inc, refcount_set, refcount_t
from psockmc.lang import Struct, cover, instance, process, scenario, user


class thing(Struct):
    refs: refcount_t


shared = instance(thing)


@user
def prepare() -> None:
    refcount_set(shared.refs, 1)


@user
def put() -> None:
    if refcount_dec_and_test(shared.refs):
        cover("destroyed")


@user
def get_and_put() -> None:
    refcount_inc(shared.refs)
    put()


test = scenario("a careless get against the last put", setup=prepare, run=[process(put), process(get_and_put)])
