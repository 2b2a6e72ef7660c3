from psockmc.lang import user


@user
def f(n) -> None:
    pass


@user
def g():
    pass
