"""The environment of the receive path: programs that read, ask and poll, packets with a FIN or a RST."""

from psockmc.kernel.socklock import bh_lock_sock, bh_unlock_sock, sock_owned_by_user
from psockmc.lang import (
    READ_ONCE,
    WRITE_ONCE,
    Ghost,
    Ptr,
    Struct,
    atomic,
    instance,
    kernel,
    local_bh_disable,
    local_bh_enable,
    user,
)

from models.skbuff import alloc_skb, alloc_skb_with, sk_buff
from models.skmsg_verdict import bpf_prog, sk_action
from models.sock import (
    MSG_DONTWAIT,
    MSG_PEEK,
    RCV_SHUTDOWN,
    TCP_CLOSE,
    bytes_t,
    file,
    hash_t,
    int_t,
    msg_flags_t,
    sk_is_readable,
    sock,
    sock_put,
)
from models.sock_map import bpf_sk_redirect_map
from models.syscalls import fdget, map0, msg_sender, sys_close, sys_sendmsg
from models.tcp import (
    __inet_lookup_established,
    inet_ioctl,
    inet_recvmsg,
    tcp_data_ready,
    tcp_queue_rcv,
    tcp_reset,
    tcp_v4_rcv_skb,
)


class process_view(Struct, name="view"):
    """What a process has learned, for properties.

    last: what its last recvmsg() returned; over: the connection had ended before that call; eof: some recvmsg() has
    returned 0. asked, inq: it has asked how many bytes there are, and the answer. floor: how many there were before.
    """

    last: Ghost[int_t]
    over: Ghost[bool]
    eof: Ghost[bool]
    asked: Ghost[bool]
    inq: Ghost[int_t]
    floor: Ghost[int_t]


view0 = instance(process_view)


# ---------------------------------------------------------------- reading


@user
def sys_recv(fd: Ptr[file], len: bytes_t, flags: msg_flags_t) -> None:
    """recvmsg() of so many bytes."""
    sock = fdget(fd)
    sk = sock.sk
    with atomic("for properties: whether the connection has ended before the call"):
        view0.over = READ_ONCE(sk.sk_shutdown) & RCV_SHUTDOWN != 0 or READ_ONCE(sk.sk_state) == TCP_CLOSE
    ret = inet_recvmsg(sk, len, flags)
    view0.last = ret
    view0.eof = view0.eof or ret == 0


@user
def sys_recv_twice(fd: Ptr[file], len: bytes_t, flags: msg_flags_t) -> None:
    """Twice the same."""
    sys_recv(fd, len, flags)
    sys_recv(fd, len, flags)


@user
def sys_peek_and_recv(fd: Ptr[file], len: bytes_t) -> None:
    """Look at the data, then read it."""
    sys_recv(fd, len, MSG_PEEK | MSG_DONTWAIT)
    sys_recv(fd, len, MSG_DONTWAIT)


@user
def sys_recv_and_close(fd: Ptr[file], len: bytes_t) -> None:
    """Read, then close the socket."""
    sys_recv(fd, len, MSG_DONTWAIT)
    sys_close(fd)


# ---------------------------------------------------------------- asking


@user
def sys_ioctl_siocinq(fd: Ptr[file]) -> None:
    """ioctl(FIONREAD): how many bytes are there to read?"""
    sock = fdget(fd)
    answer = inet_ioctl(sock.sk)
    view0.inq = answer
    view0.asked = True


@kernel("net/ipv4/tcp.c")
def tcp_stream_is_readable(sk: Ptr[sock]) -> bool:
    """Whether poll() reports data: native data, or what the socket's table knows of. Takes no lock."""
    if READ_ONCE(sk.rcv_nxt) > READ_ONCE(sk.copied_seq):
        return True
    return sk_is_readable(sk)


@user
def sys_poll_now(fd: Ptr[file]) -> None:
    """poll() without waiting."""
    sock = fdget(fd)
    tcp_stream_is_readable(sock.sk)


# ---------------------------------------------------------------- packets


@user
def net_rx_next(hash: hash_t) -> None:
    """One packet with data, the second of its sender."""
    skb = alloc_skb(2)
    if skb:
        tcp_v4_rcv_skb(hash, skb)


@user
def net_rx_fin(hash: hash_t) -> None:
    """A FIN without data."""
    skb = alloc_skb_with(2, 0, True, False)
    if skb:
        tcp_v4_rcv_skb(hash, skb)


@user
def net_rx_data_and_fin(hash: hash_t) -> None:
    """A packet with data, then the FIN."""
    skb = alloc_skb(1)
    if skb:
        tcp_v4_rcv_skb(hash, skb)
        net_rx_fin(hash)


@user
def net_rx_in_pieces(hash: hash_t) -> None:
    """A packet whose data is in more pieces than a message can hold."""
    skb = alloc_skb_with(1, 1, False, True)
    if skb:
        tcp_v4_rcv_skb(hash, skb)


@user
def net_rx_fills_a_gap(hash: hash_t) -> None:
    """A packet that was missing: what had come before it is taken in with it, and there is one call for both. (Left out
    when a process owns the socket.)
    """
    sk = __inet_lookup_established(hash)
    if sk:
        bh_lock_sock(sk.sk_lock)
        if not sock_owned_by_user(sk.sk_lock):
            tcp_queue_rcv(sk, alloc_skb(1))
            tcp_queue_rcv(sk, alloc_skb(2))
            tcp_data_ready(sk)
        bh_unlock_sock(sk.sk_lock)
        sock_put(sk)


@kernel("net/ipv4/tcp_ipv4.c")
def net_rx_rst(hash: hash_t) -> None:
    """A RST; left out when a process owns the socket, as the peer would send another."""
    sk = __inet_lookup_established(hash)
    if sk:
        bh_lock_sock(sk.sk_lock)
        if not sock_owned_by_user(sk.sk_lock):
            tcp_reset(sk)
        bh_unlock_sock(sk.sk_lock)
        sock_put(sk)


@kernel("net/ipv4/tcp_ipv4.c")
def net_rx_ack_unheard(hash: hash_t) -> None:
    """An ACK makes room in a send buffer. Nobody is told: no sender has set SOCK_NOSPACE."""
    sk = __inet_lookup_established(hash)
    if sk:
        WRITE_ONCE(sk.sk_wmem_full, False)
        sock_put(sk)


@user
def sys_sendmsg_and_fin(sender: Ptr[msg_sender], hash: hash_t) -> None:
    """A peer on this machine whose program redirects what it sends, then it closes: its FIN arrives at once."""
    sys_sendmsg(sender)
    local_bh_disable()
    net_rx_fin(hash)
    local_bh_enable()


# ---------------------------------------------------------------- programs


@user
def redirect_to_own_reader(skb: Ptr[sk_buff]) -> sk_action:
    """Everything goes to the reader of the socket in slot 0."""
    return bpf_sk_redirect_map(skb, map0, 0, True)


prog_redirect_self = instance(bpf_prog, run=redirect_to_own_reader)
