"""The redirect as it was before a351d6087bf7 (v6.2): the direction is that of the message's own flags.

Only the message on which the program ran has them. One that comes later under the same verdict goes out.
"""

from psockmc.kernel.socklock import lock_sock
from psockmc.lang import NULL, Ptr, kfree, replaces

from models.skmsg import sk_msg, sk_psock
from models.skmsg_ingress import sk_msg_free
from models.skmsg_send import sk_msg_apply_bytes
from models.skmsg_verdict import __SK_NONE, __SK_REDIRECT
from models.sock import bytes_t, int_t, release_sock_and_backlog, sk_mem_uncharge, sock, sock_hold, sock_put
from models.tcp_bpf_send import MSG_IS_GONE, tcp_bpf_redirect, tcp_bpf_sendmsg_redir
from models.tcp_send import msghdr


@replaces(tcp_bpf_redirect)
def tcp_bpf_redirect(sk: Ptr[sock], psock: Ptr[sk_psock], msg: Ptr[sk_msg], tosend: bytes_t, hdr: Ptr[msghdr]) -> int_t:
    """Asks the message where to. (The reference on the target is today's.)"""
    cork = False
    eval = __SK_NONE
    redir_ingress = msg.ingress
    psock.wrong_way = psock.wrong_way or redir_ingress != psock.verdict_ingress
    sk_redir = psock.sk_redir
    sock_hold(sk_redir)
    sk_msg_apply_bytes(psock, tosend)
    if not psock.apply_bytes:
        eval = psock.eval
        psock.eval = __SK_NONE
        psock.sk_redir = NULL
        psock.redir_refs -= 1
        psock.redir_taken += 1
    if psock.cork:
        cork = True
        psock.cork = NULL
        msg.claimed = True
    msg.held_unlocked += 1
    release_sock_and_backlog(sk)
    origsize = msg.sg.size
    ret = tcp_bpf_sendmsg_redir(sk_redir, redir_ingress, msg, tosend, hdr)
    sent: bytes_t = origsize - msg.sg.size
    if eval == __SK_REDIRECT:
        sock_put(sk_redir)
        psock.redir_taken -= 1
    sock_put(sk_redir)
    lock_sock(sk.sk_lock)
    msg.held_unlocked -= 1
    sk_mem_uncharge(sk, sent)
    if ret < 0:
        sk_msg_free(sk, msg)
    if cork:
        sk_msg_free(sk, msg)
        kfree(msg)
        ret = MSG_IS_GONE
    return ret
