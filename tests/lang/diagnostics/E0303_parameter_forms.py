from psockmc.lang import u32, user


@user
def f(n: u32 = 3) -> None:
    pass


@user
def g(*n: u32) -> None:
    pass


@user
def h(a: u32, *, b: u32) -> None:
    pass
