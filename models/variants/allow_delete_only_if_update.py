"""Between ff9105993240 (v6.9) and 98e948fb60d4 (v6.10): any program may delete from a map of sockets, but with
interrupts off the delete does nothing.

Interrupts are not what it depends on: a program may run under the map's lock itself.
"""

from psockmc.lang import replaces

from models.tracing import bpf_prog_type, may_update_sockmap


@replaces(may_update_sockmap)
def may_update_sockmap(type: bpf_prog_type) -> bool:
    """Every type. The test for interrupts changes nothing where they are on."""
    return True
