"""The data_ready callback is replaced while packets arrive."""

from psockmc.kernel.spinlock import spin_lock_bh, spin_unlock_bh, spinlock_t
from psockmc.lang import (
    NULL,
    READ_ONCE,
    WRITE_ONCE,
    Callable,
    Int,
    Ptr,
    Struct,
    instance,
    kernel,
    process,
    scenario,
    softirq,
)


class sock(Struct, name="sk"):
    sk_callback_lock: spinlock_t
    sk_data_ready: Callable[[Ptr[sock]], None]
    ready: Int[0, 3]


sk0 = instance(sock, sk_data_ready=sock_def_readable)


@kernel("net/core/sock.c")
def sock_def_readable(sk: Ptr[sock]) -> None:
    WRITE_ONCE(sk.ready, 1)


@kernel("net/core/skmsg.c")
def sk_psock_verdict_data_ready(sk: Ptr[sock]) -> None:
    WRITE_ONCE(sk.ready, 2)


@kernel("net/core/skmsg.c")
def sk_psock_start_verdict(sk: Ptr[sock]) -> None:
    spin_lock_bh(sk.sk_callback_lock)
    sk.sk_data_ready = NULL
    sk.sk_data_ready = sk_psock_verdict_data_ready
    spin_unlock_bh(sk.sk_callback_lock)


@kernel("net/core/skmsg.c")
def sk_psock_start_plainly(sk: Ptr[sock]) -> None:
    sk.sk_data_ready = NULL
    sk.sk_data_ready = sk_psock_verdict_data_ready


@kernel("net/ipv4/tcp_input.c")
def tcp_data_ready(sk: Ptr[sock]) -> None:
    READ_ONCE(sk.sk_data_ready)(sk)


start_against_packet = scenario(
    "a verdict program is attached while a packet arrives",
    run=[process(sk_psock_start_verdict, sk0), softirq(tcp_data_ready, sk0)],
)

same_cpu = scenario(
    "a packet arrives on the CPU on which a verdict program is attached",
    run=[
        process(sk_psock_start_plainly, sk0, cpu=0),
        softirq(tcp_data_ready, sk0, cpu=0),
        process(sk_psock_start_plainly, sk0, cpu=0),
    ],
)
