"""tcp_bpf_send_verdict() as it was before 8ec95b94716a (v6.1): the whole message was uncharged for a part of it.

The charge of what is left was taken again only when the verdict was at its end.
"""

from psockmc.lang import NULL, Ptr, replaces, s32, u32

from models.ring.skmsg import sk_msg_free, sk_msg_free_nocharge, sk_msg_return
from models.ring.skmsg_h import sk_msg_apply_bytes
from models.ring.sock import as_int, sk_mem_charge
from models.ring.tcp_bpf import sending, tcp_bpf_redirect, tcp_bpf_sendmsg_redir
from models.ring.types import SK_NONE, SK_REDIRECT, sk_psock, sock


@replaces(tcp_bpf_redirect)
def redirect_uncharges_all(sk: Ptr[sock], psock: Ptr[sk_psock], call: Ptr[sending], tosend: u32) -> s32:
    """Redirects; uncharges the whole message before."""
    msg = call.msg
    redir_ingress: bool = psock.redir_ingress
    sk_redir = psock.sk_redir
    sk_msg_apply_bytes(psock, tosend)
    eval: u32 = SK_NONE
    if psock.apply_bytes == 0:
        eval = SK_REDIRECT
        psock.eval = SK_NONE
        psock.sk_redir = NULL
    if psock.cork != NULL:
        call.cork = True
        psock.cork = NULL
    sk_msg_return(sk, msg, as_int(msg.sg.size))
    ret: s32 = tcp_bpf_sendmsg_redir(sk_redir, redir_ingress, msg, tosend)
    if ret < 0:
        free: s32 = sk_msg_free_nocharge(sk, msg)
        if not call.cork:
            call.copied -= free
    if call.cork:
        sk_msg_free(sk, msg)
        msg.freed = True
        call.msg = NULL
        ret = 0
    if ret == 0 and call.msg != NULL and eval == SK_REDIRECT:
        sk_mem_charge(sk, as_int(msg.sg.size))
    return ret
