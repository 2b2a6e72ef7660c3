"""tcp_bpf_send_verdict() as it was before 501ca81760c2 (v5.0): bytes of a failed redirect were reported as sent."""

from psockmc.lang import NULL, Ptr, replaces, s32, u32

from models.ring.skmsg import sk_msg_free
from models.ring.skmsg_h import sk_msg_apply_bytes
from models.ring.sock import sk_mem_uncharge
from models.ring.tcp_bpf import sending, tcp_bpf_redirect, tcp_bpf_sendmsg_redir
from models.ring.types import SK_NONE, sk_psock, sock


@replaces(tcp_bpf_redirect)
def redirect_without_discount(sk: Ptr[sock], psock: Ptr[sk_psock], call: Ptr[sending], tosend: u32) -> s32:
    """Redirects; on failure the message is freed, and that is all."""
    msg = call.msg
    redir_ingress: bool = psock.redir_ingress
    sk_redir = psock.sk_redir
    sk_msg_apply_bytes(psock, tosend)
    if psock.apply_bytes == 0:
        psock.eval = SK_NONE
        psock.sk_redir = NULL
    if psock.cork != NULL:
        call.cork = True
        psock.cork = NULL
    origsize: u32 = msg.sg.size
    ret: s32 = tcp_bpf_sendmsg_redir(sk_redir, redir_ingress, msg, tosend)
    sk_mem_uncharge(sk, origsize - msg.sg.size)
    if ret < 0:
        sk_msg_free(sk, msg)
    if call.cork:
        sk_msg_free(sk, msg)
        msg.freed = True
        call.msg = NULL
        ret = 0
    return ret
