"""The restore as it was before 4da6a196f93b (v5.5): the copy that TLS has of our table keeps our unhash.

Our table had an unhash of its own then, which without a psock calls the table's, that is itself.
"""

from psockmc.lang import WRITE_ONCE, Ptr, kernel, rcu_read_lock, rcu_read_unlock, replaces

from models.skmsg import sk_psock
from models.sock import inet_csk_has_ulp, int_t, sock, sock_replace_proto
from models.sock_map import sock_map_remove_links
from models.tcp_bpf import (
    tcp_bpf_prots_base,
    tcp_bpf_prots_rx,
    tcp_bpf_prots_tx,
    tcp_bpf_prots_txrx,
    tcp_bpf_update_proto,
    tcp_bpf_v4_build_proto,
)
from models.tls import tcp_update_ulp


@kernel("net/ipv4/tcp_bpf.c")
def tcp_bpf_unhash(sk: Ptr[sock]) -> None:
    """sk_prot->unhash of a socket with a psock, as it was then."""
    rcu_read_lock()
    psock = sk_psock(sk)
    if not psock:
        rcu_read_unlock()
        unhash = sk.sk_prot.unhash
        if unhash:
            unhash(sk)
        return
    saved_unhash = psock.saved_unhash
    sock_map_remove_links(sk, psock)
    rcu_read_unlock()
    saved_unhash(sk)


@replaces(tcp_bpf_v4_build_proto)
def tcp_bpf_v4_build_proto() -> None:
    """With an unhash of our own."""
    tcp_bpf_prots_base.unhash = tcp_bpf_unhash
    tcp_bpf_prots_base.built_unhash = tcp_bpf_unhash
    tcp_bpf_prots_rx.unhash = tcp_bpf_unhash
    tcp_bpf_prots_rx.built_unhash = tcp_bpf_unhash


@replaces(tcp_bpf_update_proto)
def tcp_bpf_update_proto(sk: Ptr[sock], psock: Ptr[sk_psock], restore: bool) -> int_t:
    """The restore leaves unhash alone."""
    tx = psock.progs.msg_parser
    rx = psock.progs.stream_verdict or psock.progs.skb_verdict
    if restore:
        psock.restores += 1
        if inet_csk_has_ulp(sk):
            tcp_update_ulp(sk, psock.sk_proto, psock.saved_write_space)
        else:
            WRITE_ONCE(sk.sk_write_space, psock.saved_write_space)
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
