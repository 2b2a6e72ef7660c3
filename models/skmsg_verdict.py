"""Verdict programs on the receive side, without the stream parser.

Sources: net/core/skmsg.c, v6.19 (gregkh/linux 1861d369efd6), with 490a83d6386e (2026), read again in 7.1.5
(danayer/linux-7.1.5 9d1745cf8134), which does not have that one, and in 6.1.192, which has it.
"""

from psockmc.kernel.rcu import call_rcu, rcu_head
from psockmc.kernel.refcount import refcount_dec_and_test, refcount_inc_not_zero, refcount_t
from psockmc.kernel.spinlock import spin_lock_bh, spin_unlock_bh
from psockmc.kernel.work import schedule_delayed_work
from psockmc.lang import (
    NULL,
    READ_ONCE,
    WRITE_ONCE,
    Callable,
    Const,
    Enum,
    Ptr,
    Struct,
    container_of,
    cover,
    kernel,
    kfree,
    omits,
    rcu_read_lock,
    rcu_read_unlock,
    xchg,
)

from models.skbuff import (
    kfree_skb,
    sk_buff,
    skb_bpf_ingress,
    skb_bpf_redirect_clear,
    skb_bpf_redirect_fetch,
    skb_bpf_set_ingress,
    skb_bpf_strparser,
    skb_queue_empty,
    skb_queue_tail,
)
from models.skmsg import sk_msg, sk_psock, sk_psock_test_state
from models.skmsg_ingress import sk_psock_data_ready, sk_psock_skb_ingress_self
from models.sock import EIO, bytes_t, int_t, sock, sock_flag_dead
from models.tcp_bpf import tcp_eat_skb


class sk_action(Enum):
    """What a program returns."""

    SK_DROP = 0
    SK_PASS = 1


class __sk_action(Enum):
    """What the kernel makes of it."""

    __SK_DROP = 0
    __SK_PASS = 1
    __SK_REDIRECT = 2
    __SK_NONE = 3


class bpf_prog(Struct, name="prog"):
    """A program.

    run: a verdict program. run_msg: one for messages of senders. parse: a stream parser: the length of the message that
    begins with the skb, 0 when it cannot tell yet, or an error. counted: its references are counted, and it is freed a
    grace period after the last one; without it the program outlives the scenario. rcu: aux->rcu. id: aux->id, by which
    user space is told which program it is.
    """

    run: Const[Callable[[Ptr[sk_buff]], sk_action]]
    run_msg: Const[Callable[[Ptr[sk_msg]], sk_action]]
    parse: Const[Callable[[Ptr[sk_buff]], int_t]]
    counted: Const[bool]
    refcnt: refcount_t
    id: bool
    rcu: rcu_head


# ---------------------------------------------------------------- references on programs


@kernel("kernel/bpf/syscall.c")
def bpf_prog_inc_not_zero(prog: Ptr[bpf_prog]) -> bool:
    """One more reference; False when there is none any more. (The kernel returns the program or an error.)"""
    if prog.counted:
        return refcount_inc_not_zero(prog.refcnt)
    return True


@kernel("kernel/bpf/syscall.c")
def __bpf_prog_put_rcu(head: rcu_head) -> None:
    """Frees a program, a grace period after its last reference was put."""
    kfree(container_of(head, bpf_prog, "rcu"))


@kernel("kernel/bpf/syscall.c")
def bpf_prog_put(prog: Ptr[bpf_prog]) -> None:
    """Drop a reference; takes NULL, as psock_set_prog() and psock_replace_prog() test for it."""
    if prog and prog.counted:
        if refcount_dec_and_test(prog.refcnt):
            call_rcu(prog.rcu, __bpf_prog_put_rcu)


@kernel("net/core/skmsg.c")
def sk_psock_map_verd(verdict: sk_action, redir: bool) -> __sk_action:
    """A program's answer and target as one verdict."""
    if verdict == SK_PASS:
        return __SK_REDIRECT if redir else __SK_PASS
    return __SK_DROP


@kernel("include/linux/skmsg.h")
def sock_drop(sk: Ptr[sock], skb: Ptr[sk_buff]) -> None:
    """Drop an skb and count it."""
    omits("sk_drops is not counted")
    kfree_skb(skb)


@kernel("net/core/skmsg.c")
def sk_psock_skb_redirect(origin: Ptr[sk_psock], skb: Ptr[sk_buff]) -> int_t:
    """Queue the skb on the backlog of the program's target. Takes no reference: the RCU section keeps the target."""
    sk_other = skb_bpf_redirect_fetch(skb)
    if sk_other:
        psock_other = sk_psock(sk_other)
        if psock_other and not sock_flag_dead(sk_other):
            spin_lock_bh(psock_other.ingress_lock)
            if sk_psock_test_state(psock_other):
                skb_queue_tail(psock_other.ingress_skb, skb)
                psock_other.added_late = psock_other.added_late or psock_other.stopped
                schedule_delayed_work(psock_other.work, 0)
                spin_unlock_bh(psock_other.ingress_lock)
                cover("an skb was redirected")
                return 0
            spin_unlock_bh(psock_other.ingress_lock)
    skb_bpf_redirect_clear(skb)
    sock_drop(origin.sk, skb)
    return -EIO


@kernel("net/core/skmsg.c")
def sk_psock_verdict_apply(psock: Ptr[sk_psock], skb: Ptr[sk_buff], verdict: __sk_action) -> int_t:
    """Do what the program decided; the skb is not the caller's any more.

    A redirect to the reader of the socket itself is a pass: reading counts its bytes, so the redirect must not.
    """
    err: int_t = 0
    if verdict == __SK_REDIRECT and skb_bpf_redirect_fetch(skb) == psock.sk and skb_bpf_ingress(skb):
        verdict = __SK_PASS
    out_free = verdict == __SK_DROP
    if verdict == __SK_PASS:
        err = -EIO
        if not sock_flag_dead(psock.sk) and sk_psock_test_state(psock):
            skb_bpf_set_ingress(skb)
            if skb_queue_empty(psock.ingress_skb):
                len: bytes_t = skb.len
                off: bytes_t = 0
                if skb_bpf_strparser(skb):
                    off = skb.strp_offset
                    len = skb.strp_full_len
                err = sk_psock_skb_ingress_self(psock, skb, off, len, False)
            if err < 0:
                spin_lock_bh(psock.ingress_lock)
                if sk_psock_test_state(psock):
                    skb_queue_tail(psock.ingress_skb, skb)
                    psock.added_late = psock.added_late or psock.stopped
                    schedule_delayed_work(psock.work, 0)
                    err = 0
                spin_unlock_bh(psock.ingress_lock)
        out_free = err < 0
        if out_free:
            psock.sk.data_lost = True
    elif verdict == __SK_REDIRECT:
        tcp_eat_skb(psock.sk, skb)
        err = sk_psock_skb_redirect(psock, skb)
    if out_free:
        skb_bpf_redirect_clear(skb)
        tcp_eat_skb(psock.sk, skb)
        sock_drop(psock.sk, skb)
    return err


@kernel("net/core/skmsg.c")
def sk_psock_verdict_recv(sk: Ptr[sock], skb: Ptr[sk_buff]) -> int_t:
    """Run the program on an skb that was just taken off sk_receive_queue. The number of bytes, or an error."""
    verdict = __SK_DROP
    len: int_t = skb.len
    rcu_read_lock()
    psock = sk_psock(sk)
    if not psock:
        len = 0
        sk.data_lost = True
        tcp_eat_skb(sk, skb)
        sock_drop(sk, skb)
        rcu_read_unlock()
        return len
    prog = READ_ONCE(psock.progs.stream_verdict)
    if not prog:
        prog = READ_ONCE(psock.progs.skb_verdict)
    if prog:
        skb_bpf_redirect_clear(skb)
        action = prog.run(skb)
        verdict = sk_psock_map_verd(action, skb_bpf_redirect_fetch(skb) != NULL)
    ret = sk_psock_verdict_apply(psock, skb, verdict)
    if ret < 0:
        len = ret
    rcu_read_unlock()
    return len


@kernel("net/core/skmsg.c")
def sk_psock_verdict_data_ready(sk: Ptr[sock]) -> None:
    """sk_data_ready of a socket with a verdict program: the caller holds slock, or owns the socket."""
    omits("tls_sw_has_ctx_rx(): a socket with a psock does not get kTLS on its receive side")
    rcu_read_lock()
    sock = READ_ONCE(sk.sk_socket)
    ops = READ_ONCE(sock.ops) if sock else NULL
    rcu_read_unlock()
    if not ops or not ops.read_skb:
        return
    copied = ops.read_skb(sk, sk_psock_verdict_recv)
    if copied >= 0:
        rcu_read_lock()
        psock = sk_psock(sk)
        if psock:
            sk_psock_data_ready(sk, psock)
        rcu_read_unlock()


@kernel("net/core/skmsg.c")
def sk_psock_write_space(sk: Ptr[sock]) -> None:
    """sk_write_space of a socket with a psock: there is room again, so let the backlog go on."""
    write_space: Callable[[Ptr[sock]], None] = NULL
    rcu_read_lock()
    psock = sk_psock(sk)
    if psock:
        if sk_psock_test_state(psock):
            schedule_delayed_work(psock.work, 0)
        write_space = psock.saved_write_space
    rcu_read_unlock()
    if write_space:
        write_space(sk)


@kernel("net/core/skmsg.c")
def sk_psock_start_verdict(sk: Ptr[sock], psock: Ptr[sk_psock]) -> None:
    """Install the callbacks; the caller writes sk_callback_lock."""
    if psock.saved_data_ready:
        return
    psock.saved_data_ready = sk.sk_data_ready
    WRITE_ONCE(sk.sk_data_ready, sk_psock_verdict_data_ready)
    WRITE_ONCE(sk.sk_write_space, sk_psock_write_space)


@kernel("net/core/skmsg.c")
def sk_psock_stop_verdict(sk: Ptr[sock], psock: Ptr[sk_psock]) -> None:
    """Take the programs and the data_ready callback away; the caller writes sk_callback_lock."""
    bpf_prog_put(xchg(psock.progs.stream_verdict, NULL))
    bpf_prog_put(xchg(psock.progs.skb_verdict, NULL))
    if not psock.saved_data_ready:
        return
    WRITE_ONCE(sk.sk_data_ready, psock.saved_data_ready)
    psock.saved_data_ready = NULL
