"""Who takes its own socket out of a slot takes out whatever socket is there."""

from psockmc.kernel.spinlock import spin_lock_bh, spin_unlock_bh
from psockmc.lang import NULL, Ptr, replaces, xchg

from models.sock import EINVAL, int_t, sock
from models.sock_map import __sock_map_delete, bpf_stab, slot_t, sock_map_unref


@replaces(__sock_map_delete)
def __sock_map_delete(stab: Ptr[bpf_stab], sk_test: Ptr[sock], psk: slot_t) -> int_t:
    """Does not compare."""
    err: int_t = 0
    spin_lock_bh(stab.lock)
    sk = xchg(stab.sks[psk], NULL)
    if sk:
        sk.taken += 1
        sock_map_unref(sk, stab, psk, NULL)
    else:
        err = -EINVAL
    spin_unlock_bh(stab.lock)
    return err
