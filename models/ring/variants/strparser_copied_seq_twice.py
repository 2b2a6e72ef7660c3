"""tcp_read_sock() under the stream parser as it was before 36b62df5683c (v6.14): what it read counted as copied."""

from psockmc.lang import Ptr, replaces, u32, wrapping

from models.ring.accounting import sk_psock_strp_read, tcp_bpf_strp_read_sock
from models.ring.types import sk_buff, sk_psock


@replaces(tcp_bpf_strp_read_sock)
def read_sock_counts(psock: Ptr[sk_psock], skb: Ptr[sk_buff], verdict: u32) -> None:
    """The parser reads the packet, and the stream is at its end."""
    sk_psock_strp_read(psock, skb, verdict)
    psock.sk.copied_seq = wrapping(psock.sk.copied_seq + skb.len)
