"""The end of the parser as it was before 014894360ec9 (v5.2): strp_done() for every psock, also for one that never had
a parser.

strp_done() took no lock then.
"""

from psockmc.kernel.work import cancel_delayed_work_sync, cancel_work_sync
from psockmc.lang import NULL, Ptr, check, replaces

from models.skbuff import kfree_skb
from models.skmsg import sk_psock
from models.skmsg_strp import sk_psock_done_strp
from models.strparser import strp_done, strparser


@replaces(strp_done)
def strp_done(strp: strparser) -> None:
    """Waits for work that may never have been initialised."""
    stopped = strp.stopped
    strp.done_unstopped = not stopped
    check(stopped, "WARN_ON(!strp->stopped) in strp_done()")
    cancel_delayed_work_sync(strp.msg_timer_work)
    cancel_work_sync(strp.work)
    if strp.skb_head:
        kfree_skb(strp.skb_head)
        strp.skb_head = NULL
    strp.done = True


@replaces(sk_psock_done_strp)
def sk_psock_done_strp(psock: Ptr[sk_psock]) -> None:
    """No test."""
    strp_done(psock.strp)
