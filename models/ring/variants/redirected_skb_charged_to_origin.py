"""sk_psock_verdict_recv() as it was before 144748eb0c44 (v5.12): the packet was charged before the verdict.

A packet that is redirected stays charged to the socket it came from until the other one takes it.
"""

from psockmc.lang import Ptr, replaces, s32, u32

from models.ring.accounting import sk_psock_verdict_apply, sk_psock_verdict_recv, skb_set_owner_r
from models.ring.types import sk_buff, sk_psock


@replaces(sk_psock_verdict_recv)
def verdict_takes_charge(psock: Ptr[sk_psock], skb: Ptr[sk_buff], verdict: u32) -> s32:
    """Takes the charge, runs the program, applies the verdict."""
    skb_set_owner_r(skb, psock.sk)
    return sk_psock_verdict_apply(psock, skb, verdict)
