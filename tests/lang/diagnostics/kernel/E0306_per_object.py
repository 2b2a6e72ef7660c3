"""Decorators of workers."""

from psockmc.lang import Ptr, Struct, kernel, per_object, primitive, u32


class work(Struct):
    n: u32


@primitive
@per_object(work, kind="kwoker")
def unknown_kind(w: work) -> None:
    w.n = 0


@primitive
@per_object(work, kind="kworker")
def two_parameters(w: work, n: u32) -> None:
    w.n = n


@kernel("kernel/workqueue.c")
@per_object(work, kind="kworker")
def no_primitive(w: work) -> None:
    w.n = 0


@primitive
@per_object(work)
def no_kind(w: work) -> None:
    w.n = 0
