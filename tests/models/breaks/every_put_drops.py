"""Every put of a psock detaches it, not only the last one."""

from psockmc.kernel.refcount import refcount_dec_and_test
from psockmc.lang import Ptr, replaces

from models.skmsg import sk_psock, sk_psock_drop, sk_psock_put
from models.sock import sock


@replaces(sk_psock_put)
def sk_psock_put(sk: Ptr[sock], psock: Ptr[sk_psock]) -> None:
    """Does not look whether it was the last."""
    refcount_dec_and_test(psock.refcnt)
    psock.temps -= 1
    sk_psock_drop(sk, psock)
