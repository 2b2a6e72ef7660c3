"""A work item that is cancelled under a mutex which it takes; a grace period under a lock that the reader wants."""

from psockmc.kernel.mutex import mutex, mutex_lock, mutex_unlock
from psockmc.kernel.rcu import synchronize_rcu
from psockmc.kernel.spinlock import spinlock_t
from psockmc.kernel.wait import finish_wait, prepare_to_wait, schedule, wait_queue_head
from psockmc.kernel.work import INIT_WORK, cancel_work_sync, schedule_work, work_struct
from psockmc.lang import (
    Int,
    Ptr,
    Struct,
    choose,
    container_of,
    instance,
    kernel,
    process,
    rcu_read_lock,
    rcu_read_unlock,
    scenario,
    user,
)


class sk_psock(Struct, name="psock"):
    work: work_struct
    work_mutex: mutex
    link_lock: spinlock_t
    len: Int[0, 3]
    wait: wait_queue_head


psock0 = instance(sk_psock)


@kernel("net/core/skmsg.c")
def sk_psock_backlog(work: work_struct) -> None:
    psock = container_of(work, sk_psock, "work")
    mutex_lock(psock.work_mutex)
    psock.len = 1
    mutex_unlock(psock.work_mutex)


@user
def work_is_queued() -> None:
    INIT_WORK(psock0.work, sk_psock_backlog)
    schedule_work(psock0.work)


@kernel("net/core/sock_map.c")
def sock_map_close(psock: Ptr[sk_psock]) -> None:
    mutex_lock(psock.work_mutex)
    cancel_work_sync(psock.work)
    mutex_unlock(psock.work_mutex)


@kernel("net/core/sock_map.c")
def sock_map_free(psock: Ptr[sk_psock]) -> None:
    mutex_lock(psock.work_mutex)
    synchronize_rcu()
    mutex_unlock(psock.work_mutex)


@kernel("net/core/sock_map.c")
def sock_map_walk(psock: Ptr[sk_psock]) -> None:
    rcu_read_lock()
    mutex_lock(psock.work_mutex)
    mutex_unlock(psock.work_mutex)
    rcu_read_unlock()


cancel_under_mutex = scenario(
    "close() cancels the backlog under its mutex", setup=work_is_queued, run=[process(sock_map_close, psock0)]
)

grace_period_under_mutex = scenario(
    "a grace period is waited for under a mutex that a reader takes",
    run=[process(sock_map_free, psock0), process(sock_map_walk, psock0)],
)


@kernel("net/core/sock_map.c")
def sock_map_free_in_reader() -> None:
    rcu_read_lock()
    synchronize_rcu()
    rcu_read_unlock()


@kernel("net/core/sock_map.c")
def sock_map_maybe_sleep(psock: Ptr[sk_psock]) -> None:
    if choose():
        prepare_to_wait(psock.wait)
        schedule(psock.wait)
        finish_wait(psock.wait)


grace_period_of_its_own = scenario("a reader waits for readers", run=[process(sock_map_free_in_reader)])

nobody_wakes = scenario("a process may go to sleep, and nobody wakes it", run=[process(sock_map_maybe_sleep, psock0)])
