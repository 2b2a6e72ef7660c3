"""The message on the sender's stack is corked as it is."""

from psockmc.lang import Ptr, replaces

from models.skmsg import sk_msg, sk_psock
from models.sock import int_t, sock
from models.tcp_bpf_send import tcp_bpf_cork


@replaces(tcp_bpf_cork)
def tcp_bpf_cork(sk: Ptr[sock], psock: Ptr[sk_psock], msg: Ptr[sk_msg]) -> int_t:
    """No message is allocated."""
    psock.cork = msg
    return 0
