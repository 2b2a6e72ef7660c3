"""The protocol tables of TCP sockets in a map, and how one reads from such a socket. (Sending: tcp_bpf_send.py.)

Source: net/ipv4/tcp_bpf.c, 7.2-rc (kernel-patches/bpf 014f07a97d29).
"""

from psockmc.kernel.socklock import lock_sock
from psockmc.lang import (
    READ_ONCE,
    WRITE_ONCE,
    Ptr,
    atomic,
    instance,
    kernel,
    list_empty,
    omits,
    rcu_dereference,
    wait_event,
)

from models.skbuff import sk_buff, skb_bpf_strparser, skb_queue_empty, skb_queue_empty_lockless
from models.skmsg import sk_psock, sk_psock_get, sk_psock_put
from models.skmsg_ingress import (
    __sk_msg_recvmsg,
    recv_copied,
    recv_from_self,
    sk_msg_is_readable,
    sk_msg_recvmsg,
    sk_psock_peek_msg,
    sk_psock_queue_empty,
)
from models.sock import (
    EAGAIN,
    EFAULT,
    ENOTCONN,
    MSG_DONTWAIT,
    MSG_PEEK,
    RCV_SHUTDOWN,
    TCP_CLOSE,
    bytes_t,
    inet_csk_has_ulp,
    int_t,
    msg_flags_t,
    proto,
    release_sock_and_backlog,
    sk_is_tcp,
    sock,
    sock_error,
    sock_replace_proto,
    tcp_seq_t,
)
from models.sock_map_proto import sock_map_close, sock_map_destroy
from models.tcp import inet_unhash, tcp_data_ready, tcp_prot, tcp_recvmsg
from models.tcp_bpf_ioctl import tcp_bpf_ioctl
from models.tcp_bpf_send import tcp_bpf_sendmsg
from models.tcp_send import tcp_sendmsg
from models.tls import tcp_update_ulp


@kernel("net/ipv4/tcp_bpf.c")
def tcp_bpf_update_proto(sk: Ptr[sock], psock: Ptr[sk_psock], restore: bool) -> int_t:
    """Choose the table by the psock's programs; with restore give the original one back, once and for all.

    An upper layer protocol is asked for by the restore only.
    """
    omits("IPv6 (tables built on first use)")
    tx = psock.progs.msg_parser
    rx = psock.progs.stream_verdict or psock.progs.skb_verdict
    if restore:
        psock.restores += 1
        if inet_csk_has_ulp(sk):
            WRITE_ONCE(sk.sk_prot.unhash, psock.saved_unhash)
            tcp_update_ulp(sk, psock.sk_proto, psock.saved_write_space)
        else:
            WRITE_ONCE(sk.sk_write_space, psock.saved_write_space)
            sock_replace_proto(sk, psock.sk_proto)
        return 0
    if tx and rx:
        sock_replace_proto(sk, tcp_bpf_prots_txrx)
    elif tx:
        sock_replace_proto(sk, tcp_bpf_prots_tx)
    elif rx:
        sock_replace_proto(sk, tcp_bpf_prots_rx)
    else:
        sock_replace_proto(sk, tcp_bpf_prots_base)
    return 0


@kernel("net/ipv4/tcp_bpf.c")
def tcp_eat_skb(sk: Ptr[sock], skb: Ptr[sk_buff]) -> None:
    """Data that no reader of this socket will see counts as read. The caller holds slock or the socket."""
    omits("the receive window, and the ACK that may be sent for data that was eaten")
    if skb.len and sk_is_tcp(sk) and not skb_bpf_strparser(skb):
        with atomic("copied_seq is stored by the holder of the socket only"):
            WRITE_ONCE(sk.copied_seq, sk.copied_seq + skb.len)


@kernel("net/ipv4/tcp_bpf.c")
def tcp_msg_wait_data(sk: Ptr[sock], psock: Ptr[sk_psock]) -> bool:
    """Sleep, without the socket, until something happens; whether there is a message, native data, or no more to come.

    The kernel sleeps once: a wake-up for something else returns False, too.
    """
    omits("time-outs and signals; wake-ups that bring neither data nor an error nor the end, after which one sleeps on")
    if sk.sk_shutdown & RCV_SHUTDOWN:
        return True
    wq = rcu_dereference(sk.sk_wq)
    release_sock_and_backlog(sk)
    wait_event(
        wq.wq,
        not list_empty(psock.ingress_msg)
        or not list_empty(sk.sk_receive_queue.list)
        or READ_ONCE(sk.sk_err)
        or READ_ONCE(sk.sk_shutdown) & RCV_SHUTDOWN,
    )
    lock_sock(sk.sk_lock)
    if not list_empty(psock.ingress_msg):
        return True
    return not skb_queue_empty_lockless(sk.sk_receive_queue)


@kernel("net/ipv4/tcp_bpf.c")
def is_next_msg_fin(psock: Ptr[sk_psock]) -> bool:
    """Whether the first message has no data, but a FIN. There is one: the caller has just seen it."""
    msg = sk_psock_peek_msg(psock)
    if msg.sg.size:
        return False
    skb = msg.skb
    return skb and skb.tcp_fin


@kernel("net/ipv4/tcp_bpf.c")
def tcp_bpf_recv_error(sk: Ptr[sock], flags: msg_flags_t) -> int_t:
    """Why there is nothing to read: 0 at the end of the stream, an error, or 1 when it is worth while to wait. The
    part of tcp_bpf_recvmsg_parser() before it waits.
    """
    omits("time-outs and signals")
    if sk.sock_done:
        return 0
    if sk.sk_err:
        return sock_error(sk)
    if sk.sk_shutdown & RCV_SHUTDOWN:
        return 0
    if sk.sk_state == TCP_CLOSE:
        return -ENOTCONN
    return -EAGAIN if flags & MSG_DONTWAIT else 1


@kernel("net/ipv4/tcp_bpf.c")
def tcp_bpf_recv_parsed(sk: Ptr[sock], psock: Ptr[sk_psock], len: bytes_t, flags: msg_flags_t) -> int_t:
    """The part of tcp_bpf_recvmsg_parser() under the socket lock. copied_seq is loaded first and stored last."""
    copied: int_t = 0
    seq: tcp_seq_t = sk.copied_seq
    if not skb_queue_empty(sk.sk_receive_queue):
        tcp_data_ready(sk)
        if not skb_queue_empty(sk.sk_receive_queue):
            copied = -EAGAIN
    waits = not copied
    while waits:
        waits = False
        result = __sk_msg_recvmsg(sk, psock, len, flags)
        copied = recv_copied(result)
        if copied == -EFAULT and is_next_msg_fin(psock):
            copied = 0
            seq += 1
        else:
            seq += recv_from_self(result)
            if not copied:
                copied = tcp_bpf_recv_error(sk, flags)
                if copied > 0:
                    data = tcp_msg_wait_data(sk, psock)
                    waits = data and not sk_psock_queue_empty(psock)
                    copied = -EAGAIN
    if not flags & MSG_PEEK:
        WRITE_ONCE(sk.copied_seq, seq)
    return copied


@kernel("net/ipv4/tcp_bpf.c")
def tcp_bpf_recvmsg_parser(sk: Ptr[sock], len: bytes_t, flags: msg_flags_t) -> int_t:
    """recvmsg of a socket with a verdict program: reads messages only, and runs the verdict on native data first."""
    omits("the receive window is not adjusted")
    if not len:
        return 0
    psock = sk_psock_get(sk)
    if not psock:
        return tcp_recvmsg(sk, len, flags)
    lock_sock(sk.sk_lock)
    copied = tcp_bpf_recv_parsed(sk, psock, len, flags)
    release_sock_and_backlog(sk)
    sk_psock_put(sk, psock)
    return copied


@kernel("net/ipv4/tcp_bpf.c")
def tcp_bpf_recvmsg(sk: Ptr[sock], len: bytes_t, flags: msg_flags_t) -> int_t:
    """recvmsg of a socket without a verdict program, into which others may redirect."""
    if not len:
        return 0
    psock = sk_psock_get(sk)
    if not psock:
        return tcp_recvmsg(sk, len, flags)
    copied: int_t = 0
    native = not skb_queue_empty(sk.sk_receive_queue) and sk_psock_queue_empty(psock)
    if not native:
        lock_sock(sk.sk_lock)
        copied = sk_msg_recvmsg(sk, psock, len, flags)
        while not copied and not native:
            data = False
            if not flags & MSG_DONTWAIT or sk.sk_shutdown & RCV_SHUTDOWN:
                data = tcp_msg_wait_data(sk, psock)
            if not data:
                copied = -EAGAIN
            elif sk_psock_queue_empty(psock):
                native = True
            else:
                copied = sk_msg_recvmsg(sk, psock, len, flags)
        release_sock_and_backlog(sk)
    sk_psock_put(sk, psock)
    if native:
        copied = tcp_recvmsg(sk, len, flags)
    return copied


@kernel("net/ipv4/tcp_bpf.c")
def tcp_bpf_v4_build_proto() -> None:
    """At boot: what is not ours in the tables is TCP's. (It says so below, too, for scenarios that do not boot.)"""
    unhash = tcp_prot.unhash
    tcp_bpf_prots_base.unhash = unhash
    tcp_bpf_prots_base.built_unhash = unhash
    tcp_bpf_prots_rx.unhash = unhash
    tcp_bpf_prots_rx.built_unhash = unhash


tcp_bpf_prots_base = instance(
    proto,
    close=sock_map_close,
    destroy=sock_map_destroy,
    unhash=inet_unhash,
    sendmsg=tcp_sendmsg,
    recvmsg=tcp_bpf_recvmsg,
    psock_update_sk_prot=tcp_bpf_update_proto,
    sock_is_readable=sk_msg_is_readable,
    ioctl=tcp_bpf_ioctl,
)

tcp_bpf_prots_tx = instance(
    proto,
    close=sock_map_close,
    destroy=sock_map_destroy,
    unhash=inet_unhash,
    sendmsg=tcp_bpf_sendmsg,
    recvmsg=tcp_bpf_recvmsg,
    psock_update_sk_prot=tcp_bpf_update_proto,
    sock_is_readable=sk_msg_is_readable,
    ioctl=tcp_bpf_ioctl,
)

tcp_bpf_prots_rx = instance(
    proto,
    close=sock_map_close,
    destroy=sock_map_destroy,
    unhash=inet_unhash,
    sendmsg=tcp_sendmsg,
    recvmsg=tcp_bpf_recvmsg_parser,
    psock_update_sk_prot=tcp_bpf_update_proto,
    sock_is_readable=sk_msg_is_readable,
    ioctl=tcp_bpf_ioctl,
)

tcp_bpf_prots_txrx = instance(
    proto,
    close=sock_map_close,
    destroy=sock_map_destroy,
    unhash=inet_unhash,
    sendmsg=tcp_bpf_sendmsg,
    recvmsg=tcp_bpf_recvmsg_parser,
    psock_update_sk_prot=tcp_bpf_update_proto,
    sock_is_readable=sk_msg_is_readable,
    ioctl=tcp_bpf_ioctl,
)
