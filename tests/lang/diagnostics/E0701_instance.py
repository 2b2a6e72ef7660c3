from psockmc.lang import Struct, instance, u32


class sock(Struct):
    n: u32


nothing = instance()
two = instance(sock, sock)
