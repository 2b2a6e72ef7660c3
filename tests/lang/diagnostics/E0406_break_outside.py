from psockmc.lang import user


@user
def f(stop: bool) -> None:
    if stop:
        break
    continue
