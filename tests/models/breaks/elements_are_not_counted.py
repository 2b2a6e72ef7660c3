"""A hash map does not count the elements that it frees."""

from psockmc.kernel.rcu import call_rcu
from psockmc.lang import Ptr, replaces

from models.sock_hash import bpf_shtab, bpf_shtab_elem, sock_hash_elem_free_rcu, sock_hash_free_elem


@replaces(sock_hash_free_elem)
def sock_hash_free_elem(htab: Ptr[bpf_shtab], elem: Ptr[bpf_shtab_elem]) -> None:
    """Frees, and leaves the count alone."""
    call_rcu(elem.rcu, sock_hash_elem_free_rcu)
