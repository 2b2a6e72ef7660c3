"""Nobody frees a buffer that was read."""

from psockmc.lang import Ptr, replaces

from models.skbuff import consume_skb, sk_buff


@replaces(consume_skb)
def consume_skb(skb: Ptr[sk_buff]) -> None:
    """Nothing."""
    pass
