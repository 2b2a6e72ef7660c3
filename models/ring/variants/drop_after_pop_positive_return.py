"""tcp_bpf_send_verdict() as it was before 7361d44896ff (v5.5): removed bytes of a dropped message counted as sent."""

from psockmc.lang import Ptr, replaces, s32, u32

from models.ring.skmsg import sk_msg_free
from models.ring.skmsg_h import sk_msg_apply_bytes
from models.ring.sock import as_int
from models.ring.tcp_bpf import sending, tcp_bpf_drop
from models.ring.types import EACCES, sk_psock, sock


@replaces(tcp_bpf_drop)
def drop_without_delta(sk: Ptr[sock], psock: Ptr[sk_psock], call: Ptr[sending], tosend: u32) -> s32:
    """Drops the message and takes what is left of it off the count."""
    sk_msg_free(sk, call.msg)
    sk_msg_apply_bytes(psock, tosend)
    call.copied -= as_int(tosend)
    return -EACCES
