# violated: null-call
# states: 1, transitions: 1, depth: 0
"""A function pointer that was never set."""

from psockmc.lang import Callable, Struct, instance, process, scenario, user


class ops(Struct):
    ready: Callable[[], None]


shared = instance(ops)


@user
def call_it() -> None:
    shared.ready()


test = scenario("a call of NULL", run=[process(call_it)])
