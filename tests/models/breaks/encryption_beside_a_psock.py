"""A socket with a psock may encrypt."""

from psockmc.lang import Ptr, replaces

from models.sock import int_t, sock
from models.tls import TLS_SW, do_tls_setsockopt_conf


@replaces(do_tls_setsockopt_conf)
def do_tls_setsockopt_conf(sk: Ptr[sock]) -> int_t:
    """Does not look for a psock."""
    ctx = sk.icsk_ulp_data
    ctx.tx_conf = TLS_SW
    return 0
