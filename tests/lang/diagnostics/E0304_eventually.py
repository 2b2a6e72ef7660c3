from psockmc.lang import Ptr, Struct, choose, eventually, kernel, u32, xchg


class sock(Struct):
    n: u32


@eventually("L01", "a number ranges over nothing")
def of_a_number(n: u32) -> bool:
    return n == 0


@eventually("L02", "it is true or false whether it has happened")
def not_bool(sk: Ptr[sock]) -> u32:
    return sk.n


@eventually("L03")
def no_sentence(sk: Ptr[sock]) -> bool:
    return sk.n == 0


@eventually
def no_name(sk: Ptr[sock]) -> bool:
    return sk.n == 0


@eventually("L05", "waiting changes nothing")
def changes(sk: Ptr[sock]) -> bool:
    return xchg(sk.n, 0) == 0


@eventually("L06", "nothing is decided here")
def decides(sk: Ptr[sock]) -> bool:
    return choose() or sk.n == 0


@eventually("L07", "it is a property")
@kernel("net/core/skmsg.c")
def and_code(sk: Ptr[sock]) -> bool:
    return sk.n == 0


@kernel("net/core/skmsg.c")
def waits(sk: Ptr[sock]) -> None:
    if no_sentence(sk):
        sk.n = 1
