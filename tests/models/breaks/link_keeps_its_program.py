"""The update of a link gives the map another program, and leaves the link the one that it has."""

from psockmc.lang import Ptr, replaces, xchg

from models.skmsg_verdict import bpf_prog, bpf_prog_put
from models.sock import int_t
from models.sock_map_progs import sock_map_link_exchange, sockmap_link


@replaces(sock_map_link_exchange)
def sock_map_link_exchange(link: Ptr[sockmap_link], prog: Ptr[bpf_prog], old: Ptr[bpf_prog]) -> int_t:
    """The second half is missing."""
    bpf_prog_put(xchg(link.map.progs.stream_verdict, prog))
    return 0
