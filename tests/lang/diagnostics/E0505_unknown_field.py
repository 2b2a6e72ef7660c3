from psockmc.lang import Ptr, Struct, container_of, instance, u32, user


class inner(Struct):
    n: u32


class sock(Struct):
    refcnt: u32
    inner: inner


@user
def f(sk: Ptr[sock], i: inner) -> None:
    sk.refcount = 3
    sk.inner.m = 4
    p = container_of(i, sock, "iner")


sock0 = instance(sock, refcnt=1, refs=2)
