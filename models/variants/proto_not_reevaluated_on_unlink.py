"""The delete as it was before c0d95d3380ee (v5.16): it puts the callback back, and leaves programs and table as they
are.

The table of a socket with a verdict reads messages only; without the callback nobody makes any.
"""

from psockmc.kernel.rwlock import write_lock_bh, write_unlock_bh
from psockmc.kernel.spinlock import spin_lock_bh, spin_unlock_bh
from psockmc.lang import NULL, WRITE_ONCE, Ptr, list_del, replaces

from models.skmsg import sk_psock, sk_psock_free_link
from models.skmsg_verdict import sk_psock_stop_verdict
from models.sock import sock
from models.sock_hash import bpf_shtab_elem
from models.sock_map import bpf_stab, slot_t, sock_map_del_link, sock_map_verdict_to_stop


@replaces(sk_psock_stop_verdict)
def sk_psock_stop_verdict(sk: Ptr[sock], psock: Ptr[sk_psock]) -> None:
    """The programs stay."""
    if not psock.saved_data_ready:
        return
    WRITE_ONCE(sk.sk_data_ready, psock.saved_data_ready)
    psock.saved_data_ready = NULL


@replaces(sock_map_del_link)
def sock_map_del_link(
    sk: Ptr[sock], psock: Ptr[sk_psock], map: Ptr[bpf_stab], link_raw: slot_t, elem: Ptr[bpf_shtab_elem]
) -> None:
    """The table is not chosen anew. (The parser, which has the same bug, is left out.)"""
    verdict_stop = False
    spin_lock_bh(psock.link_lock)
    for link in psock.link:
        if link.map == map and link.link_raw == link_raw and link.elem == elem:
            verdict_stop = sock_map_verdict_to_stop(psock, link.map.progs)
            list_del(link, psock.link)
            sk_psock_free_link(link)
            break
    spin_unlock_bh(psock.link_lock)
    if verdict_stop:
        write_lock_bh(sk.sk_callback_lock)
        sk_psock_stop_verdict(sk, psock)
        write_unlock_bh(sk.sk_callback_lock)
