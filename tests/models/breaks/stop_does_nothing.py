"""sk_psock_stop() does not clear the TX bit."""

from psockmc.lang import Ptr, replaces

from models.skmsg import sk_psock, sk_psock_stop


@replaces(sk_psock_stop)
def sk_psock_stop(psock: Ptr[sk_psock]) -> None:
    """Says that it is done."""
    psock.tx_cleared = True
    psock.stopped = True
