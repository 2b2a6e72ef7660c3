"""The update as it was before 585f5a6252ee (v4.19): it looks whether the slot is empty before it takes the lock."""

from psockmc.kernel.spinlock import spin_lock_bh, spin_unlock_bh
from psockmc.lang import GFP_ATOMIC, NULL, Ptr, kzalloc, replaces

from models.skmsg import sk_psock, sk_psock_free_link, sk_psock_link
from models.sock import EEXIST, ENOENT, ENOMEM, int_t, sock
from models.sock_map import (
    BPF_EXIST,
    BPF_NOEXIST,
    bpf_stab,
    flags_t,
    slot_t,
    sock_map_add_link,
    sock_map_link,
    sock_map_unref,
    sock_map_update_common,
)


@replaces(sock_map_update_common)
def sock_map_update_common(map: Ptr[bpf_stab], idx: slot_t, sk: Ptr[sock], flags: flags_t) -> int_t:
    """Two updates may both find the slot empty."""
    osk = map.sks[idx]
    if osk and flags == BPF_NOEXIST:
        return -EEXIST
    if not osk and flags == BPF_EXIST:
        return -ENOENT
    link = kzalloc(sk_psock_link, GFP_ATOMIC)
    if not link:
        return -ENOMEM
    link.map = map
    link.link_raw = idx
    ret = sock_map_link(map.progs, sk)
    if ret < 0:
        sk_psock_free_link(link)
        return ret
    psock = sk_psock(sk)
    spin_lock_bh(map.lock)
    osk = map.sks[idx]
    sock_map_add_link(psock, link)
    map.sks[idx] = sk
    map.replaced = map.replaced or (osk != NULL and flags == BPF_NOEXIST)
    psock.entries += 1
    psock.temps -= 1
    if osk:
        osk.taken += 1
        sock_map_unref(osk, map, idx, NULL)
    spin_unlock_bh(map.lock)
    return 0
