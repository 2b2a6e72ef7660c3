from psockmc.kernel.spinlock import spin_lock, spinlock_t
from psockmc.lang import Enum, Struct, invariant, u32, user

LIMIT = 3
LIMIT = 4


class sock(Struct):
    n: u32
    n: u32


@user
def spin_lock(lock: spinlock_t) -> None:
    pass


class verdict(Enum):
    SK_DROP = 0


class act(Enum):
    SK_DROP = 0
    SK_PASS = 1


@user
def f() -> None:
    pass


@user
def f() -> None:
    pass


@invariant("I01", "one")
def one() -> bool:
    return True


@invariant("I01", "two")
def two() -> bool:
    return True
