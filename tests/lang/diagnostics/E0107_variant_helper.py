from base import count_up, sock
from psockmc.lang import Ptr, kernel, replaces


@replaces(count_up)
def count_up(sk: Ptr[sock]) -> None:
    count_down(sk)


@kernel("net/core/sock.c")
def count_down(sk: Ptr[sock]) -> None:
    sk.n -= 2
