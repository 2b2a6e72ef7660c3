"""Nothing keeps the program whose ID is asked for."""

from psockmc.lang import Ptr, data_race, replaces

from models.sock_map import bpf_stab
from models.sock_map_progs import sock_map_bpf_prog_query


@replaces(sock_map_bpf_prog_query)
def sock_map_bpf_prog_query(map: Ptr[bpf_stab]) -> bool:
    """No RCU section."""
    id = False
    prog = map.progs.stream_verdict
    if prog:
        id = data_race(prog.id)
    return id
