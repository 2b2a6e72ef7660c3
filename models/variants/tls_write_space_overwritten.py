"""The restore as it was before 33bfe20dd711 (v5.5): sk_write_space is written at once, whatever is on top.

TLS was told of the table below it, and not of the callback. At that time a socket in a map could encrypt.
"""

from psockmc.lang import WRITE_ONCE, Callable, Ptr, replaces

from models.skmsg import sk_psock
from models.sock import inet_csk_has_ulp, int_t, proto, sock, sock_replace_proto
from models.tcp_bpf import (
    tcp_bpf_prots_base,
    tcp_bpf_prots_rx,
    tcp_bpf_prots_tx,
    tcp_bpf_prots_txrx,
    tcp_bpf_update_proto,
)
from models.tls import TLS_SW, do_tls_setsockopt_conf, tcp_update_ulp, tls_update, tls_write_space, update_sk_prot


@replaces(do_tls_setsockopt_conf)
def do_tls_setsockopt_conf(sk: Ptr[sock]) -> int_t:
    """Also on a socket with a psock."""
    ctx = sk.icsk_ulp_data
    ctx.tx_conf = TLS_SW
    update_sk_prot(sk, ctx)
    ctx.sk_write_space = sk.sk_write_space
    sk.sk_write_space = tls_write_space
    return 0


@replaces(tls_update)
def tls_update(sk: Ptr[sock], p: Ptr[proto], write_space: Callable[[Ptr[sock]], None]) -> None:
    """Knows of the table only."""
    ctx = sk.icsk_ulp_data
    if ctx:
        ctx.sk_proto = p
    else:
        WRITE_ONCE(sk.sk_prot, p)


@replaces(tcp_bpf_update_proto)
def tcp_bpf_update_proto(sk: Ptr[sock], psock: Ptr[sk_psock], restore: bool) -> int_t:
    """The restore writes sk_write_space itself."""
    tx = psock.progs.msg_parser
    rx = psock.progs.stream_verdict or psock.progs.skb_verdict
    if restore:
        psock.restores += 1
        WRITE_ONCE(sk.sk_write_space, psock.saved_write_space)
        if inet_csk_has_ulp(sk):
            tcp_update_ulp(sk, psock.sk_proto, psock.saved_write_space)
        else:
            sock_replace_proto(sk, psock.sk_proto)
        return 0
    if tx and rx:
        sock_replace_proto(sk, tcp_bpf_prots_txrx)
    elif tx:
        sock_replace_proto(sk, tcp_bpf_prots_tx)
    elif rx:
        sock_replace_proto(sk, tcp_bpf_prots_rx)
    else:
        sock_replace_proto(sk, tcp_bpf_prots_base)
    return 0
