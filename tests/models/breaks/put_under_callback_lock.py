"""The reference of an entry is put under the socket's callback lock."""

from psockmc.kernel.rwlock import write_lock_bh, write_unlock_bh
from psockmc.lang import Ptr, replaces

from models.skmsg import sk_psock, sk_psock_put
from models.sock import sock
from models.sock_hash import bpf_shtab_elem
from models.sock_map import bpf_stab, slot_t, sock_map_del_link, sock_map_unref


@replaces(sock_map_unref)
def sock_map_unref(sk: Ptr[sock], map: Ptr[bpf_stab], link_raw: slot_t, elem: Ptr[bpf_shtab_elem]) -> None:
    """Holds a lock that the last put takes."""
    psock = sk_psock(sk)
    sk.taken -= 1
    psock.entries -= 1
    psock.temps += 1
    sock_map_del_link(sk, psock, map, link_raw, elem)
    write_lock_bh(sk.sk_callback_lock)
    sk_psock_put(sk, psock)
    write_unlock_bh(sk.sk_callback_lock)
