from base import count_down, count_up, sock
from psockmc.lang import Ptr, replaces, u32, user


@replaces(count_up)
def count_up(sk: Ptr[sock], by: u32) -> None:
    sk.n = by


@user
@replaces(count_down)
def by_two(sk: Ptr[sock]) -> None:
    sk.n -= 2
