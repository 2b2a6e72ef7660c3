"""A delete puts the reference of a slot and leaves the socket in it."""

from psockmc.kernel.spinlock import spin_lock_bh, spin_unlock_bh
from psockmc.lang import NULL, Ptr, replaces

from models.sock import int_t, sock
from models.sock_map import __sock_map_delete, bpf_stab, slot_t, sock_map_unref


@replaces(__sock_map_delete)
def empty_a_slot(stab: Ptr[bpf_stab], sk_test: Ptr[sock], psk: slot_t) -> int_t:
    """Empties nothing."""
    spin_lock_bh(stab.lock)
    sk = stab.sks[psk]
    if sk:
        sk.taken += 1
        sock_map_unref(sk, stab, psk, NULL)
    spin_unlock_bh(stab.lock)
    return 0
