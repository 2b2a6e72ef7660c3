"""sendmsg() as it was before 2d66a033864e (v7.2): when the wait for memory fails, it frees its message unless that is
the corked one.

It was the corked one before the wait. Another sender has completed and freed it meanwhile.
"""

from psockmc.kernel.socklock import lock_sock
from psockmc.lang import NULL, Ptr, replaces

from models.skmsg import sk_msg, sk_psock_get, sk_psock_put
from models.skmsg_ingress import sk_msg_free
from models.skmsg_send import sk_msg_alloc, sk_msg_init
from models.skmsg_verdict import __SK_NONE
from models.sock import ENOMEM, ENOSPC, bytes_t, int_t, release_sock_and_backlog, sock
from models.tcp_bpf_send import tcp_bpf_send_verdict, tcp_bpf_sendmsg
from models.tcp_send import msghdr, sk_stream_memory_free, sk_stream_wait_memory, tcp_sendmsg


@replaces(tcp_bpf_sendmsg)
def tcp_bpf_sendmsg(sk: Ptr[sock], hdr: Ptr[msghdr]) -> int_t:
    """Takes any message that is not the corked one, as it is now, for its own."""
    psock = sk_psock_get(sk)
    if not psock:
        return tcp_sendmsg(sk, hdr)
    lock_sock(sk.sk_lock)
    err: int_t = 0
    msg_tx: Ptr[sk_msg] = NULL
    left: bytes_t = hdr.size
    osize: bytes_t = 0
    hdr.tmp.in_use = True
    while left:
        if sk.sk_err:
            err = -sk.sk_err
            break
        err = -ENOMEM
        if sk_stream_memory_free(sk):
            msg_tx = psock.cork
            if not msg_tx:
                msg_tx = hdr.tmp
                sk_msg_init(msg_tx)
            osize = msg_tx.sg.size
            err = sk_msg_alloc(sk, msg_tx, left)
        if err == -ENOMEM:
            err = sk_stream_wait_memory(sk, hdr)
            if err:
                if msg_tx and msg_tx != psock.cork:
                    sk_msg_free(sk, msg_tx)
                break
            continue
        left -= msg_tx.sg.size - osize
        if psock.cork_bytes:
            if hdr.size > psock.cork_bytes:
                psock.cork_bytes = 0
            else:
                psock.cork_bytes -= hdr.size
            if psock.cork_bytes and err != -ENOSPC:
                break
            psock.eval = __SK_NONE
            psock.cork_bytes = 0
        err = tcp_bpf_send_verdict(sk, psock, msg_tx, hdr)
        if err < 0:
            break
    hdr.tmp.in_use = False
    release_sock_and_backlog(sk)
    sk_psock_put(sk, psock)
    return err
