from base import count_up, small, sock
from psockmc.lang import Ptr, replaces


@replaces(sock_hold)
def a() -> None:
    pass


@replaces(sock)
def b() -> None:
    pass


@replaces(count_up)
def count_up(sk: Ptr[sock]) -> None:
    sk.n = 1


@replaces(count_up)
def again(sk: Ptr[sock]) -> None:
    sk.n = 2


@replaces(small)
def anything(sk: Ptr[sock]) -> bool:
    return True


@replaces
def no_name() -> None:
    pass
