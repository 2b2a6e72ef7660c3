# holds
# states: 12, transitions: 15, depth: 4
"""A get that races with the last put either gets a reference or fails; in both cases the object is freed once."""

from psockmc.kernel.refcount import refcount_dec_and_test, refcount_inc_not_zero, refcount_set, refcount_t
from psockmc.lang import Int, Struct, at_end, cover, instance, process, scenario, user


class thing(Struct):
    refs: refcount_t
    destroyed: Int[0, 1]


shared = instance(thing)


@user
def prepare() -> None:
    refcount_set(shared.refs, 1)


@user
def put() -> None:
    if refcount_dec_and_test(shared.refs):
        shared.destroyed += 1


@user
def get_and_put() -> None:
    if refcount_inc_not_zero(shared.refs):
        cover("the get came first")
        put()
    else:
        cover("the put came first")


@at_end("once", "the object is destroyed once")
def once() -> bool:
    return shared.destroyed == 1


test = scenario(
    "a get against the last put", setup=prepare, run=[process(put), process(get_and_put)], properties=[once]
)
