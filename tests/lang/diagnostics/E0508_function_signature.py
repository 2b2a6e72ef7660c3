from psockmc.lang import Callable, Ptr, Struct, u32, user


class sock(Struct):
    ready: Callable[[Ptr[sock]], None]
    n: u32


@user
def ready(sk: Ptr[sock], n: u32) -> None:
    pass


@user
def set_ready(sk: Ptr[sock], f: Callable[[Ptr[sock]], None]) -> None:
    sk.ready = f


@user
def start(sk: Ptr[sock]) -> None:
    set_ready(sk, ready)
