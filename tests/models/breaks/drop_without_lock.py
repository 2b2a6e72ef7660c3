"""A psock is detached without sk_callback_lock."""

from psockmc.kernel.rcu import INIT_RCU_WORK, queue_rcu_work
from psockmc.lang import NOBODY, NULL, Ptr, current, rcu_assign_pointer, replaces

from models.skmsg import sk_psock, sk_psock_destroy, sk_psock_drop, sk_psock_restore_proto, sk_psock_stop
from models.skmsg_verdict import sk_psock_stop_verdict
from models.sock import sock


@replaces(sk_psock_drop)
def sk_psock_drop(sk: Ptr[sock], psock: Ptr[sk_psock]) -> None:
    """Everything in its order, and no lock."""
    sk_psock_restore_proto(sk, psock)
    sk.user_data_writer = current()
    rcu_assign_pointer(sk.sk_user_data, NULL)
    sk_psock_stop_verdict(sk, psock)
    sk.user_data_writer = NOBODY
    sk_psock_stop(psock)
    INIT_RCU_WORK(psock.rwork, sk_psock_destroy)
    queue_rcu_work(psock.rwork)
