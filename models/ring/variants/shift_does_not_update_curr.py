"""The helpers as they were before bb9aefde5bba (v6.8): none of them touches the cursor.

What moves elements leaves curr and copybreak at a slot that holds something else by then, or nothing.
"""

from psockmc.lang import Ptr, replaces

from models.ring.helpers import sk_msg_reset_curr
from models.ring.types import sk_msg


@replaces(sk_msg_reset_curr)
def sk_msg_reset_curr(msg: Ptr[sk_msg]) -> None:
    """Did not exist."""
