"""Who puts an element on a chain forgets those that are there."""

from psockmc.lang import Ptr, rcu_assign_pointer, replaces

from models.sock_hash import bpf_shtab_bucket, bpf_shtab_elem, hlist_add_head_rcu


@replaces(hlist_add_head_rcu)
def hlist_add_head_rcu(n: Ptr[bpf_shtab_elem], h: bpf_shtab_bucket) -> None:
    """The first one only."""
    rcu_assign_pointer(h.first, n)
