"""The update as it was before 85b8ac01a421 (v5.6): it looks at the state of the socket before it owns the socket."""

from psockmc.kernel.socklock import lock_sock
from psockmc.lang import Ptr, rcu_read_lock, rcu_read_unlock, replaces

from models.sock import EBADF, EINVAL, EOPNOTSUPP, file, fput, int_t, release_sock_and_backlog, sockfd_lookup
from models.sock_map import (
    bpf_stab,
    flags_t,
    slot_t,
    sock_map_sk_state_allowed,
    sock_map_update_common,
    sock_map_update_elem_sys,
)


@replaces(sock_map_update_elem_sys)
def sock_map_update_elem_sys(map: Ptr[bpf_stab], idx: slot_t, fd: Ptr[file], flags: flags_t) -> int_t:
    """The state may change between the test and lock_sock()."""
    sock = sockfd_lookup(fd)
    if not sock:
        return -EBADF
    sk = sock.sk
    ret: int_t = -EINVAL
    if sk:
        if not sk.sk_prot.psock_update_sk_prot or not sock_map_sk_state_allowed(sk):
            ret = -EOPNOTSUPP
        else:
            lock_sock(sk.sk_lock)
            rcu_read_lock()
            ret = sock_map_update_common(map, idx, sk, flags)
            rcu_read_unlock()
            release_sock_and_backlog(sk)
    fput(fd)
    return ret
