from psockmc.lang import Array, Struct


class list_head(Struct):
    next: list_head


class inner(Struct):
    outer: Array[outer, 2]


class outer(Struct):
    inner: inner
