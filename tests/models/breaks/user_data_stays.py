"""A psock that is detached is still found."""

from psockmc.kernel.rcu import INIT_RCU_WORK, queue_rcu_work
from psockmc.lang import Ptr, replaces

from models.skmsg import sk_psock, sk_psock_destroy, sk_psock_drop, sk_psock_stop
from models.sock import sock


@replaces(sk_psock_drop)
def sk_psock_drop(sk: Ptr[sock], psock: Ptr[sk_psock]) -> None:
    """Leaves sk_user_data alone."""
    sk_psock_stop(psock)
    INIT_RCU_WORK(psock.rwork, sk_psock_destroy)
    queue_rcu_work(psock.rwork)
