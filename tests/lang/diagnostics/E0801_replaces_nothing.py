from psockmc.lang import kernel


@kernel("net/core/sock.c")
def helper() -> None:
    pass
