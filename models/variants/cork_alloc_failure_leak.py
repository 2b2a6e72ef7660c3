"""The cork as it was before a3967baad4d5 (v6.17): without memory for it, the message is left as it is."""

from psockmc.lang import GFP_ATOMIC, Ptr, kzalloc, replaces

from models.skmsg import sk_msg, sk_psock
from models.skmsg_send import memcpy_msg
from models.sock import ENOMEM, int_t, sock
from models.tcp_bpf_send import tcp_bpf_cork


@replaces(tcp_bpf_cork)
def tcp_bpf_cork(sk: Ptr[sock], psock: Ptr[sk_psock], msg: Ptr[sk_msg]) -> int_t:
    """Returns with the message's pages, and their charge."""
    psock.cork_bytes = msg.cork_bytes - msg.sg.size
    if not psock.cork:
        psock.cork = kzalloc(sk_msg, GFP_ATOMIC)
        if not psock.cork:
            return -ENOMEM
    if psock.cork != msg:
        memcpy_msg(psock.cork, msg)
    return 0
