"""The psock's side of the stream parser.

Sources: net/core/skmsg.c, v6.19 (gregkh/linux 1861d369efd6), the same in 7.1.5 and 6.1.192, and net/ipv4/tcp_bpf.c,
7.2-rc (kernel-patches/bpf 014f07a97d29).
"""

from psockmc.kernel.rwlock import read_lock_bh, read_unlock_bh
from psockmc.lang import (
    NULL,
    READ_ONCE,
    WRITE_ONCE,
    Callable,
    Const,
    Ptr,
    Struct,
    check,
    container_of,
    instance,
    kernel,
    omits,
    rcu_read_lock,
    rcu_read_unlock,
    set_bit,
    test_bit,
    xchg,
)

from models.skbuff import sk_buff, skb_bpf_redirect_clear, skb_bpf_redirect_fetch, skb_bpf_set_strparser
from models.skmsg import SK_PSOCK_RX_STRP_ENABLED, sk_psock
from models.skmsg_verdict import (
    __SK_DROP,
    bpf_prog_put,
    sk_psock_map_verd,
    sk_psock_verdict_apply,
    sk_psock_write_space,
    sock_drop,
)
from models.sock import int_t, sock
from models.strparser import (
    DESC_ERROR,
    __tcp_cleanup_rbuf,
    desc_t,
    strp_data_ready,
    strp_done,
    strp_init,
    strp_stop,
    strparser,
    tcp_read_sock_noack,
)


class bpf_stream_parser(Struct, name="strp_config"):
    """CONFIG_BPF_STREAM_PARSER: the functions that a kernel without the parser does not have.

    A scenario switches it on (see models/setups_strp.py). Without, the parser's two workers are no part of it.
    """

    sk_psock_init_strp: Const[Callable[[Ptr[sock], Ptr[sk_psock]], None]]
    sk_psock_start_strp: Const[Callable[[Ptr[sock], Ptr[sk_psock]], None]]
    sk_psock_stop_strp: Const[Callable[[Ptr[sock], Ptr[sk_psock]], None]]
    sk_psock_done_strp: Const[Callable[[Ptr[sk_psock]], None]]


strp_config = instance(bpf_stream_parser)


# ---------------------------------------------------------------- what the parser calls


@kernel("net/ipv4/tcp_bpf.c")
def tcp_bpf_strp_read_sock(strp: strparser) -> desc_t:
    """Read the socket's queue for the parser. The caller holds the socket. The psock is looked up anew.

    What readers of the socket have taken (copied_seq) is what the parser has, without what went to a reader's queue
    during this call.
    """
    omits("the receive window; the early return for a listening socket")
    sk = strp.sk
    rcu_read_lock()
    psock = sk_psock(sk)
    check(psock != NULL, "WARN_ON_ONCE(!psock) in tcp_bpf_strp_read_sock()")
    if not psock:
        rcu_read_unlock()
        return DESC_ERROR
    psock.ingress_bytes = 0
    desc = tcp_read_sock_noack(sk, psock, strp)
    sk.copied_seq = psock.copied_seq - psock.ingress_bytes
    __tcp_cleanup_rbuf(sk)
    rcu_read_unlock()
    return desc


@kernel("net/core/skmsg.c")
def sk_psock_strp_read(strp: strparser, skb: Ptr[sk_buff]) -> None:
    """The parser has a message: run the verdict on it."""
    verdict = __SK_DROP
    rcu_read_lock()
    sk = strp.sk
    psock = sk_psock(sk)
    if not psock:
        sk.data_lost = True
        sock_drop(sk, skb)
        rcu_read_unlock()
        return
    prog = READ_ONCE(psock.progs.stream_verdict)
    if prog:
        skb.sk = sk
        skb_bpf_redirect_clear(skb)
        action = prog.run(skb)
        skb_bpf_set_strparser(skb)
        verdict = sk_psock_map_verd(action, skb_bpf_redirect_fetch(skb) != NULL)
        skb.sk = NULL
    sk_psock_verdict_apply(psock, skb, verdict)
    rcu_read_unlock()


@kernel("net/core/skmsg.c")
def sk_psock_strp_parse(strp: strparser, skb: Ptr[sk_buff]) -> int_t:
    """The length of the message that begins with the skb: what the program says, or all there is without one.

    The program is that of the psock in which the parser is, not of the one that is attached.
    """
    psock = container_of(strp, sk_psock, "strp")
    ret: int_t = skb.len
    rcu_read_lock()
    prog = READ_ONCE(psock.progs.stream_parser)
    if prog:
        skb.sk = psock.sk
        ret = prog.parse(skb)
        skb.sk = NULL
    rcu_read_unlock()
    return ret


@kernel("net/core/skmsg.c")
def sk_psock_strp_data_ready(sk: Ptr[sock]) -> None:
    """sk_data_ready of a socket with a stream parser: the caller holds slock, or owns the socket."""
    omits("tls_sw_has_ctx_rx(): a socket with a psock does not get kTLS on its receive side")
    rcu_read_lock()
    psock = sk_psock(sk)
    if psock:
        read_lock_bh(sk.sk_callback_lock)
        strp_data_ready(psock.strp)
        read_unlock_bh(sk.sk_callback_lock)
    rcu_read_unlock()


# ---------------------------------------------------------------- its life


@kernel("net/core/skmsg.c")
def sk_psock_init_strp(sk: Ptr[sock], psock: Ptr[sk_psock]) -> None:
    """Prepare the parser; the caller writes sk_callback_lock and holds the socket."""
    strp_init(psock.strp, sk)
    psock.strp.parse_msg = sk_psock_strp_parse
    psock.strp.rcv_msg = sk_psock_strp_read
    set_bit(SK_PSOCK_RX_STRP_ENABLED, psock.state)
    psock.strp.read_sock = tcp_bpf_strp_read_sock
    psock.copied_seq = sk.copied_seq


@kernel("net/core/skmsg.c")
def sk_psock_start_strp(sk: Ptr[sock], psock: Ptr[sk_psock]) -> None:
    """Install the callbacks; the caller writes sk_callback_lock."""
    if psock.saved_data_ready:
        return
    psock.saved_data_ready = sk.sk_data_ready
    WRITE_ONCE(sk.sk_data_ready, sk_psock_strp_data_ready)
    WRITE_ONCE(sk.sk_write_space, sk_psock_write_space)


@kernel("net/core/skmsg.c")
def sk_psock_stop_strp(sk: Ptr[sock], psock: Ptr[sk_psock]) -> None:
    """Take the program and the callback away and stop the parser; the caller writes sk_callback_lock.

    Whose callback it is that goes is not asked: saved_data_ready is the verdict's, too.
    """
    bpf_prog_put(xchg(psock.progs.stream_parser, NULL))
    if not psock.saved_data_ready:
        return
    WRITE_ONCE(sk.sk_data_ready, psock.saved_data_ready)
    WRITE_ONCE(psock.saved_data_ready, NULL)
    strp_stop(psock.strp)


@kernel("net/core/skmsg.c")
def sk_psock_done_strp(psock: Ptr[sk_psock]) -> None:
    """The psock is destroyed: wait for a parser that was ever prepared."""
    if test_bit(SK_PSOCK_RX_STRP_ENABLED, psock.state):
        strp_done(psock.strp)
