"""The copy of a listening socket without f1ff5ce2cd5e (v5.7): it keeps the pointer to the listener's psock.

Nobody counted a reference for it. (The fix came with the patches that let listening sockets into maps.)
"""

from psockmc.kernel.refcount import refcount_set
from psockmc.kernel.socklock import bh_lock_sock
from psockmc.lang import GFP_ATOMIC, NULL, READ_ONCE, Ptr, kzalloc, replaces

from models.listener import sk_clone
from models.sock import hash_t, sock


@replaces(sk_clone)
def sk_clone(sk: Ptr[sock], hash: hash_t) -> Ptr[sock]:
    """sk_user_data is copied like everything else."""
    prot = READ_ONCE(sk.sk_prot)
    newsk = kzalloc(sock, GFP_ATOMIC)
    if not newsk:
        return NULL
    newsk.unborn = True
    newsk.sk_prot = sk.sk_prot
    newsk.sk_user_data = sk.sk_user_data
    newsk.sk_data_ready = sk.sk_data_ready
    newsk.sk_write_space = sk.sk_write_space
    newsk.sk_backlog_rcv = sk.sk_backlog_rcv
    newsk.sk_lingertime0 = sk.sk_lingertime0
    newsk.sk_prot_creator = prot
    newsk.sk_hash = hash
    bh_lock_sock(newsk.sk_lock)
    refcount_set(newsk.sk_refcnt, 2)
    return newsk
