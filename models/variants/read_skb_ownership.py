"""tcp_read_skb() as it was before 78fa0d61d97a (v6.4): it keeps its reference until the verdict is done.

So the verdict works on an skb that is shared, and must not make it linear.
"""

from psockmc.lang import Callable, Ptr, check, replaces

from models.skbuff import __skb_unlink, consume_skb, sk_buff, skb_get, skb_peek, skb_set_owner_sk_safe
from models.sock import ENOTCONN, TCP_LISTEN, int_t, sock
from models.tcp import tcp_read_skb


@replaces(tcp_read_skb)
def tcp_read_skb(sk: Ptr[sock], recv_actor: Callable[[Ptr[sock], Ptr[sk_buff]], int_t]) -> int_t:
    """The actor takes a reference of its own first (here, for it), and the reader's is put behind it."""
    copied: int_t = 0
    if sk.sk_state == TCP_LISTEN:
        return -ENOTCONN
    skb = skb_peek(sk.sk_receive_queue)
    while skb:
        __skb_unlink(skb, sk.sk_receive_queue)
        owned = skb_set_owner_sk_safe(skb, sk)
        check(owned, "WARN_ON_ONCE(!skb_set_owner_sk_safe(skb, sk))")
        fin = skb.tcp_fin
        skb_get(skb)
        used = recv_actor(sk, skb)
        consume_skb(skb)
        if used < 0:
            if not copied:
                copied = used
            break
        copied += used
        if fin:
            break
        skb = skb_peek(sk.sk_receive_queue)
    return copied
