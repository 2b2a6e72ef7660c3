"""Elements are freed and never taken off their chain."""

from psockmc.lang import Ptr, replaces

from models.sock_hash import bpf_shtab_bucket, bpf_shtab_elem, hlist_del_rcu


@replaces(hlist_del_rcu)
def hlist_del_rcu(n: Ptr[bpf_shtab_elem], h: bpf_shtab_bucket) -> None:
    """Nothing."""
    pass
