from psockmc.lang import Enum, Struct


class sock:
    pass


class tcp_sock(sock, Struct):
    pass


class named(Struct, name="two words"):
    pass


class verdict(Enum, name="v"):
    SK_DROP = 0
