"""What is redirected to the reader of the socket itself counts as read at once, and again when it is read.

sk_psock_verdict_apply() as it was before 490a83d6386e, for a program that redirects everything.
"""

from psockmc.lang import Ptr, replaces

from models.skbuff import sk_buff
from models.skmsg import sk_psock
from models.skmsg_verdict import __sk_action, sk_psock_skb_redirect, sk_psock_verdict_apply
from models.sock import int_t
from models.tcp_bpf import tcp_eat_skb


@replaces(sk_psock_verdict_apply)
def redirect(psock: Ptr[sk_psock], skb: Ptr[sk_buff], verdict: __sk_action) -> int_t:
    """Does not look whether the target is the socket itself."""
    tcp_eat_skb(psock.sk, skb)
    return sk_psock_skb_redirect(psock, skb)
