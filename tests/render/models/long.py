"""A run in which most steps are nobody else's business."""

from psockmc.kernel.refcount import refcount_set, refcount_t
from psockmc.kernel.spinlock import spin_lock_bh, spin_unlock_bh, spinlock_t
from psockmc.lang import (
    GFP_ATOMIC,
    WRITE_ONCE,
    Int,
    Ptr,
    Struct,
    instance,
    kernel,
    kfree,
    kzalloc,
    process,
    rcu_assign_pointer,
    rcu_dereference,
    scenario,
    user,
)


class sk_psock(Struct, name="psock"):
    eval: Int[0, 3]
    refcnt: refcount_t
    link_lock: spinlock_t
    own: Int[0, 9]
    other: Int[0, 9]


class sock(Struct, name="sk"):
    sk_user_data: Ptr[sk_psock]


sk0 = instance(sock)


@kernel("net/core/skmsg.c")
def sk_psock_busy(psock: Ptr[sk_psock]) -> None:
    for i in range(9):
        psock.own = i
        spin_lock_bh(psock.link_lock)
        spin_unlock_bh(psock.link_lock)


@kernel("net/core/skmsg.c")
def sk_psock_init(sk: Ptr[sock]) -> Ptr[sk_psock]:
    psock = kzalloc(sk_psock, GFP_ATOMIC)
    psock.eval = 1
    refcount_set(psock.refcnt, 1)
    return psock


@kernel("net/core/sock_map.c")
def sock_map_link(sk: Ptr[sock]) -> None:
    psock = sk_psock_init(sk)
    sk_psock_busy(psock)
    rcu_assign_pointer(sk.sk_user_data, psock)
    sk_psock_busy(psock)
    kfree(psock)


@user
def sys_bpf(sk: Ptr[sock]) -> None:
    sock_map_link(sk)


@kernel("net/core/skmsg.c")
def sk_psock_msg_verdict(sk: Ptr[sock]) -> None:
    psock = rcu_dereference(sk.sk_user_data)
    if psock:
        WRITE_ONCE(psock.other, 3)


link_against_sendmsg = scenario(
    "a socket is linked while a message is sent",
    run=[process(sys_bpf, sk0), process(sk_psock_msg_verdict, sk0)],
    pools={sk_psock: 1},
)
