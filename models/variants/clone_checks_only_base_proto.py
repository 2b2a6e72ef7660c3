"""The copy's table as it was chosen before ddce1e091757 (v6.2): only the table of a psock without programs is known."""

from psockmc.lang import Ptr, replaces

from models.listener import tcp_bpf_clone
from models.sock import sock
from models.tcp_bpf import tcp_bpf_prots_base


@replaces(tcp_bpf_clone)
def tcp_bpf_clone(sk: Ptr[sock], newsk: Ptr[sock]) -> None:
    """A copy of a listener with a program keeps one of our tables, and has no psock."""
    if newsk.sk_prot == tcp_bpf_prots_base:
        newsk.sk_prot = sk.sk_prot_creator
