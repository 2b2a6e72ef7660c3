from psockmc.lang import user


@user
def f() -> None:
    def g() -> None:
        pass

    class sock:
        pass

    g()
