# violated: out-of-bounds
# states: 3, transitions: 3, depth: 2
"""An index is checked against the array."""

from psockmc.lang import Array, Int, Struct, instance, process, scenario, user


class table(Struct):
    slots: Array[bool, 2]
    next: Int[0, 2]


shared = instance(table)


@user
def fill() -> None:
    shared.next = 2
    shared.slots[shared.next] = True


test = scenario("one slot too far", run=[process(fill)])
