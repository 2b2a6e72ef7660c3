"""A variant that replaces nothing."""

from psockmc.lang import kernel


@kernel("lib/counter.c")
def counter_reset() -> None:
    pass
