from psockmc.lang import READ_ONC, user


@user
def f() -> None:
    READ_ONC(3)
