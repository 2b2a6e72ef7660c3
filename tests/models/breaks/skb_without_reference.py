"""A message does not take a reference on its skb."""

from psockmc.lang import Ptr, replaces

from models.skbuff import sk_buff, skb_get


@replaces(skb_get)
def skb_get(skb: Ptr[sk_buff]) -> Ptr[sk_buff]:
    """The count stays."""
    return skb
