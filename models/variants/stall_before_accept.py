"""Reading as it was before ea444185a6bf (v6.4): only the callback hands native data to the verdict.

The callback does nothing before accept(), as there is no `struct socket` yet; what came then waits for the next
packet.
"""

from psockmc.lang import WRITE_ONCE, Ptr, replaces

from models.skmsg import sk_psock
from models.skmsg_ingress import __sk_msg_recvmsg, recv_copied, recv_from_self, sk_psock_queue_empty
from models.sock import EAGAIN, EFAULT, MSG_PEEK, bytes_t, int_t, msg_flags_t, sock, tcp_seq_t
from models.tcp_bpf import is_next_msg_fin, tcp_bpf_recv_error, tcp_bpf_recv_parsed, tcp_msg_wait_data


@replaces(tcp_bpf_recv_parsed)
def tcp_bpf_recv_parsed(sk: Ptr[sock], psock: Ptr[sk_psock], len: bytes_t, flags: msg_flags_t) -> int_t:
    """Nobody looks at the native queue."""
    copied: int_t = 0
    seq: tcp_seq_t = sk.copied_seq
    waits = True
    while waits:
        waits = False
        result = __sk_msg_recvmsg(sk, psock, len, flags)
        copied = recv_copied(result)
        if copied == -EFAULT and is_next_msg_fin(psock):
            copied = 0
            seq += 1
        else:
            seq += recv_from_self(result)
            if not copied:
                copied = tcp_bpf_recv_error(sk, flags)
                if copied > 0:
                    data = tcp_msg_wait_data(sk, psock)
                    waits = data and not sk_psock_queue_empty(psock)
                    copied = -EAGAIN
    if not flags & MSG_PEEK:
        WRITE_ONCE(sk.copied_seq, seq)
    return copied
