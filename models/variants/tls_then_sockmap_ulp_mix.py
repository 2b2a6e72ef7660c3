"""The attaching as it was before 0e858739c2d2 (v5.3): a socket with TLS gets a psock like any other.

What the psock saves is TLS's, and what TLS is told to go back to is TLS's, too.
"""

from psockmc.kernel.refcount import refcount_set
from psockmc.kernel.rwlock import write_lock_bh, write_unlock_bh
from psockmc.kernel.work import INIT_DELAYED_WORK
from psockmc.lang import (
    GFP_ATOMIC,
    NOBODY,
    NULL,
    READ_ONCE,
    Ptr,
    current,
    kzalloc,
    rcu_assign_pointer,
    replaces,
    set_bit,
)

from models.skmsg import SK_PSOCK_TX_ENABLED, sk_psock, sk_psock_init
from models.skmsg_ingress import sk_psock_backlog
from models.sock import sock, sock_hold


@replaces(sk_psock_init)
def sk_psock_init(sk: Ptr[sock]) -> Ptr[sk_psock]:
    """Does not ask for an upper layer protocol."""
    write_lock_bh(sk.sk_callback_lock)
    if sk.sk_user_data:
        write_unlock_bh(sk.sk_callback_lock)
        return NULL
    psock = kzalloc(sk_psock, GFP_ATOMIC)
    if not psock:
        write_unlock_bh(sk.sk_callback_lock)
        return NULL
    prot = READ_ONCE(sk.sk_prot)
    psock.sk = sk
    psock.sk_proto = prot
    psock.saved_unhash = prot.unhash
    psock.saved_destroy = prot.destroy
    psock.saved_close = prot.close
    psock.saved_write_space = sk.sk_write_space
    INIT_DELAYED_WORK(psock.work, sk_psock_backlog)
    set_bit(SK_PSOCK_TX_ENABLED, psock.state)
    refcount_set(psock.refcnt, 1)
    psock.temps = 1
    rcu_assign_pointer(sk.sk_user_data, psock)
    sk.user_data_writer = current()
    sock_hold(sk)
    sk.user_data_writer = NOBODY
    write_unlock_bh(sk.sk_callback_lock)
    return psock
