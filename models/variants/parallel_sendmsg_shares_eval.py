"""The redirect as it was before cd9733f5d75c (v5.15): the verdict stays in the psock while the socket is given up.

Another sender finds it there and does not ask the program. Both put the reference on the target in the end, the first
of them for both.
"""

from psockmc.kernel.socklock import lock_sock
from psockmc.lang import NULL, Ptr, kfree, replaces

from models.skmsg import sk_msg, sk_psock
from models.skmsg_ingress import sk_msg_free
from models.skmsg_send import sk_msg_apply_bytes
from models.sock import bytes_t, int_t, release_sock_and_backlog, sk_mem_uncharge, sock
from models.tcp_bpf_send import MSG_IS_GONE, tcp_bpf_redirect, tcp_bpf_sendmsg_redir
from models.tcp_send import msghdr


@replaces(tcp_bpf_redirect)
def tcp_bpf_redirect(sk: Ptr[sock], psock: Ptr[sk_psock], msg: Ptr[sk_msg], tosend: bytes_t, hdr: Ptr[msghdr]) -> int_t:
    """Uses the psock's own reference on the target; tcp_bpf_send_verdict() puts it when no bytes are left."""
    cork = False
    redir_ingress = psock.redir_ingress
    sk_redir = psock.sk_redir
    sk_msg_apply_bytes(psock, tosend)
    if psock.cork:
        cork = True
        psock.cork = NULL
        msg.claimed = True
    msg.held_unlocked += 1
    release_sock_and_backlog(sk)
    origsize = msg.sg.size
    ret = tcp_bpf_sendmsg_redir(sk_redir, redir_ingress, msg, tosend, hdr)
    sent: bytes_t = origsize - msg.sg.size
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
