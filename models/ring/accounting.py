"""Receiving packets: who pays for them, and which bytes of the stream count as copied.

Sources: net/core/skmsg.c, net/ipv4/tcp_bpf.c, net/ipv4/tcp.c, include/net/sock.h of 7.2, with 490a83d6386e (a redirect
to oneself is a pass) and 144748eb0c44 (a redirected packet is not charged to where it came from).

Left out everywhere: locks, wake-ups, the program itself, packets in several pieces (an skb has its bytes in one page),
windows and acknowledgements.
"""

from psockmc.lang import NULL, Ptr, kernel, s32, u32, user, wrapping

from models.ring.skmsg import __sk_msg_recvmsg
from models.ring.skmsg_h import kzalloc_sk_msg, sk_psock_queue_msg
from models.ring.sock import __sk_rmem_schedule, sg_mark_end, sg_set_page, sk_mem_charge, sk_mem_uncharge
from models.ring.types import (
    EAGAIN,
    EIO,
    SK_PASS,
    SK_REDIRECT,
    iov_iter,
    sk_buff,
    sk_msg,
    sk_psock,
    sock,
)

# ---------------------------------------------------------------- who pays for a packet


@kernel("include/linux/skbuff.h")
def skb_orphan(skb: Ptr[sk_buff]) -> None:
    """Nobody pays for the packet any more: its destructor runs (sock_rfree() gives its charge back)."""
    if skb.sk != NULL and skb.charged:
        skb.sk.sk_rmem_alloc -= skb.truesize
        sk_mem_uncharge(skb.sk, skb.truesize)
    skb.charged = False
    skb.sk = NULL


@kernel("include/net/sock.h")
def skb_set_owner_r(skb: Ptr[sk_buff], sk: Ptr[sock]) -> None:
    """The socket pays for the packet from now on."""
    skb_orphan(skb)
    skb.sk = sk
    skb.charged = True
    sk.sk_rmem_alloc += skb.truesize
    sk_mem_charge(sk, skb.truesize)


@kernel("include/net/sock.h")
def skb_set_owner_sk_safe(skb: Ptr[sk_buff], sk: Ptr[sock]) -> None:
    """The packet names the socket, which does not pay for it."""
    skb_orphan(skb)
    skb.sk = sk


@kernel("include/linux/skmsg.h")
def sock_drop(skb: Ptr[sk_buff]) -> None:
    """The packet is dropped and freed."""
    skb_orphan(skb)
    skb.dropped = True
    skb.consumed = True


# ---------------------------------------------------------------- a packet becomes a message


@kernel("net/core/skmsg.c")
def sk_psock_skb_ingress_enqueue(skb: Ptr[sk_buff], off: u32, len: u32, psock: Ptr[sk_psock], msg: Ptr[sk_msg]) -> s32:
    """The message refers to bytes off .. off + len - 1 of the packet and is queued. Returns len."""
    sg_set_page(msg.sg.data[0], skb.page, len, skb.offset + off)
    sg_mark_end(msg.sg.data[0])
    psock.ingress_bytes += len
    msg.sg.start = 0
    msg.sg.size = len
    msg.sg.end = 1
    msg.skb = skb
    sk_psock_queue_msg(psock, msg)
    return len


@kernel("net/core/skmsg.c")
def sk_psock_create_ingress_msg(sk: Ptr[sock], skb: Ptr[sk_buff]) -> Ptr[sk_msg]:
    """A message for a packet that the socket will pay for; NULL when its receive buffer is full."""
    if sk.sk_rmem_alloc > sk.sk_rcvbuf:
        return NULL
    if not __sk_rmem_schedule(sk, skb.truesize):
        return NULL
    return kzalloc_sk_msg()


@kernel("net/core/skmsg.c")
def sk_psock_skb_ingress_self(psock: Ptr[sk_psock], skb: Ptr[sk_buff], off: u32, len: u32) -> s32:
    """Queues a packet of the socket's own stream, whatever its receive buffer holds."""
    msg = kzalloc_sk_msg()
    if msg == NULL:
        return -EAGAIN
    skb_set_owner_r(skb, psock.sk)
    msg.sk = psock.sk
    return sk_psock_skb_ingress_enqueue(skb, off, len, psock, msg)


@kernel("net/core/skmsg.c")
def sk_psock_skb_ingress(psock: Ptr[sk_psock], skb: Ptr[sk_buff], off: u32, len: u32) -> s32:
    """Queues a packet that may come from another socket."""
    if skb.sk == psock.sk:
        return sk_psock_skb_ingress_self(psock, skb, off, len)
    msg = sk_psock_create_ingress_msg(psock.sk, skb)
    if msg == NULL:
        return -EAGAIN
    skb_set_owner_r(skb, psock.sk)
    return sk_psock_skb_ingress_enqueue(skb, off, len, psock, msg)


@kernel("net/core/skmsg.c")
def sk_psock_backlog_turn(psock: Ptr[sk_psock]) -> s32:
    """One turn of sk_psock_backlog(): the first packet goes to the queue of messages; -EAGAIN leaves it."""
    skb = psock.ingress_skb
    if skb == NULL:
        return 0
    ret: s32 = sk_psock_skb_ingress(psock, skb, 0, skb.len)
    if ret >= 0:
        psock.ingress_skb = skb.next
        skb.next = NULL
    return ret


# ---------------------------------------------------------------- verdicts


@kernel("net/ipv4/tcp_bpf.c")
def tcp_eat_skb(sk: Ptr[sock], skb: Ptr[sk_buff]) -> None:
    """Bytes that the user will never see count as copied; a stream parser has counted them already."""
    if skb.len == 0:
        return
    if skb.strparser:
        return
    # Sequence numbers go round.
    sk.copied_seq = wrapping(sk.copied_seq + skb.len)


@kernel("net/core/skmsg.c")
def sk_psock_skb_queue(psock: Ptr[sk_psock], skb: Ptr[sk_buff]) -> None:
    """skb_queue_tail() on the backlog of the psock."""
    skb.next = NULL
    if psock.ingress_skb == NULL:
        psock.ingress_skb = skb
    else:
        psock.ingress_skb.next = skb


@kernel("net/core/skmsg.c")
def sk_psock_skb_redirect(skb: Ptr[sk_buff]) -> s32:
    """The packet goes to the backlog of the socket that the program named."""
    other = skb.sk_redir
    if other == NULL or other.psock == NULL or not other.psock.tx_enabled:
        sock_drop(skb)
        return -EIO
    sk_psock_skb_queue(other.psock, skb)
    return 0


@kernel("net/core/skmsg.c")
def sk_psock_verdict_apply(psock: Ptr[sk_psock], skb: Ptr[sk_buff], verdict: u32) -> s32:
    """Does what the program said with the packet; a redirect to the own receive queue is a pass."""
    err: s32 = 0
    if verdict == SK_REDIRECT and skb.bpf_ingress and skb.sk_redir == psock.sk:
        verdict = SK_PASS
    if verdict == SK_REDIRECT:
        tcp_eat_skb(psock.sk, skb)
        return sk_psock_skb_redirect(skb)
    if verdict == SK_PASS:
        err = -EIO
        if psock.tx_enabled:
            skb.bpf_ingress = True
            if psock.ingress_skb == NULL:
                err = sk_psock_skb_ingress_self(psock, skb, 0, skb.len)
            if err < 0:
                sk_psock_skb_queue(psock, skb)
                err = 0
            return err
    tcp_eat_skb(psock.sk, skb)
    sock_drop(skb)
    return err


@kernel("net/ipv4/tcp.c")
def tcp_read_skb(psock: Ptr[sk_psock], skb: Ptr[sk_buff], verdict: u32) -> s32:
    """Takes a packet off the receive queue and hands it to sk_psock_verdict_recv()."""
    skb_set_owner_sk_safe(skb, psock.sk)
    return sk_psock_verdict_recv(psock, skb, verdict)


@kernel("net/core/skmsg.c")
def sk_psock_verdict_recv(psock: Ptr[sk_psock], skb: Ptr[sk_buff], verdict: u32) -> s32:
    """Runs the program, whose verdict is given, and applies it."""
    return sk_psock_verdict_apply(psock, skb, verdict)


# ---------------------------------------------------------------- the stream parser


@kernel("net/core/skmsg.c")
def sk_psock_strp_read(psock: Ptr[sk_psock], skb: Ptr[sk_buff], verdict: u32) -> s32:
    """The parser has a whole message: the program runs on it."""
    skb.strparser = True
    return sk_psock_verdict_apply(psock, skb, verdict)


@kernel("net/ipv4/tcp_bpf.c")
def tcp_bpf_strp_read_sock(psock: Ptr[sk_psock], skb: Ptr[sk_buff], verdict: u32) -> None:
    """The parser reads the packet from the stream; what goes to the queue is not counted as copied yet."""
    psock.ingress_bytes = 0
    psock.copied_seq = wrapping(psock.copied_seq + skb.len)
    sk_psock_strp_read(psock, skb, verdict)
    psock.sk.copied_seq = wrapping(psock.copied_seq - psock.ingress_bytes)


# ---------------------------------------------------------------- the user reads


@kernel("net/ipv4/tcp_bpf.c")
def tcp_bpf_recvmsg_parser(sk: Ptr[sock], psock: Ptr[sk_psock], iter: Ptr[iov_iter], len: s32, peek: bool) -> s32:
    """Reads from the queue; bytes of the own stream count as copied, unless they are only looked at."""
    seq: u32 = sk.copied_seq
    copied: s32 = __sk_msg_recvmsg(sk, psock, iter, len, peek)
    seq = wrapping(seq + psock.copied_from_self)
    if not peek:
        sk.copied_seq = seq
    return copied


@user
def tcp_inq(sk: Ptr[sock]) -> u32:
    """How many bytes were received and do not count as copied: what FIONREAD reported from sequence numbers."""
    return wrapping(sk.rcv_nxt - sk.copied_seq)
