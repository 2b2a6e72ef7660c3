"""The protocol update as it was before 16b2f264983d (v6.8): each call takes a reference on the peer.

This is what 8866730aed51 did so that the peer outlives who sends to it. But the protocol is updated for every map and
slot that the socket comes into, and the psock gives one reference back.
"""

from psockmc.lang import Ptr, replaces

from models.af_unix import unix_peer
from models.skmsg import sk_psock
from models.sock import int_t, sock, sock_hold, sock_replace_proto
from models.unix_bpf import unix_stream_bpf_prot, unix_stream_bpf_update_proto


@replaces(unix_stream_bpf_update_proto)
def unix_stream_bpf_update_proto(sk: Ptr[sock], psock: Ptr[sk_psock], restore: bool) -> int_t:
    """Takes a reference each time."""
    if restore:
        psock.restores += 1
        sk.sk_write_space = psock.saved_write_space
        sock_replace_proto(sk, psock.sk_proto)
        return 0
    sk_pair = unix_peer(sk)
    sock_hold(sk_pair)
    psock.pair_holds += 1
    psock.sk_pair = sk_pair
    sock_replace_proto(sk, unix_stream_bpf_prot)
    return 0
