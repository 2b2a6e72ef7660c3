"""A psock is destroyed without waiting for its backlog."""

from psockmc.kernel.rcu import rcu_work
from psockmc.lang import container_of, replaces

from models.skmsg import sk_psock, sk_psock_destroy
from models.skmsg_ingress import __sk_psock_zap_ingress
from models.sock import sock_put


@replaces(sk_psock_destroy)
def destroy_at_once(work: rcu_work) -> None:
    """The worker may still run."""
    psock = container_of(work, sk_psock, "rwork")
    psock.destroyed = True
    __sk_psock_zap_ingress(psock)
    sock_put(psock.sk)
