"""A psock does not save the close() of its socket."""

from psockmc.kernel.refcount import refcount_set
from psockmc.kernel.work import INIT_DELAYED_WORK
from psockmc.lang import GFP_ATOMIC, Ptr, kzalloc, rcu_assign_pointer, replaces, set_bit

from models.skmsg import SK_PSOCK_TX_ENABLED, sk_psock, sk_psock_init
from models.skmsg_ingress import sk_psock_backlog
from models.sock import sock, sock_hold


@replaces(sk_psock_init)
def sk_psock_init(sk: Ptr[sock]) -> Ptr[sk_psock]:
    """A psock without most of what it should have."""
    psock = kzalloc(sk_psock, GFP_ATOMIC)
    psock.sk = sk
    psock.sk_proto = sk.sk_prot
    psock.saved_write_space = sk.sk_write_space
    INIT_DELAYED_WORK(psock.work, sk_psock_backlog)
    set_bit(SK_PSOCK_TX_ENABLED, psock.state)
    refcount_set(psock.refcnt, 1)
    psock.temps = 1
    rcu_assign_pointer(sk.sk_user_data, psock)
    sock_hold(sk)
    return psock
