"""A message queue with about everything wrong: four contexts."""

from psockmc.kernel.mutex import mutex, mutex_lock, mutex_unlock
from psockmc.kernel.spinlock import spin_lock_bh, spin_unlock_bh, spinlock_t
from psockmc.kernel.wait import wait_queue_head
from psockmc.lang import (
    GFP_ATOMIC,
    NULL,
    READ_ONCE,
    Int,
    ListHead,
    Ptr,
    Struct,
    at_end,
    check,
    instance,
    invariant,
    kernel,
    kfree,
    kzalloc,
    list_add_tail,
    list_del,
    list_first_entry_or_null,
    process,
    scenario,
    wait_event,
)


class msg(Struct):
    size: Int[0, 3]


class sk_psock(Struct, name="psock"):
    ingress_lock: spinlock_t
    work_mutex: mutex
    len: Int[0, 6]
    ingress_msg: ListHead[msg]
    wait: wait_queue_head
    error: Int[0, 3]


class sock(Struct, name="sk"):
    sk_user_data: Ptr[sk_psock]


sk0 = instance(sock)
psock0 = instance(sk_psock)


@invariant("I90", "at most one message is counted")
def one_message(psock: Ptr[sk_psock]) -> bool:
    return psock.len <= 1


@at_end("I91", "nothing is left to read")
def all_read(psock: Ptr[sk_psock]) -> bool:
    return psock.len == 0


@kernel("net/core/skmsg.c")
def sk_psock_queue_msg(psock: Ptr[sk_psock]) -> None:
    m = kzalloc(msg, GFP_ATOMIC)
    spin_lock_bh(psock.ingress_lock)
    list_add_tail(m, psock.ingress_msg)
    psock.len += 1
    spin_unlock_bh(psock.ingress_lock)


@kernel("net/core/skmsg.c")
def sk_psock_lose_msg(psock: Ptr[sk_psock]) -> None:
    spin_lock_bh(psock.ingress_lock)
    m = list_first_entry_or_null(psock.ingress_msg)
    if m:
        list_del(m, psock.ingress_msg)
    mutex_lock(psock.work_mutex)
    mutex_unlock(psock.work_mutex)
    spin_unlock_bh(psock.ingress_lock)


@kernel("net/ipv4/tcp_bpf.c")
def tcp_bpf_recvmsg(psock: Ptr[sk_psock]) -> None:
    wait_event(psock.wait, READ_ONCE(psock.len) > 0)
    check(sk0.sk_user_data != NULL, "the socket has a psock")
    sk0.sk_user_data.len = 2


@kernel("net/core/skmsg.c")
def sk_psock_purge(psock: Ptr[sk_psock]) -> None:
    m = kzalloc(msg, GFP_ATOMIC)
    kfree(m)
    kfree(m)


several = scenario(
    "two senders, a thief and a reader",
    run=[
        process(sk_psock_queue_msg, psock0),
        process(sk_psock_queue_msg, psock0),
        process(sk_psock_lose_msg, psock0),
        process(tcp_bpf_recvmsg, psock0),
    ],
    pools={msg: 2},
    properties=[one_message, all_read],
)

freed_twice = scenario("a message is freed twice", run=[process(sk_psock_purge, psock0)], pools={msg: 1})
