from psockmc.kernel.spinlok import spin_lock
from psockmc.explore import Interpreter
from models.skmsg import sk_psock
from psockmc.lang import user


@user
def f() -> None:
    spin_lock(sk_psock)
