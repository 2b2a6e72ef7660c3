"""The wake-up of the reader as it was before 6648e613226e (v6.9): saved_data_ready is tested, and loaded again for
the call, without the lock under which it is cleared.
"""

from psockmc.lang import Ptr, replaces

from models.skmsg import sk_psock
from models.skmsg_ingress import sk_psock_data_ready
from models.sock import sock


@replaces(sk_psock_data_ready)
def sk_psock_data_ready(sk: Ptr[sock], psock: Ptr[sk_psock]) -> None:
    """Two loads that may differ."""
    if psock.saved_data_ready:
        psock.saved_data_ready(sk)
    else:
        sk.sk_data_ready(sk)
