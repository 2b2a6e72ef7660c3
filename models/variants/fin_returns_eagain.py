"""Reading messages as it was before 901546fd8f9c (v6.4): a FIN is a message like any other, and has no data to copy."""

from psockmc.lang import WRITE_ONCE, Ptr, replaces

from models.skbuff import skb_queue_empty
from models.skmsg import sk_psock
from models.skmsg_ingress import __sk_msg_recvmsg, recv_copied, recv_from_self, sk_psock_queue_empty
from models.sock import EAGAIN, MSG_PEEK, bytes_t, int_t, msg_flags_t, sock, tcp_seq_t
from models.tcp import tcp_data_ready
from models.tcp_bpf import tcp_bpf_recv_error, tcp_bpf_recv_parsed, tcp_msg_wait_data


@replaces(tcp_bpf_recv_parsed)
def tcp_bpf_recv_parsed(sk: Ptr[sock], psock: Ptr[sk_psock], len: bytes_t, flags: msg_flags_t) -> int_t:
    """Does not ask why there was nothing to copy."""
    copied: int_t = 0
    seq: tcp_seq_t = sk.copied_seq
    if not skb_queue_empty(sk.sk_receive_queue):
        tcp_data_ready(sk)
        if not skb_queue_empty(sk.sk_receive_queue):
            copied = -EAGAIN
    waits = not copied
    while waits:
        waits = False
        result = __sk_msg_recvmsg(sk, psock, len, flags)
        copied = recv_copied(result)
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
