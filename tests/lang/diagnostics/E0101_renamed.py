from psockmc.kernel.spinlock import spin_lock as take
from psockmc.lang import user


@user
def f() -> None:
    take()
