"""The protocol tables of TCP sockets in a map, and how one reads from such a socket.

Source: net/ipv4/tcp_bpf.c, 7.2-rc (kernel-patches/bpf 014f07a97d29).
"""

from psockmc.kernel.socklock import lock_sock
from psockmc.lang import (
    GFP_KERNEL,
    WRITE_ONCE,
    Ptr,
    instance,
    kernel,
    kzalloc,
    list_empty,
    omits,
    rcu_dereference,
    wait_event,
)

from models.skbuff import sk_buff, skb_queue_empty, skb_queue_empty_lockless
from models.skmsg import sk_msg, sk_psock, sk_psock_get, sk_psock_put
from models.skmsg_ingress import __sk_msg_recvmsg, sk_psock_data_ready, sk_psock_queue_empty, sk_psock_queue_msg
from models.sock import (
    EAGAIN,
    ENOMEM,
    ENOTCONN,
    EPIPE,
    TCP_CLOSE,
    int_t,
    proto,
    release_sock_and_backlog,
    sock,
    sock_replace_proto,
)
from models.sock_map import sock_map_close, sock_map_destroy
from models.tcp import tcp_data_ready, tcp_recvmsg


@kernel("net/ipv4/tcp_bpf.c")
def tcp_bpf_update_proto(sk: Ptr[sock], psock: Ptr[sk_psock], restore: bool) -> int_t:
    """Choose the table by the psock's programs; with restore give the original one back, once and for all."""
    omits("SK_MSG programs (the TX tables), IPv6 (tables built on first use), upper layer protocols (kTLS)")
    rx = psock.progs.stream_verdict or psock.progs.skb_verdict
    if restore:
        psock.restores += 1
        WRITE_ONCE(sk.sk_write_space, psock.saved_write_space)
        sock_replace_proto(sk, psock.sk_proto)
        return 0
    if rx:
        sock_replace_proto(sk, tcp_bpf_prots_rx)
    else:
        sock_replace_proto(sk, tcp_bpf_prots_base)
    return 0


@kernel("net/ipv4/tcp_bpf.c")
def tcp_eat_skb(sk: Ptr[sock], skb: Ptr[sk_buff]) -> None:
    """Data that no reader of this socket will see counts as read."""
    omits("copied_seq, the receive window and the ACK that may be sent for data that was eaten")


@kernel("net/ipv4/tcp_bpf.c")
def tcp_msg_wait_data(sk: Ptr[sock], psock: Ptr[sk_psock]) -> bool:
    """Sleep, without the socket, until there is a message or native data; whether there is."""
    omits("time-outs, signals, errors and the peer's FIN while waiting for data")
    wq = rcu_dereference(sk.sk_wq)
    release_sock_and_backlog(sk)
    wait_event(wq.wq, not list_empty(psock.ingress_msg) or not list_empty(sk.sk_receive_queue.list))
    lock_sock(sk.sk_lock)
    if not list_empty(psock.ingress_msg):
        return True
    return not skb_queue_empty_lockless(sk.sk_receive_queue)


@kernel("net/ipv4/tcp_bpf.c")
def tcp_bpf_recvmsg_parser(sk: Ptr[sock], nonblock: bool) -> int_t:
    """recvmsg of a socket with a verdict program: reads messages only, and runs the verdict on native data first."""
    psock = sk_psock_get(sk)
    if not psock:
        return tcp_recvmsg(sk, nonblock)
    lock_sock(sk.sk_lock)
    copied: int_t = 0
    if not skb_queue_empty(sk.sk_receive_queue):
        tcp_data_ready(sk)
        if not skb_queue_empty(sk.sk_receive_queue):
            copied = -EAGAIN
    while not copied:
        copied = __sk_msg_recvmsg(sk, psock)
        if not copied:
            if sk.sk_err:
                copied = -sk.sk_err
            elif sk.sk_state == TCP_CLOSE:
                copied = -ENOTCONN
            elif nonblock:
                copied = -EAGAIN
            else:
                data = tcp_msg_wait_data(sk, psock)
                if not data or sk_psock_queue_empty(psock):
                    copied = -EAGAIN
    release_sock_and_backlog(sk)
    sk_psock_put(sk, psock)
    return copied


@kernel("net/ipv4/tcp_bpf.c")
def tcp_bpf_recvmsg(sk: Ptr[sock], nonblock: bool) -> int_t:
    """recvmsg of a socket without a verdict program, into which others may redirect."""
    copied: int_t = 0
    psock = sk_psock_get(sk)
    if psock:
        if skb_queue_empty(sk.sk_receive_queue) or not sk_psock_queue_empty(psock):
            lock_sock(sk.sk_lock)
            while not copied:
                copied = __sk_msg_recvmsg(sk, psock)
                if not copied:
                    if nonblock:
                        copied = -EAGAIN
                    elif not tcp_msg_wait_data(sk, psock):
                        copied = -EAGAIN
                    elif sk_psock_queue_empty(psock):
                        break
            release_sock_and_backlog(sk)
        sk_psock_put(sk, psock)
    if not copied:
        copied = tcp_recvmsg(sk, nonblock)
    return copied


@kernel("net/ipv4/tcp_bpf.c")
def bpf_tcp_ingress(sk: Ptr[sock], psock: Ptr[sk_psock]) -> int_t:
    """Queue a message of another socket for this one's reader."""
    omits("pages and memory charges of the message, apply_bytes")
    msg = kzalloc(sk_msg, GFP_KERNEL)
    if not msg:
        return -ENOMEM
    msg.sg.size = 1
    lock_sock(sk.sk_lock)
    sk_psock_queue_msg(psock, msg)
    sk_psock_data_ready(sk, psock)
    release_sock_and_backlog(sk)
    return 0


@kernel("net/ipv4/tcp_bpf.c")
def tcp_bpf_sendmsg_redir(sk: Ptr[sock]) -> int_t:
    """Send to the reader of another socket, which the caller keeps by a reference; nobody's lock is held."""
    omits("redirection to the sending side of the other socket")
    psock = sk_psock_get(sk)
    if not psock:
        return -EPIPE
    ret = bpf_tcp_ingress(sk, psock)
    sk_psock_put(sk, psock)
    return ret


tcp_bpf_prots_base = instance(
    proto,
    close=sock_map_close,
    destroy=sock_map_destroy,
    recvmsg=tcp_bpf_recvmsg,
    psock_update_sk_prot=tcp_bpf_update_proto,
)

tcp_bpf_prots_rx = instance(
    proto,
    close=sock_map_close,
    destroy=sock_map_destroy,
    recvmsg=tcp_bpf_recvmsg_parser,
    psock_update_sk_prot=tcp_bpf_update_proto,
)
