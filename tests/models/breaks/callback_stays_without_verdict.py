"""The verdict goes, the callback stays."""

from psockmc.lang import NULL, Ptr, replaces, xchg

from models.skmsg import sk_psock
from models.skmsg_verdict import sk_psock_stop_verdict
from models.sock import sock


@replaces(sk_psock_stop_verdict)
def sk_psock_stop_verdict(sk: Ptr[sock], psock: Ptr[sk_psock]) -> None:
    """Takes the program only."""
    xchg(psock.progs.stream_verdict, NULL)
