"""The verdict as it was before 7a9841ca0252 (v6.2): the local copy of psock->eval is reset before the loop only.

In a turn that leaves bytes to the verdict the psock keeps its reference on the target; the local copy still says
REDIRECT from the turn before, and the sender puts a reference that it has not taken over.
"""

from psockmc.kernel.socklock import lock_sock
from psockmc.lang import NULL, Ptr, kfree, replaces

from models.skmsg import sk_msg, sk_psock
from models.skmsg_ingress import sk_msg_free
from models.skmsg_send import sk_msg_apply_bytes, sk_msg_full, sk_psock_msg_verdict
from models.skmsg_verdict import __SK_NONE, __SK_PASS, __SK_REDIRECT
from models.sock import EACCES, bytes_t, int_t, release_sock_and_backlog, sk_mem_uncharge, sock, sock_put
from models.tcp_bpf_send import tcp_bpf_cork, tcp_bpf_push, tcp_bpf_send_verdict, tcp_bpf_sendmsg_redir
from models.tcp_send import msghdr


@replaces(tcp_bpf_send_verdict)
def tcp_bpf_send_verdict(sk: Ptr[sock], psock: Ptr[sk_psock], msg: Ptr[sk_msg], hdr: Ptr[msghdr]) -> int_t:
    """The redirect is in here, as it uses the local copy."""
    enospc = sk_msg_full(msg)
    cork = False
    eval = __SK_NONE
    while True:
        cached = psock.eval != __SK_NONE
        if not cached:
            psock.eval = sk_psock_msg_verdict(sk, psock, msg)
        if msg.cork_bytes and msg.cork_bytes > msg.sg.size and not enospc:
            return tcp_bpf_cork(sk, psock, msg)
        tosend = msg.sg.size
        apply_bytes = psock.apply_bytes
        psock.unjudged = psock.unjudged or (cached and not apply_bytes)
        if apply_bytes and apply_bytes < tosend:
            tosend = apply_bytes
        ret: int_t = 0
        if psock.eval == __SK_PASS:
            ret = tcp_bpf_push(sk, msg, tosend, hdr, True)
            if ret:
                sk_msg_free(sk, msg)
            else:
                sk_msg_apply_bytes(psock, tosend)
        elif psock.eval == __SK_REDIRECT:
            redir_ingress = psock.redir_ingress
            sk_redir = psock.sk_redir
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
            lock_sock(sk.sk_lock)
            msg.held_unlocked -= 1
            sk_mem_uncharge(sk, sent)
            if ret < 0:
                sk_msg_free(sk, msg)
            if cork:
                sk_msg_free(sk, msg)
                kfree(msg)
                ret = 0
        else:
            sk_msg_free(sk, msg)
            sk_msg_apply_bytes(psock, tosend)
            return -EACCES
        if ret < 0:
            return ret
        if not psock.apply_bytes:
            psock.eval = __SK_NONE
            if psock.sk_redir:
                sock_put(psock.sk_redir)
                psock.redir_refs -= 1
                psock.sk_redir = NULL
        if cork or not msg.sg.size:
            return 0
