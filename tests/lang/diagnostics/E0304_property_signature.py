from psockmc.lang import Ptr, Struct, at_end, invariant, u32


class sock(Struct):
    n: u32


@invariant("I01", "a number ranges over nothing")
def of_a_number(n: u32) -> bool:
    return n == 0


@at_end("I02", "a property is true or false")
def not_bool(sk: Ptr[sock]) -> u32:
    return sk.n


@invariant("I03")
def no_sentence(sk: Ptr[sock]) -> bool:
    return sk.n == 0
