"""Nobody frees a message that was read."""

from psockmc.lang import Ptr, replaces

from models.skmsg import sk_msg
from models.skmsg_ingress import kfree_sk_msg


@replaces(kfree_sk_msg)
def kfree_sk_msg(msg: Ptr[sk_msg]) -> None:
    """Nothing."""
    pass
