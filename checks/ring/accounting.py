"""Proofs about packets: which bytes count as copied, and who pays for a packet."""

from psockmc.lang import NULL, Ptr, arbitrary, assume, check, choose, proof, s32, u32, u64, wrapping

from models.ring.accounting import (
    sk_psock_backlog_turn,
    sk_psock_skb_ingress,
    tcp_bpf_recvmsg_parser,
    tcp_bpf_strp_read_sock,
    tcp_inq,
    tcp_read_skb,
)
from models.ring.types import (
    EAGAIN,
    INT_MAX,
    SK_PASS,
    SK_REDIRECT,
    iov_iter,
    memory0,
    sk_buff,
    sk_msg,
    sk_psock,
    sock,
)
from spec.ring import any_iter, any_memory, fresh_message
from spec.ring_packets import any_packet, any_receiver, any_sequence


@proof("tcp_read_skb")
def verdict_on_packet(
    sk: Ptr[sock],
    to: Ptr[sock],
    psock: Ptr[sk_psock],
    other: Ptr[sk_psock],
    skb: Ptr[sk_buff],
    tmp: Ptr[sk_msg],
    iter: Ptr[iov_iter],
) -> None:
    """A packet of the stream gets a verdict and, when it passes, is read or looked at: every byte counts once."""
    any_memory()
    any_receiver(sk, psock)
    any_receiver(to, other)
    any_packet(sk, skb)
    any_sequence(sk, skb)
    fresh_message(tmp, 0)
    verdict: u32 = choose(3)
    skb.bpf_ingress = choose(2) == 1
    skb.sk_redir = sk if choose(2) == 1 else to
    passes: bool = verdict == SK_PASS or (verdict == SK_REDIRECT and skb.bpf_ingress and skb.sk_redir == sk)
    tcp_read_skb(psock, skb, verdict)
    waiting: u32 = tcp_inq(sk)
    check(not passes or waiting == skb.len, "seq: bytes that wait for the user do not count as copied")
    check(passes or waiting == 0, "seq: bytes that the user will never see count as copied")
    if psock.ingress_msg != NULL:
        any_iter(iter)
        len: s32 = arbitrary(1, INT_MAX)
        assume(iter.count >= len and iter.fault_at >= len)
        peek: bool = choose(2) == 1
        ret: s32 = tcp_bpf_recvmsg_parser(sk, psock, iter, len, peek)
        now: u32 = tcp_inq(sk)
        check(not peek or now == skb.len, "seq: bytes that are only looked at do not count as copied")
        check(peek or now + ret == skb.len, "seq: bytes that the user gets count as copied, once")


@proof("tcp_bpf_recvmsg_parser foreign")
def foreign_data(
    sk: Ptr[sock],
    origin: Ptr[sock],
    psock: Ptr[sk_psock],
    other: Ptr[sk_psock],
    skb: Ptr[sk_buff],
    tmp: Ptr[sk_msg],
    iter: Ptr[iov_iter],
) -> None:
    """Bytes of another stream were redirected here: reading them does not count as reading the own stream."""
    any_memory()
    any_receiver(sk, psock)
    any_receiver(origin, other)
    any_packet(origin, skb)
    fresh_message(tmp, 0)
    skb.bpf_ingress = True
    skb.sk_redir = sk
    seq: u32 = sk.copied_seq
    tcp_read_skb(other, skb, SK_REDIRECT)
    sk_psock_backlog_turn(psock)
    any_iter(iter)
    len: s32 = arbitrary(1, INT_MAX)
    assume(iter.count >= len and iter.fault_at >= len)
    tcp_bpf_recvmsg_parser(sk, psock, iter, len, False)
    check(sk.copied_seq == seq, "seq: only bytes of the own stream count as copied")


@proof("tcp_bpf_strp_read_sock")
def parsed_packet(
    sk: Ptr[sock],
    to: Ptr[sock],
    psock: Ptr[sk_psock],
    other: Ptr[sk_psock],
    skb: Ptr[sk_buff],
    tmp: Ptr[sk_msg],
    iter: Ptr[iov_iter],
) -> None:
    """The stream parser reads a packet, the first one: every byte counts once."""
    any_memory()
    any_receiver(sk, psock)
    any_receiver(to, other)
    any_packet(sk, skb)
    any_sequence(sk, skb)
    psock.copied_seq = sk.copied_seq
    fresh_message(tmp, 0)
    verdict: u32 = choose(3)
    skb.bpf_ingress = False
    skb.sk_redir = to
    tcp_bpf_strp_read_sock(psock, skb, verdict)
    waiting: u32 = tcp_inq(sk)
    check(verdict != SK_PASS or waiting == skb.len, "seq: bytes that wait for the user do not count as copied")
    check(verdict == SK_PASS or waiting == 0, "seq: bytes that the user will never see count as copied")
    if psock.ingress_msg != NULL:
        any_iter(iter)
        len: s32 = arbitrary(1, INT_MAX)
        assume(iter.count >= len and iter.fault_at >= len)
        ret: s32 = tcp_bpf_recvmsg_parser(sk, psock, iter, len, False)
        now: u32 = tcp_inq(sk)
        check(now + ret == skb.len, "seq: bytes that the user gets count as copied, once")


@proof("tcp_bpf_strp_read_sock unread")
def parsed_behind_unread(
    sk: Ptr[sock], to: Ptr[sock], psock: Ptr[sk_psock], other: Ptr[sk_psock], skb: Ptr[sk_buff], tmp: Ptr[sk_msg]
) -> None:
    """The stream parser reads a packet while bytes that passed before still wait for the user."""
    any_memory()
    any_receiver(sk, psock)
    any_receiver(to, other)
    any_packet(sk, skb)
    unread: u32 = arbitrary(1, INT_MAX)
    assume(unread <= INT_MAX - skb.len)
    any_sequence(sk, skb)
    sk.rcv_nxt = wrapping(sk.copied_seq + unread + skb.len)
    psock.copied_seq = wrapping(sk.copied_seq + unread)
    fresh_message(tmp, 0)
    skb.bpf_ingress = False
    skb.sk_redir = to
    tcp_bpf_strp_read_sock(psock, skb, SK_PASS)
    waiting: u32 = tcp_inq(sk)
    check(waiting == unread + skb.len, "seq: bytes that wait for the user do not count as copied")


@proof("sk_psock_skb_redirect")
def redirected_packet(
    sk: Ptr[sock], to: Ptr[sock], psock: Ptr[sk_psock], other: Ptr[sk_psock], skb: Ptr[sk_buff], tmp: Ptr[sk_msg]
) -> None:
    """A packet is redirected to another socket: who pays while it waits there, and when it is queued."""
    any_memory()
    any_receiver(sk, psock)
    any_receiver(to, other)
    any_packet(sk, skb)
    fresh_message(tmp, 0)
    skb.bpf_ingress = True
    skb.sk_redir = to
    rmem: s32 = sk.sk_rmem_alloc
    charged: u64 = sk.charged
    to_rmem: s32 = to.sk_rmem_alloc
    to_charged: u64 = to.charged
    limit: bool = to.sk_rmem_alloc > to.sk_rcvbuf
    tcp_read_skb(psock, skb, SK_REDIRECT)
    check(sk.sk_rmem_alloc + skb.truesize == rmem, "rmem: a packet that waits elsewhere does not count here")
    check(sk.charged + skb.truesize == charged, "R8: a packet that waits elsewhere is not charged here")
    check(to.sk_rmem_alloc == to_rmem, "rmem: before it is queued it counts nowhere")
    ret: s32 = sk_psock_backlog_turn(other)
    check(not limit or ret == -EAGAIN, "rmem: a socket whose receive buffer is full takes no packet")
    size: u32 = skb.truesize if other.ingress_msg != NULL else 0
    check(to.sk_rmem_alloc == to_rmem + size, "rmem: a packet in the queue counts against the receive buffer")
    check(to.charged == to_charged + size, "R8: a packet in the queue is charged")


@proof("sk_psock_skb_ingress")
def queued_packet(sk: Ptr[sock], psock: Ptr[sk_psock], skb: Ptr[sk_buff], tmp: Ptr[sk_msg]) -> None:
    """A packet of nobody is queued, unless the receive buffer is full."""
    any_memory()
    any_receiver(sk, psock)
    any_packet(sk, skb)
    skb.sk = NULL
    skb.charged = False
    fresh_message(tmp, 0)
    if choose(2) == 1:
        memory0.fresh = NULL
    rmem: s32 = sk.sk_rmem_alloc
    charged: u64 = sk.charged
    ret: s32 = sk_psock_skb_ingress(psock, skb, 0, skb.len)
    queued: bool = psock.ingress_msg != NULL
    check(not queued or rmem <= sk.sk_rcvbuf, "rmem: a socket whose receive buffer is full takes no packet")
    len: s32 = skb.len
    check(queued == (ret == len), "result: the length of the packet when it is queued")
    check(queued or ret == -EAGAIN, "result: -EAGAIN when it is not")
    size: u32 = skb.truesize if queued else 0
    check(sk.sk_rmem_alloc == rmem + size, "rmem: a packet in the queue counts against the receive buffer")
    check(sk.charged == charged + size, "R8: a packet in the queue is charged")
    check(psock.msg_tot_len == (skb.len if queued else 0), "length: the queue has so many bytes more")
