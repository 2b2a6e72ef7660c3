"""sk_psock_verdict_apply() as it was before 490a83d6386e: a redirect to the own receive queue was one like any other.

The redirect counts the bytes as copied, and reading them counts them again.
"""

from psockmc.lang import NULL, Ptr, replaces, s32, u32

from models.ring.accounting import (
    sk_psock_skb_ingress_self,
    sk_psock_skb_queue,
    sk_psock_skb_redirect,
    sk_psock_verdict_apply,
    sock_drop,
    tcp_eat_skb,
)
from models.ring.types import EIO, SK_PASS, SK_REDIRECT, sk_buff, sk_psock


@replaces(sk_psock_verdict_apply)
def redirect_to_self(psock: Ptr[sk_psock], skb: Ptr[sk_buff], verdict: u32) -> s32:
    """Does what the program said with the packet."""
    err: s32 = 0
    if verdict == SK_REDIRECT:
        tcp_eat_skb(psock.sk, skb)
        return sk_psock_skb_redirect(skb)
    if verdict == SK_PASS:
        err = -EIO
        if psock.tx_enabled:
            skb.bpf_ingress = True
            if psock.ingress_skb == NULL:
                err = sk_psock_skb_ingress_self(psock, skb, 0, skb.len)
            if err < 0:
                sk_psock_skb_queue(psock, skb)
                err = 0
            return err
    tcp_eat_skb(psock.sk, skb)
    sock_drop(skb)
    return err
