"""kTLS as an upper layer protocol (ULP) on a TCP socket.

Sources: net/tls/tls_main.c, 7.2-rc (kernel-patches/bpf 9a4cc58dde77), net/ipv4/tcp_ulp.c; both read again in 7.1.5.

A socket with the ULP has one of the tables of `tls_prots`, and its context remembers the table below, to which
close() goes on. Since 460e6486617c neither encryption nor decryption is switched on while a psock is attached; the
ULP itself may still be put on top of a psock.

Left out everywhere: records and keys, the work that sends, offload to devices, the tables for decryption, the
exchange of `socket->ops`, errors of sendmsg(), IPv6.
"""

from psockmc.kernel.mutex import mutex, mutex_lock, mutex_unlock
from psockmc.kernel.rcu import call_rcu, rcu_head
from psockmc.kernel.rwlock import write_lock_bh, write_unlock_bh
from psockmc.kernel.socklock import lock_sock
from psockmc.lang import (
    GFP_ATOMIC,
    NULL,
    READ_ONCE,
    WRITE_ONCE,
    Callable,
    Const,
    Enum,
    Ptr,
    Struct,
    check,
    container_of,
    instance,
    kernel,
    kfree,
    kzalloc,
    omits,
    rcu_assign_pointer,
    rcu_read_lock,
    rcu_read_unlock,
    smp_load_acquire,
    smp_store_release,
)

from models.skmsg import sk_psock
from models.sock import (
    EEXIST,
    EINVAL,
    ENOMEM,
    ENOTCONN,
    TCP_ESTABLISHED,
    int_t,
    proto,
    release_sock_and_backlog,
    sock,
    timeout_t,
)


class tcp_ulp_ops(Struct, name="ulp"):
    """An upper layer protocol. update: tells it that the table below it has changed."""

    init: Const[Callable[[Ptr[sock]], int_t]]
    update: Const[Callable[[Ptr[sock], Ptr[proto], Callable[[Ptr[sock]], None]], None]]


class tls_conf(Enum):
    """What TLS does in one direction."""

    TLS_BASE = 0
    TLS_SW = 1


class tls_context(Struct, name="tls"):
    """sk_proto, sk_write_space: what is below."""

    sk_proto: Ptr[proto]
    sk_write_space: Callable[[Ptr[sock]], None]
    tx_conf: tls_conf
    rcu: rcu_head


class tls_module(Struct, name="tls_main"):
    """saved_tcpv4_prot: the table that `tls_prots` was built for."""

    saved_tcpv4_prot: Ptr[proto]
    tcpv4_prot_mutex: mutex


tls_main = instance(tls_module)
tls_prots_base = instance(proto)
tls_prots_tx = instance(proto)


# ---------------------------------------------------------------- the tables


@kernel("net/tls/tls_main.c")
def copy_proto(to: Ptr[proto], base: Ptr[proto]) -> None:
    """Assignment of a table, which is a copy of its memory."""
    to.close = base.close
    to.destroy = base.destroy
    to.unhash = base.unhash
    to.sendmsg = base.sendmsg
    to.recvmsg = base.recvmsg
    to.psock_update_sk_prot = base.psock_update_sk_prot
    to.sock_is_readable = base.sock_is_readable
    to.ioctl = base.ioctl


@kernel("net/tls/tls_main.c")
def build_protos(base: Ptr[proto]) -> None:
    """Fill the tables, which sockets may be using: those below which there is no psock, or was none so far."""
    copy_proto(tls_prots_base, base)
    tls_prots_base.setsockopt = tls_setsockopt
    tls_prots_base.close = tls_sk_proto_close
    copy_proto(tls_prots_tx, tls_prots_base)
    tls_prots_tx.setsockopt = tls_setsockopt
    omits("tls_sw_sendmsg(), by which the second one differs: nothing is sent with TLS")


@kernel("net/tls/tls_main.c")
def tls_build_proto(sk: Ptr[sock]) -> None:
    """There is one set of tables; it is built anew whenever it is needed over another table than the last time."""
    prot = READ_ONCE(sk.sk_prot)
    if prot == smp_load_acquire(tls_main.saved_tcpv4_prot):
        return
    mutex_lock(tls_main.tcpv4_prot_mutex)
    if prot != tls_main.saved_tcpv4_prot:
        build_protos(prot)
        smp_store_release(tls_main.saved_tcpv4_prot, prot)
    mutex_unlock(tls_main.tcpv4_prot_mutex)


@kernel("net/tls/tls_main.c")
def update_sk_prot(sk: Ptr[sock], ctx: Ptr[tls_context]) -> None:
    """Give the socket the table of its configuration."""
    if ctx.tx_conf == TLS_SW:
        WRITE_ONCE(sk.sk_prot, tls_prots_tx)
    else:
        WRITE_ONCE(sk.sk_prot, tls_prots_base)


# ---------------------------------------------------------------- its life


@kernel("net/tls/tls_main.c")
def tls_init(sk: Ptr[sock]) -> int_t:
    """Put TLS on top of what there is; the caller owns the socket."""
    tls_build_proto(sk)
    if sk.sk_state != TCP_ESTABLISHED:
        return -ENOTCONN
    write_lock_bh(sk.sk_callback_lock)
    ctx = kzalloc(tls_context, GFP_ATOMIC)
    if not ctx:
        write_unlock_bh(sk.sk_callback_lock)
        return -ENOMEM
    ctx.sk_proto = READ_ONCE(sk.sk_prot)
    rcu_assign_pointer(sk.icsk_ulp_data, ctx)
    ctx.tx_conf = TLS_BASE
    update_sk_prot(sk, ctx)
    write_unlock_bh(sk.sk_callback_lock)
    return 0


@kernel("net/ipv4/tcp_ulp.c")
def tcp_set_ulp(sk: Ptr[sock]) -> int_t:
    """setsockopt(TCP_ULP, "tls"). The socket says that it has an ULP only after that is in place."""
    if sk.icsk_ulp_ops:
        return -EEXIST
    err = tcp_tls_ulp_ops.init(sk)
    if not err:
        sk.icsk_ulp_ops = tcp_tls_ulp_ops
    return err


@kernel("net/ipv4/tcp_ulp.c")
def tcp_update_ulp(sk: Ptr[sock], p: Ptr[proto], write_space: Callable[[Ptr[sock]], None]) -> None:
    """The table below the ULP has changed."""
    ops = sk.icsk_ulp_ops
    if ops.update:
        ops.update(sk, p, write_space)


@kernel("net/tls/tls_main.c")
def tls_update(sk: Ptr[sock], p: Ptr[proto], write_space: Callable[[Ptr[sock]], None]) -> None:
    """Remember what is below now; the caller writes sk_callback_lock."""
    check(sk.sk_prot != p, "WARN_ON_ONCE(sk->sk_prot == p) in tls_update()")
    ctx = sk.icsk_ulp_data
    if ctx:
        ctx.sk_write_space = write_space
        ctx.sk_proto = p
    else:
        WRITE_ONCE(sk.sk_prot, p)
        sk.sk_write_space = write_space


@kernel("net/tls/tls_main.c")
def tls_free_rcu(head: rcu_head) -> None:
    """kfree_rcu() of a context."""
    kfree(container_of(head, tls_context, "rcu"))


@kernel("net/tls/tls_main.c")
def tls_sk_proto_close(sk: Ptr[sock], timeout: timeout_t) -> None:
    """sk_prot->close: take TLS away, then close what is below."""
    ctx = sk.icsk_ulp_data
    lock_sock(sk.sk_lock)
    write_lock_bh(sk.sk_callback_lock)
    rcu_assign_pointer(sk.icsk_ulp_data, NULL)
    WRITE_ONCE(sk.sk_prot, ctx.sk_proto)
    if sk.sk_write_space == tls_write_space:
        sk.sk_write_space = ctx.sk_write_space
    write_unlock_bh(sk.sk_callback_lock)
    release_sock_and_backlog(sk)
    close = ctx.sk_proto.close
    close(sk, timeout)
    call_rcu(ctx.rcu, tls_free_rcu)


# ---------------------------------------------------------------- encryption


@kernel("net/tls/tls_main.c")
def tls_write_space(sk: Ptr[sock]) -> None:
    """sk_write_space of a socket that encrypts: send what waits, then tell who is below."""
    omits("the work that sends")
    ctx = sk.icsk_ulp_data
    ctx.sk_write_space(sk)


@kernel("net/tls/tls_main.c")
def do_tls_setsockopt_conf(sk: Ptr[sock]) -> int_t:
    """setsockopt(TLS_TX): encrypt from here on. Not on a socket with a psock. The caller owns the socket."""
    ctx = sk.icsk_ulp_data
    rcu_read_lock()
    if sk_psock(sk):
        rcu_read_unlock()
        return -EINVAL
    rcu_read_unlock()
    ctx.tx_conf = TLS_SW
    update_sk_prot(sk, ctx)
    ctx.sk_write_space = sk.sk_write_space
    sk.sk_write_space = tls_write_space
    return 0


@kernel("net/tls/tls_main.c")
def tls_setsockopt(sk: Ptr[sock]) -> int_t:
    """sk_prot->setsockopt for TLS_TX."""
    lock_sock(sk.sk_lock)
    err = do_tls_setsockopt_conf(sk)
    release_sock_and_backlog(sk)
    return err


tcp_tls_ulp_ops = instance(tcp_ulp_ops, init=tls_init, update=tls_update)
