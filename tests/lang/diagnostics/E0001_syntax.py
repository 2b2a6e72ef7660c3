from psockmc.lang import user


@user
def f() -> None:
    if True
        pass
