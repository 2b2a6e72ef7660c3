"""The backlog delivers nothing."""

from psockmc.kernel.work import work_struct
from psockmc.lang import replaces

from models.skmsg_ingress import sk_psock_backlog


@replaces(sk_psock_backlog)
def sk_psock_backlog(work: work_struct) -> None:
    """Nothing."""
    pass
