# violated: recursion
# states: 1, transitions: 1, depth: 0
"""A call that enters itself again beyond the stated depth."""

from psockmc.lang import Callable, Struct, instance, process, scenario, user


class ops(Struct):
    close: Callable[[], None]


@user
def close() -> None:
    shared.close()


shared = instance(ops, close=close)


test = scenario("close() calls itself", run=[process(close)])
