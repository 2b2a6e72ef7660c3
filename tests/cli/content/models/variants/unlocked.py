"""The addition before the lock was added."""

from psockmc.lang import kernel, replaces

from models.counter import counter_add, shared


@kernel("lib/counter.c")
@replaces(counter_add)
def counter_add_unlocked() -> None:
    shared.value += 1
