"""A map takes every program, whatever it has."""

from psockmc.lang import Ptr, replaces, xchg

from models.skmsg_verdict import bpf_prog, bpf_prog_put
from models.sock import int_t
from models.sock_map import bpf_stab
from models.sock_map_progs import sock_map_prog_update, sockmap_link


@replaces(sock_map_prog_update)
def sock_map_prog_update(map: Ptr[bpf_stab], prog: Ptr[bpf_prog], old: Ptr[bpf_prog], link: Ptr[sockmap_link]) -> int_t:
    """Without a look at the others."""
    bpf_prog_put(xchg(map.progs.stream_verdict, prog))
    return 0
