"""The environment of hash maps, and of maps whose programs change: system calls and programs."""

from psockmc.kernel.spinlock import spin_lock, spin_lock_irqsave, spin_unlock, spin_unlock_irqrestore, spinlock_t
from psockmc.lang import NULL, Ptr, Struct, instance, kernel, rcu_read_lock, rcu_read_unlock, user

from models.skbuff import sk_buff
from models.skmsg_verdict import bpf_prog, sk_action
from models.sock import file, hash_t, int_t, sock_put
from models.sock_hash import (
    bpf_shtab,
    bpf_sk_redirect_hash,
    key_t,
    sock_hash_delete_elem,
    sock_hash_free,
    sock_hash_lookup,
    sock_hash_release_progs,
    sock_hash_update_elem,
    sock_hash_update_elem_sys,
)
from models.sock_map import (
    BPF_ANY,
    __sock_map_lookup_elem,
    bpf_sk_release,
    bpf_stab,
    flags_t,
    slot_t,
    sock_map_delete_elem,
    sock_map_update_elem,
)
from models.syscalls import map0
from models.tcp import __inet_lookup_established
from models.tracing import BPF_PROG_TYPE_SCHED_CLS, BPF_PROG_TYPE_TRACEPOINT, may_update_sockmap

map2 = instance(bpf_stab)
htab0 = instance(bpf_shtab, max_entries=2)
small_htab = instance(bpf_shtab, max_entries=1)


class bpf_htab_fd(Struct, name="htabfd"):
    """A file descriptor of a hash map that may go away."""

    htab: Ptr[bpf_shtab]


htabfd0 = instance(bpf_htab_fd)


@user
def redirect_to_key(skb: Ptr[sk_buff]) -> sk_action:
    """Everything is sent on the socket under key 1."""
    return bpf_sk_redirect_hash(skb, htab0, 1, False)


prog_redirect_hash = instance(bpf_prog, run=redirect_to_key)


# ---------------------------------------------------------------- system calls


@user
def sys_hash_update(htab: Ptr[bpf_shtab], key: key_t, fd: Ptr[file], flags: flags_t) -> None:
    """bpf(BPF_MAP_UPDATE_ELEM)."""
    sock_hash_update_elem_sys(htab, key, fd, flags)


@kernel("kernel/bpf/syscall.c")
def hash_delete_elem(htab: Ptr[bpf_shtab], key: key_t) -> int_t:
    """map_delete_elem() of a hash map."""
    rcu_read_lock()
    err = sock_hash_delete_elem(htab, key)
    rcu_read_unlock()
    return err


@user
def sys_hash_delete(htab: Ptr[bpf_shtab], key: key_t) -> None:
    """bpf(BPF_MAP_DELETE_ELEM)."""
    hash_delete_elem(htab, key)


@user
def sys_hash_close(htabfd: Ptr[bpf_htab_fd]) -> None:
    """The last reference on the map goes. The kernel frees it in a kworker, which this process stands for."""
    htab = htabfd.htab
    htabfd.htab = NULL
    sock_hash_release_progs(htab)
    sock_hash_free(htab)


# ---------------------------------------------------------------- programs


@user
def program_looks_key_up(key: key_t) -> None:
    """A program looks the socket of a key up and lets it go."""
    sk = sock_hash_lookup(htab0, key)
    if sk:
        bpf_sk_release(sk)


@user
def program_updates_key(hash: hash_t, key: key_t) -> None:
    """A program that runs for a packet puts the packet's socket into the hash map."""
    sk = __inet_lookup_established(hash)
    if sk:
        sock_hash_update_elem(htab0, key, sk, BPF_ANY)
        sock_put(sk)


@user
def iterator_copies_entry() -> None:
    """A program that walks the array map, in a process, puts the socket of slot 0 into another map, too."""
    rcu_read_lock()
    sk = __sock_map_lookup_elem(map0, 0)
    if sk:
        sock_map_update_elem(map2, 0, sk, BPF_ANY)
    rcu_read_unlock()


@user
def program_deletes(key: slot_t) -> None:
    """A program deletes from the array map."""
    sock_map_delete_elem(map0, key)


@user
def egress_program_deletes() -> None:
    """A program at the egress of a device deletes from the array map."""
    if may_update_sockmap(BPF_PROG_TYPE_SCHED_CLS):
        sock_map_delete_elem(map0, 0)


@user
def program_deletes_key(key: key_t) -> None:
    """A program deletes from the hash map."""
    sock_hash_delete_elem(htab0, key)


# ---------------------------------------------------------------- programs on tracepoints


class host_lock(Struct, name="host_lock"):
    """A lock of the kernel that interrupt handlers take, such as a runqueue's."""

    lock: spinlock_t


host_lock0 = instance(host_lock)


@user
def tracing_program_deletes() -> None:
    """A program on a tracepoint that deletes from the map, if such a program can be loaded."""
    if may_update_sockmap(BPF_PROG_TYPE_TRACEPOINT):
        sock_map_delete_elem(map0, 0)


@user
def pass_a_tracepoint() -> None:
    """The kernel passes a tracepoint with a lock held and interrupts off."""
    spin_lock_irqsave(host_lock0.lock)
    tracing_program_deletes()
    spin_unlock_irqrestore(host_lock0.lock)


@user
def timer_interrupt() -> None:
    """An interrupt handler that takes that lock."""
    spin_lock(host_lock0.lock)
    spin_unlock(host_lock0.lock)
