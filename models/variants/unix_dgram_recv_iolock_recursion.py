"""Reading from an AF_UNIX socket in a map as it was before 0b8464459858 (v5.15): native data is read under iolock.

The native read takes iolock itself.
"""

from psockmc.kernel.mutex import mutex_lock, mutex_unlock
from psockmc.lang import Ptr, replaces

from models.skbuff import skb_queue_empty
from models.skmsg import sk_psock_get, sk_psock_put
from models.skmsg_ingress import sk_msg_recvmsg, sk_psock_queue_empty
from models.sock import EAGAIN, bytes_t, int_t, msg_flags_t, sock
from models.unix_bpf import __unix_recvmsg, unix_bpf_recvmsg, unix_msg_wait_data


@replaces(unix_bpf_recvmsg)
def unix_bpf_recvmsg(sk: Ptr[sock], len: bytes_t, flags: msg_flags_t) -> int_t:
    """Keeps iolock, and the psock, over the native read."""
    psock = sk_psock_get(sk)
    if not psock:
        return __unix_recvmsg(sk, len, flags)
    mutex_lock(sk.unix.iolock)
    native = not skb_queue_empty(sk.sk_receive_queue) and sk_psock_queue_empty(psock)
    copied: int_t = 0
    while not copied and not native:
        copied = sk_msg_recvmsg(sk, psock, len, flags)
        if not copied:
            if not unix_msg_wait_data(sk, psock, flags):
                copied = -EAGAIN
            elif sk_psock_queue_empty(psock):
                native = True
    if native:
        copied = __unix_recvmsg(sk, len, flags)
    mutex_unlock(sk.unix.iolock)
    sk_psock_put(sk, psock)
    return copied
