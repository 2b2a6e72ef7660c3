"""A psock that is made, found, dropped and freed after a grace period."""

from psockmc.kernel.rcu import INIT_RCU_WORK, queue_rcu_work, rcu_work
from psockmc.kernel.refcount import refcount_dec_and_test, refcount_inc_not_zero, refcount_set, refcount_t
from psockmc.lang import (
    GFP_ATOMIC,
    NULL,
    Ghost,
    Ptr,
    Struct,
    container_of,
    instance,
    kernel,
    kfree,
    kzalloc,
    rcu_assign_pointer,
    rcu_dereference,
    rcu_read_lock,
    rcu_read_unlock,
)


class sk_psock(Struct, name="psock"):
    refcnt: refcount_t
    rwork: rcu_work
    dropped: Ghost[bool]


class sock(Struct, name="sk"):
    sk_user_data: Ptr[sk_psock]


sk0 = instance(sock)


@kernel("net/core/skmsg.c")
def sk_psock_init(sk: Ptr[sock]) -> None:
    psock = kzalloc(sk_psock, GFP_ATOMIC)
    refcount_set(psock.refcnt, 1)
    rcu_assign_pointer(sk.sk_user_data, psock)


@kernel("net/core/skmsg.c")
def sk_psock_destroy(work: rcu_work) -> None:
    kfree(container_of(work, sk_psock, "rwork"))


@kernel("net/core/skmsg.c")
def sk_psock_drop(sk: Ptr[sock], psock: Ptr[sk_psock]) -> None:
    psock.dropped = True
    rcu_assign_pointer(sk.sk_user_data, NULL)
    INIT_RCU_WORK(psock.rwork, sk_psock_destroy)
    queue_rcu_work(psock.rwork)


@kernel("include/linux/skmsg.h")
def sk_psock_put(sk: Ptr[sock], psock: Ptr[sk_psock]) -> None:
    if refcount_dec_and_test(psock.refcnt):
        sk_psock_drop(sk, psock)


@kernel("net/core/sock_map.c")
def sock_map_update(sk: Ptr[sock]) -> None:
    """Attach a psock, and detach it again."""
    sk_psock_init(sk)
    sk_psock_put(sk, sk.sk_user_data)


@kernel("net/ipv4/tcp_bpf.c")
def tcp_bpf_sendmsg(sk: Ptr[sock]) -> None:
    """Use a psock as long as somebody has a reference on it."""
    rcu_read_lock()
    psock = rcu_dereference(sk.sk_user_data)
    if psock and refcount_inc_not_zero(psock.refcnt):
        rcu_read_unlock()
        sk_psock_put(sk, psock)
    else:
        rcu_read_unlock()
