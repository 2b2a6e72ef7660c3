"""The parser's callback does not take sk_callback_lock."""

from psockmc.lang import Ptr, rcu_read_lock, rcu_read_unlock, replaces

from models.skmsg import sk_psock
from models.skmsg_strp import sk_psock_strp_data_ready
from models.sock import sock
from models.strparser import strp_data_ready


@replaces(sk_psock_strp_data_ready)
def sk_psock_strp_data_ready(sk: Ptr[sock]) -> None:
    """Under RCU only."""
    rcu_read_lock()
    psock = sk_psock(sk)
    if psock:
        strp_data_ready(psock.strp)
    rcu_read_unlock()
