from psockmc.lang import Array, Callable, Int, ListHead, Ptr, Struct


class sock(Struct):
    a: Ptr
    b: Ptr[sock, sock]
    c: Int[3]
    d: Callable[sock]
    e: "sock"
    f: Array
    g: sock.h
