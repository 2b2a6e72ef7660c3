"""A UDP socket that leaves a map tells nobody that there is room to send."""

from psockmc.lang import NULL, Ptr, replaces

from models.skmsg import sk_psock
from models.sock import int_t, sock, sock_replace_proto
from models.udp_bpf import udp_bpf_prot, udp_bpf_update_proto


@replaces(udp_bpf_update_proto)
def udp_bpf_update_proto(sk: Ptr[sock], psock: Ptr[sk_psock], restore: bool) -> int_t:
    """The table is given back, the callback is not."""
    if restore:
        sk.sk_write_space = NULL
    sock_replace_proto(sk, psock.sk_proto if restore else udp_bpf_prot)
    return 0
