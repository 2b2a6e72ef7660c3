"""bpf_tcp_ingress() and sk_msg_recvmsg() as they were before d888b7af7c14 (v6.13): sk_rmem_alloc was left alone."""

from psockmc.lang import Ptr, replaces, s32

from models.ring.sock import rmem_alloc_add, rmem_alloc_sub
from models.ring.types import sock


@replaces(rmem_alloc_add)
def nothing_is_added(sk: Ptr[sock], size: s32) -> None:
    """Nothing."""
    pass


@replaces(rmem_alloc_sub)
def nothing_is_subtracted(sk: Ptr[sock], size: s32) -> None:
    """Nothing."""
    pass
