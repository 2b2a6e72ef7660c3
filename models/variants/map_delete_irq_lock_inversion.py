"""The verifier before ff9105993240 (v6.9) and 98e948fb60d4 (v6.10): any program may delete from a map of sockets.

A program on a tracepoint may run with interrupts off and a lock held that interrupt handlers take; the locks of maps
do not keep interrupts off.
"""

from psockmc.lang import replaces

from models.tracing import bpf_prog_type, may_update_sockmap


@replaces(may_update_sockmap)
def may_update_sockmap(type: bpf_prog_type) -> bool:
    """Every type."""
    return True
