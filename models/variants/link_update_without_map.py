"""The update of a link as it was before 740be3b9a6d7 (v6.12): it does not ask whether the link was detached.

A link that was detached has no map any more.
"""

from psockmc.kernel.mutex import mutex_lock, mutex_unlock
from psockmc.lang import Ptr, replaces

from models.skmsg_verdict import bpf_prog
from models.sock import EBUSY, EPERM, int_t
from models.sock_map_progs import sock_map_link_exchange, sock_map_link_update_prog, sockmap_link, sockmap_mutex


@replaces(sock_map_link_update_prog)
def sock_map_link_update_prog(link: Ptr[sockmap_link], prog: Ptr[bpf_prog], old: Ptr[bpf_prog]) -> int_t:
    """The programs of the link's map are looked at, whether it has one or not."""
    mutex_lock(sockmap_mutex.lock)
    if old and link.prog != old:
        ret = -EPERM
    elif link.map.progs.skb_verdict or link.map.progs.stream_verdict_link != link:
        ret = -EBUSY
    else:
        ret = sock_map_link_exchange(link, prog, old)
    mutex_unlock(sockmap_mutex.lock)
    return ret
