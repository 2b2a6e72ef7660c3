"""The delete as it was before 45a4521dcbd9 (v5.3): the slot is loaded, and then cleared by another store.

The map's lock keeps other deletes away, but not the free of the map, which empties slots by xchg() alone.
"""

from psockmc.kernel.spinlock import spin_lock_bh, spin_unlock_bh
from psockmc.lang import NULL, Ptr, replaces

from models.sock import EINVAL, int_t, sock
from models.sock_map import __sock_map_delete, bpf_stab, slot_t, sock_map_unref


@replaces(__sock_map_delete)
def __sock_map_delete(stab: Ptr[bpf_stab], sk_test: Ptr[sock], psk: slot_t) -> int_t:
    """Both sides may find the socket in the slot."""
    err: int_t = 0
    spin_lock_bh(stab.lock)
    sk = stab.sks[psk]
    if sk_test and sk_test != sk:
        sk = NULL
    if sk:
        stab.sks[psk] = NULL
        sk.taken += 1
        sock_map_unref(sk, stab, psk, NULL)
    else:
        err = -EINVAL
    spin_unlock_bh(stab.lock)
    return err
