from psockmc.lang import (
    READ_ONCE,
    Callable,
    Flags,
    ListHead,
    Ptr,
    Struct,
    container_of,
    kfree,
    kzalloc,
    list_add,
    rcu_dereference,
    set_bit,
    u32,
    user,
    wait_event,
    xchg,
)


class bits(Flags):
    TX = 0


class other(Flags):
    RX = 0


class inner(Struct):
    n: u32


class sock(Struct):
    n: u32
    flags: bits
    all: ListHead[sock]
    inner: inner
    ready: Callable[[Ptr[sock]], None]


@user
def g(i: inner) -> None:
    pass


@user
def f(sk: Ptr[sock], n: u32) -> None:
    f(n, n)
    g(sk)
    sk.ready(n)
    rcu_dereference(sk.n)
    xchg(sk.n, sk)
    set_bit(RX, sk.flags)
    set_bit(0, sk.flags)
    list_add(n, sk.all)
    READ_ONCE(sk.inner)
    kfree(sk.inner)
    kfree(3)
    kzalloc(sock, 3)
    container_of(sk, sock, "inner")
    wait_event(sk.n, sk.n == 0)
