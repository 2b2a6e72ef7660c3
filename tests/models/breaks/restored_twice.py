"""The protocol is restored twice."""

from psockmc.lang import Ptr, replaces

from models.skmsg import sk_psock, sk_psock_restore_proto
from models.sock import sock


@replaces(sk_psock_restore_proto)
def sk_psock_restore_proto(sk: Ptr[sock], psock: Ptr[sk_psock]) -> None:
    """Once more than it should."""
    psock.psock_update_sk_prot(sk, psock, True)
    psock.psock_update_sk_prot(sk, psock, True)
