"""The reference of an entry is put twice."""

from psockmc.lang import Ptr, replaces

from models.skmsg import sk_psock, sk_psock_put
from models.sock import sock
from models.sock_hash import bpf_shtab_elem
from models.sock_map import bpf_stab, slot_t, sock_map_unref


@replaces(sock_map_unref)
def sock_map_unref(sk: Ptr[sock], map: Ptr[bpf_stab], link_raw: slot_t, elem: Ptr[bpf_shtab_elem]) -> None:
    """With the reference of another entry."""
    psock = sk_psock(sk)
    if psock:
        sk.taken -= 1
        psock.entries -= 1
        psock.temps += 1
        sk_psock_put(sk, psock)
        sk_psock_put(sk, psock)
