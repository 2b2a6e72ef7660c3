"""What may be put into a map as it was before 8d6650646ce4 (v6.8): AF_UNIX stream sockets in any state.

The protocol update, which did not test the peer then, is that of the time, too.
"""

from psockmc.lang import READ_ONCE, Ptr, replaces

from models.af_unix import unix_peer
from models.skmsg import sk_psock
from models.sock import (
    SOCK_STREAM,
    TCP_ESTABLISHED,
    TCP_LISTEN,
    int_t,
    sk_hashed,
    sk_is_tcp,
    sk_is_udp,
    sk_is_vsock,
    sock,
    sock_hold,
    sock_replace_proto,
)
from models.sock_map import sock_map_sk_state_allowed
from models.unix_bpf import unix_stream_bpf_prot, unix_stream_bpf_update_proto


@replaces(unix_stream_bpf_update_proto)
def unix_stream_bpf_update_proto(sk: Ptr[sock], psock: Ptr[sk_psock], restore: bool) -> int_t:
    """No test of the peer."""
    if restore:
        psock.restores += 1
        sk.sk_write_space = psock.saved_write_space
        sock_replace_proto(sk, psock.sk_proto)
        return 0
    if not psock.sk_pair:
        sk_pair = unix_peer(sk)
        sock_hold(sk_pair)
        psock.pair_holds += 1
        psock.sk_pair = sk_pair
    sock_replace_proto(sk, unix_stream_bpf_prot)
    return 0


@replaces(sock_map_sk_state_allowed)
def sock_map_sk_state_allowed(sk: Ptr[sock]) -> bool:
    """Does not ask AF_UNIX sockets."""
    if sk_is_tcp(sk):
        state = sk.sk_state
        return state == TCP_ESTABLISHED or state == TCP_LISTEN
    if sk_is_udp(sk):
        return sk_hashed(sk)
    if sk_is_vsock(sk) and sk.sk_type == SOCK_STREAM:
        return READ_ONCE(sk.sk_state) == TCP_ESTABLISHED
    return True
