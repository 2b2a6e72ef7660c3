"""A psock takes no notice of its socket's peer."""

from psockmc.lang import Ptr, replaces

from models.skmsg import sk_psock
from models.sock import int_t, sock, sock_replace_proto
from models.unix_bpf import unix_stream_bpf_prot, unix_stream_bpf_update_proto


@replaces(unix_stream_bpf_update_proto)
def unix_stream_bpf_update_proto(sk: Ptr[sock], psock: Ptr[sk_psock], restore: bool) -> int_t:
    """The table only."""
    sock_replace_proto(sk, psock.sk_proto if restore else unix_stream_bpf_prot)
    return 0
