"""Only C integers wrap around."""

from psockmc.lang import Int, check, user, wrapping


@user
def count() -> None:
    """A bounded integer leaves its bounds, it does not wrap."""
    i: Int[0, 3] = 1
    check(wrapping(i) == 1, "it is 1")
