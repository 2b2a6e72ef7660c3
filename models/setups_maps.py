"""How scenarios about hash maps, and about several maps, begin."""

from psockmc.lang import GFP_KERNEL, kzalloc, user

from models.setups import (
    closable,
    connect,
    received,
    receiving,
    receiving_socket_in_map,
    redirected,
    socket_and_another,
)
from models.sock_hash import bpf_shtab
from models.sock_map import BPF_ANY
from models.syscalls import fd0, fd1, map0, prog_pass, sys_map_update
from models.syscalls_maps import (
    htab0,
    htabfd0,
    map2,
    prog_redirect_hash,
    small_htab,
    sys_hash_update,
    tracing_program_deletes,
)
from models.tcp import tcp_v4_rcv
from models.tracing import kfree_tracepoint


@user
def socket_in_hash() -> None:
    """One socket under key 0, whose program lets everything pass."""
    closable(fd0)
    connect(fd0, 0, True)
    htab0.progs.stream_verdict = prog_pass
    sys_hash_update(htab0, 0, fd0, BPF_ANY)


@user
def plain_socket_in_hash() -> None:
    """One socket under key 0 of a map without a program."""
    closable(fd0)
    connect(fd0, 0, True)
    sys_hash_update(htab0, 0, fd0, BPF_ANY)


@user
def two_sockets_in_hash() -> None:
    """Two sockets under keys 0 and 1, so the second is first in the chain."""
    plain_socket_in_hash()
    closable(fd1)
    connect(fd1, 1, True)
    sys_hash_update(htab0, 1, fd1, BPF_ANY)


@user
def socket_in_hash_and_another() -> None:
    """A socket under key 0, another one outside of the map."""
    plain_socket_in_hash()
    closable(fd1)
    connect(fd1, 1, True)


@user
def full_hash_and_another_socket() -> None:
    """A socket under key 0 of a map that is full with it, another one outside of the map."""
    closable(fd0)
    connect(fd0, 0, True)
    connect(fd1, 1, True)
    sys_hash_update(small_htab, 0, fd0, BPF_ANY)


@user
def socket_redirecting_to_a_key() -> None:
    """Slot 0 of an array map holds a socket whose data is sent on the socket under key 1 of a hash map."""
    closable(fd1)
    receiving(connect(fd0, 0, True))
    connect(fd1, 1, True)
    sys_hash_update(htab0, 1, fd1, BPF_ANY)
    map0.progs.stream_verdict = prog_redirect_hash
    sys_map_update(map0, 0, fd0, BPF_ANY)


@user
def socket_in_both_kinds() -> None:
    """A socket in an array map with a program and in a hash map without."""
    plain_socket_in_hash()
    map0.progs.stream_verdict = prog_pass
    sys_map_update(map0, 0, fd0, BPF_ANY)


@user
def hash_with_an_end() -> None:
    """A socket under key 0 of a hash map that can be freed."""
    closable(fd0)
    connect(fd0, 0, True)
    htab = kzalloc(bpf_shtab, GFP_KERNEL)
    htab.max_entries = 2
    htabfd0.htab = htab
    htab.progs.stream_verdict = prog_pass
    sys_hash_update(htab, 0, fd0, BPF_ANY)


@user
def hash_with_an_end_and_two_sockets() -> None:
    """Two sockets in a hash map that can be freed, which has no program."""
    closable(fd0)
    closable(fd1)
    connect(fd0, 0, True)
    connect(fd1, 1, True)
    htab = kzalloc(bpf_shtab, GFP_KERNEL)
    htab.max_entries = 2
    htabfd0.htab = htab
    sys_hash_update(htab, 0, fd0, BPF_ANY)
    sys_hash_update(htab, 1, fd1, BPF_ANY)


@user
def occupied_slot_and_another_socket() -> None:
    """Two maps: a socket in slot 0 of the one with a program, another one in slot 1 of the one without."""
    connect(fd0, 0, True)
    sys_map_update(map2, 1, fd0, BPF_ANY)
    receiving(connect(fd1, 1, True))
    map0.progs.stream_verdict = prog_pass
    sys_map_update(map0, 0, fd1, BPF_ANY)


@user
def traced_socket_and_another() -> None:
    """A socket in slot 0, another one outside of the map, and a program on the tracepoint of kfree()."""
    socket_and_another()
    kfree_tracepoint.run = tracing_program_deletes


@user
def message_for_the_reader() -> None:
    """A socket in slot 0, whose program has let a packet pass that nobody has read."""
    receiving_socket_in_map()
    tcp_v4_rcv(0, 1)


@user
def data_before_and_after_the_map() -> None:
    """A sender's first data came through TCP before its peer was in the map; what it sends next is redirected."""
    sk = connect(fd0, 0, True)
    received(sk, 1)
    sys_map_update(map0, 0, fd0, BPF_ANY)
    redirected(sk, 2, True)


@user
def verdicts_of_two_kinds() -> None:
    """A socket in slot 0 of a map with a skb_verdict; another map has a stream_verdict."""
    connect(fd0, 0, True)
    map0.progs.skb_verdict = prog_pass
    sys_map_update(map0, 0, fd0, BPF_ANY)
    map2.progs.stream_verdict = prog_pass
