"""Links are never taken off a psock."""

from psockmc.lang import Ptr, replaces

from models.skmsg import sk_psock
from models.sock import sock
from models.sock_hash import bpf_shtab_elem
from models.sock_map import bpf_stab, slot_t, sock_map_del_link


@replaces(sock_map_del_link)
def sock_map_del_link(
    sk: Ptr[sock], psock: Ptr[sk_psock], map: Ptr[bpf_stab], link_raw: slot_t, elem: Ptr[bpf_shtab_elem]
) -> None:
    """Nothing."""
    pass
