"""AF_UNIX: what a psock meets of it."""

from psockmc.kernel.mutex import mutex
from psockmc.kernel.spinlock import spinlock_t
from psockmc.lang import Ptr, Struct

from models.skbuff import sk_buff
from models.sock import sock


class unix_sock(Struct):
    """What AF_UNIX adds to a socket."""

    peer: Ptr[sock]
    oob_skb: Ptr[sk_buff]
    lock: spinlock_t
    iolock: mutex
