# holds
# states: 22, transitions: 30, depth: 9
"""With the lock released first the cancel gets through."""

from psockmc.kernel.socklock import lock_sock, release_sock, socket_lock_t
from psockmc.kernel.work import (
    INIT_DELAYED_WORK,
    cancel_delayed_work_sync,
    delayed_work,
    schedule_delayed_work,
    work_struct,
)
from psockmc.lang import Struct, instance, process, scenario, user


class sock(Struct):
    sk_lock: socket_lock_t
    work: delayed_work


sk = instance(sock)


@user
def backlog(work: work_struct) -> None:
    lock_sock(sk.sk_lock)
    release_sock(sk.sk_lock)


@user
def close() -> None:
    INIT_DELAYED_WORK(sk.work, backlog)
    schedule_delayed_work(sk.work, 0)
    lock_sock(sk.sk_lock)
    release_sock(sk.sk_lock)
    cancel_delayed_work_sync(sk.work)


test = scenario("cancel with the socket unlocked", run=[process(close)])
