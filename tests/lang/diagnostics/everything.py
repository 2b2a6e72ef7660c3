"""Every form of the language once, and nothing wrong with it."""

from __future__ import annotations

from psockmc.kernel.rcu import call_rcu, rcu_head
from psockmc.kernel.spinlock import spin_lock_bh, spin_unlock_bh, spinlock_t
from psockmc.kernel.wait import wait_queue_head, wake_up
from psockmc.lang import (
    CONTEXTS,
    GFP_ATOMIC,
    GFP_KERNEL,
    HOLDS,
    NOBODY,
    NULL,
    READ_ONCE,
    VIOLATED,
    WRITE_ONCE,
    Array,
    Callable,
    Const,
    Ctx,
    CtxSet,
    Enum,
    Flags,
    Ghost,
    Int,
    ListHead,
    Ptr,
    Struct,
    assume,
    at_end,
    atomic,
    atomic_add,
    atomic_read,
    check,
    choose,
    clear_bit,
    cmpxchg,
    container_of,
    count,
    cover,
    current,
    current_bit,
    hardirq,
    instance,
    invariant,
    kernel,
    kfree,
    kzalloc,
    list_add_tail,
    list_del,
    list_empty,
    list_first_entry_or_null,
    live,
    omits,
    process,
    pure,
    rcu_assign_pointer,
    rcu_dereference,
    rcu_read_lock,
    rcu_read_unlock,
    s32,
    scenario,
    set_bit,
    softirq,
    test_and_set_bit,
    test_bit,
    u8,
    u32,
    u64,
    user,
    wait_event,
    xchg,
)

LIMIT = 1 << 2
HALF = LIMIT // 2
size_t = Int[0, LIMIT - 1]
byte = u8


class verdict(Enum):
    """What a program says."""

    SK_DROP = 0
    SK_PASS = 1


class state(Flags):
    TX = 0
    RX = 1


class queue(Struct):
    """Embedded in a socket."""

    lock: spinlock_t
    items: ListHead[item]
    len: size_t


class item(Struct, name="it"):
    rcu: rcu_head
    value: byte = HALF
    weight: Int[1, 3] = 2
    verdict: verdict = SK_PASS


class sock(Struct):
    queue: queue
    wq: wait_queue_head
    user_data: Ptr[item]
    ready: Callable[[Ptr[sock]], None]
    protocol: Const[u32] = 6
    flags: state = 1 << TX | 1 << RX
    last: verdict
    big: u64
    diff: s32
    slots: Array[Ptr[item], HALF]
    holders: Array[Ctx, CONTEXTS]
    seen: CtxSet
    closed: bool = False
    puts: Ghost[size_t]


@kernel("net/core/sock.c")
def sock_def_readable(sk: Ptr[sock]) -> None:
    omits("asynchronous notification")
    wake_up(sk.wq)


sock0 = instance(sock, ready=sock_def_readable, protocol=17, flags=0)
sock1 = instance(sock, closed=True, user_data=NULL)


@kernel("net/core/sock.c", recursion=2)
def item_free(head: rcu_head) -> None:
    kfree(container_of(head, item, "rcu"))


@kernel("net/core/sock.c")
def enqueue(sk: Ptr[sock], it: Ptr[item]) -> bool:
    """Queues an item unless the queue is full."""
    spin_lock_bh(sk.queue.lock)
    full = sk.queue.len == LIMIT - 1 or not test_bit(TX, sk.flags)
    if not full:
        list_add_tail(it, sk.queue.items)
        sk.queue.len += 1
        sk.puts = sk.puts + 1
    spin_unlock_bh(sk.queue.lock)
    if sk.ready:
        sk.ready(sk)
    return not full


@kernel("net/core/sock.c")
def verdict_of(it: Ptr[item]) -> verdict:
    v = it.verdict if it != NULL else SK_DROP
    return v


@kernel("net/core/sock.c")
def purge(sk: Ptr[sock]) -> u32:
    freed: u32 = 0
    for it in sk.queue.items:
        if verdict_of(it) == SK_DROP:
            continue
        list_del(it, sk.queue.items)
        call_rcu(it.rcu, item_free)
        freed += 1
    for i in range(HALF):
        old = xchg(sk.slots[i], NULL)
        if old == NULL:
            break
    while READ_ONCE(sk.diff) < -1:
        first = list_first_entry_or_null(sk.queue.items)
        if list_empty(sk.queue.items) or not first:
            break
    return freed


@user
def work(sk: Ptr[sock], tries: Int[0, 3]) -> None:
    it = kzalloc(item, GFP_KERNEL)
    if it == NULL:
        return
    n = choose(3)
    stop = choose()
    rcu_assign_pointer(sk.user_data, it)
    rcu_read_lock()
    p = rcu_dereference(sk.user_data)
    rcu_read_unlock()
    assume(p != NULL and n <= tries)
    check(all(s.big >= 0 for s in sock if live(s)), "a sentence")
    check(count(q for q in sk.queue.items) <= LIMIT and not any(h == current() for h in sk.holders), "few")
    with atomic("a test of the parser"):
        sk.holders[current()] = current()
        sk.seen |= current_bit()
        sk.seen = sk.seen | 0
        sk.seen &= ~current_bit()
        WRITE_ONCE(sk.diff, -sk.diff)
    if stop:
        set_bit(RX, sk.flags)
        clear_bit(RX, sk.flags)
        already = test_and_set_bit(TX, sk.flags)
        assume(already)
    elif cmpxchg(sk.big, 0, 1) == 0:
        atomic_add(1, sk.big)
        sk.big = sk.big * 2 + (sk.protocol << 3) - ~sk.diff % 3 ^ 5 & 0xFF | 1 >> 0
        cover("somebody was first")
    else:
        wait_event(sk.wq, sk.closed or atomic_read(sk.big) > 3)
    owner: Ctx = NOBODY
    if sk.holders[0] != owner:
        pass


@user
def prepare() -> None:
    sock0.protocol = 6
    sock1.big = 3


@pure
def is_open(sk: Ptr[sock]) -> bool:
    if sk.closed:
        return False
    return True


@invariant("I01", "an open socket has data")
def I01_has_data(sk: Ptr[sock]) -> bool:
    return not is_open(sk) or live(sk.user_data)


@at_end("I02", "queues end empty")
def ends_empty(sk: Ptr[sock]) -> bool:
    return list_empty(sk.queue.items)


LIFECYCLE = [I01_has_data]
ALL = LIFECYCLE + [I02]

WITHOUT_THE_LOCK = "the flags are read without the lock"

two_writers = scenario(
    "two writers and an interrupt",
    setup=prepare,
    run=[
        process(work, sock0, 1, cpu=0, name="writer"),
        softirq(sock_def_readable, sock0, cpu=0),
        hardirq(sock_def_readable, sock1),
    ],
    pools={item: 2},
    properties=ALL + LIFECYCLE,
    expect={"data-race": VIOLATED, "I02": HOLDS},
    why={"data-race": WITHOUT_THE_LOCK, "I02": "spelt out"},
    may_fail=[item],
    workers_cpu=1,
)
