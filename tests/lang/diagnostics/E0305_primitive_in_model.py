from psockmc.lang import primitive


@primitive
def lock_everything() -> None:
    pass
