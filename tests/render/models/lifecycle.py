"""A psock whose memory is freed without a grace period, and whose work takes no reference."""

from psockmc.kernel.refcount import refcount_dec_and_test, refcount_inc_not_zero, refcount_set, refcount_t
from psockmc.kernel.rwlock import rwlock_t, write_lock_bh, write_unlock_bh
from psockmc.kernel.work import INIT_WORK, schedule_work, work_struct
from psockmc.lang import (
    GFP_ATOMIC,
    NULL,
    Int,
    Ptr,
    Struct,
    container_of,
    instance,
    kernel,
    kfree,
    kzalloc,
    process,
    rcu_assign_pointer,
    rcu_dereference,
    rcu_read_lock,
    rcu_read_unlock,
    scenario,
    user,
)


class sk_psock(Struct, name="psock"):
    sk: Ptr[sock]
    refcnt: refcount_t
    work: work_struct


class sock(Struct, name="sk"):
    sk_user_data: Ptr[sk_psock]
    sk_callback_lock: rwlock_t
    sk_socket: Int[0, 3]


sk0 = instance(sock)


@kernel("include/linux/skmsg.h")
def sk_psock_rcu(sk: Ptr[sock]) -> Ptr[sk_psock]:
    return rcu_dereference(sk.sk_user_data)


@kernel("include/linux/skmsg.h")
def sk_psock_get(sk: Ptr[sock]) -> Ptr[sk_psock]:
    rcu_read_lock()
    psock = sk_psock_rcu(sk)
    if psock and not refcount_inc_not_zero(psock.refcnt):
        psock = NULL
    rcu_read_unlock()
    return psock


@kernel("net/core/skmsg.c")
def sk_psock_drop(sk: Ptr[sock], psock: Ptr[sk_psock]) -> None:
    write_lock_bh(sk.sk_callback_lock)
    rcu_assign_pointer(sk.sk_user_data, NULL)
    write_unlock_bh(sk.sk_callback_lock)
    kfree(psock)


@kernel("include/linux/skmsg.h")
def sk_psock_put(sk: Ptr[sock], psock: Ptr[sk_psock]) -> None:
    if refcount_dec_and_test(psock.refcnt):
        sk_psock_drop(sk, psock)


@kernel("net/core/skmsg.c")
def sk_psock_backlog(work: work_struct) -> None:
    psock = container_of(work, sk_psock, "work")
    psock.sk.sk_socket = 2
    sk_psock_put(psock.sk, psock)


@user
def attach() -> None:
    psock = kzalloc(sk_psock, GFP_ATOMIC)
    psock.sk = sk0
    refcount_set(psock.refcnt, 1)
    INIT_WORK(psock.work, sk_psock_backlog)
    sk0.sk_user_data = psock


@kernel("net/core/sock_map.c")
def sock_map_close(sk: Ptr[sock]) -> None:
    psock = sk_psock_get(sk)
    if psock:
        schedule_work(psock.work)
        sk_psock_put(sk, psock)


@kernel("net/core/sock_map.c")
def sock_map_delete_elem(sk: Ptr[sock]) -> None:
    psock = sk_psock_rcu(sk)
    if psock:
        sk_psock_put(sk, psock)


close_against_delete = scenario(
    "close() while another process deletes the socket from the map",
    setup=attach,
    run=[process(sock_map_close, sk0), process(sock_map_delete_elem, sk0)],
    pools={sk_psock: 1},
)
