"""sk_psock_skb_ingress() as it was before 36cd0e696a83 (v5.10): a full receive buffer took packets, too."""

from psockmc.lang import Ptr, replaces

from models.ring.accounting import sk_psock_create_ingress_msg
from models.ring.skmsg_h import kzalloc_sk_msg
from models.ring.types import sk_buff, sk_msg, sock


@replaces(sk_psock_create_ingress_msg)
def message_at_any_rate(sk: Ptr[sock], skb: Ptr[sk_buff]) -> Ptr[sk_msg]:
    """A message for the packet."""
    return kzalloc_sk_msg()
