"""The detaching as it was before 343597d558e7 (v5.14): the psock is stopped before its parser.

In between the parser hands messages to a psock that takes none, and they are dropped; the socket's user would have
read them natively. (The queues, which the stop purged at that time, are purged by the destruction today.)
"""

from psockmc.kernel.rcu import INIT_RCU_WORK, queue_rcu_work
from psockmc.kernel.rwlock import write_lock_bh, write_unlock_bh
from psockmc.lang import NOBODY, NULL, Ptr, current, rcu_assign_pointer, replaces

from models.skmsg import sk_psock, sk_psock_destroy, sk_psock_drop, sk_psock_restore_proto, sk_psock_stop
from models.skmsg_strp import strp_config
from models.skmsg_verdict import sk_psock_stop_verdict
from models.sock import sock


@replaces(sk_psock_drop)
def sk_psock_drop(sk: Ptr[sock], psock: Ptr[sk_psock]) -> None:
    """Stops the psock first."""
    psock.drops += 1
    sk.dropper = current()
    sk_psock_stop(psock)
    write_lock_bh(sk.sk_callback_lock)
    sk_psock_restore_proto(sk, psock)
    rcu_assign_pointer(sk.sk_user_data, NULL)
    sk.dropper = NOBODY
    if psock.progs.stream_parser:
        strp_config.sk_psock_stop_strp(sk, psock)
    elif psock.progs.stream_verdict or psock.progs.skb_verdict:
        sk_psock_stop_verdict(sk, psock)
    write_unlock_bh(sk.sk_callback_lock)
    INIT_RCU_WORK(psock.rwork, sk_psock_destroy)
    queue_rcu_work(psock.rwork)
