"""Reading from a UDP socket in a map as it was before c010995b29c8 (v7.2): readers do not keep each other out.

A reader looks at the first message and reads it without a lock; another takes the same message off and frees it.
"""

from psockmc.lang import Ptr, list_empty, rcu_dereference, replaces, wait_event

from models.skmsg import sk_psock, sk_psock_get, sk_psock_put
from models.skmsg_ingress import sk_msg_recvmsg
from models.sock import EAGAIN, MSG_DONTWAIT, RCV_SHUTDOWN, bytes_t, int_t, msg_flags_t, sock
from models.udp import udp_recvmsg
from models.udp_bpf import psock_has_data, udp_bpf_recvmsg, udp_msg_wait_data, udp_sk_has_data


@replaces(udp_msg_wait_data)
def udp_msg_wait_data(sk: Ptr[sock], psock: Ptr[sk_psock], flags: msg_flags_t) -> bool:
    """Has no socket lock to release."""
    if sk.sk_shutdown & RCV_SHUTDOWN:
        return True
    if flags & MSG_DONTWAIT:
        return False
    if udp_sk_has_data(sk) or psock_has_data(psock):
        return True
    wq = rcu_dereference(sk.sk_wq)
    wait_event(wq.wq, not list_empty(psock.ingress_msg) or not list_empty(sk.sk_receive_queue.list))
    return udp_sk_has_data(sk) or psock_has_data(psock)


@replaces(udp_bpf_recvmsg)
def udp_bpf_recvmsg(sk: Ptr[sock], len: bytes_t, flags: msg_flags_t) -> int_t:
    """Without the socket lock."""
    if not len:
        return 0
    psock = sk_psock_get(sk)
    if not psock:
        return udp_recvmsg(sk, len, flags)
    copied: int_t = 0
    native = not psock_has_data(psock)
    if not native:
        copied = sk_msg_recvmsg(sk, psock, len, flags)
        while not copied and not native:
            if not udp_msg_wait_data(sk, psock, flags):
                copied = -EAGAIN
            elif psock_has_data(psock):
                copied = sk_msg_recvmsg(sk, psock, len, flags)
            else:
                native = True
    if native:
        copied = udp_recvmsg(sk, len, flags)
    sk_psock_put(sk, psock)
    return copied
