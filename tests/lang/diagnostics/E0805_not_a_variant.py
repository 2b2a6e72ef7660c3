from psockmc.lang import replaces, user


@user
def f() -> None:
    pass


@replaces(f)
def g() -> None:
    pass
