"""The receive queue of a psock, and the worker that feeds it.

Sources: include/linux/skmsg.h (queueing) and net/core/skmsg.c (from skb to message, the backlog), v6.19, with the
message counter of 7.1; read again in 7.1.5 (danayer/linux-7.1.5 9d1745cf8134), and in 6.1.192 without the counter.
"""

from psockmc.kernel.mutex import mutex_lock, mutex_unlock
from psockmc.kernel.rwlock import read_lock_bh, read_unlock_bh
from psockmc.kernel.spinlock import spin_lock_bh, spin_unlock_bh
from psockmc.kernel.work import schedule_delayed_work, work_struct
from psockmc.lang import (
    GFP_ATOMIC,
    GFP_KERNEL,
    NOBODY,
    NULL,
    WRITE_ONCE,
    Int,
    Ptr,
    atomic,
    atomic_read,
    atomic_sub,
    check,
    clear_bit,
    container_of,
    cover,
    current,
    kernel,
    kfree,
    kzalloc,
    list_add_tail,
    list_del,
    list_empty,
    list_first_entry_or_null,
    list_next_entry_or_null,
    omits,
    rcu_read_lock,
    rcu_read_unlock,
)

from models.skbuff import (
    consume_skb,
    kfree_skb,
    sk_buff,
    skb_bpf_ingress,
    skb_bpf_redirect_clear,
    skb_bpf_set_redir,
    skb_bpf_strparser,
    skb_dequeue,
    skb_get,
    skb_linearize,
    skb_peek,
    skb_set_owner_r,
)
from models.skmsg import SK_PSOCK_TX_ENABLED, sk_msg, sk_psock, sk_psock_get, sk_psock_put, sk_psock_test_state
from models.skmsg_send import put_pages, sk_msg_init
from models.skmsg_strp import strp_config
from models.sock import (
    EAGAIN,
    EFAULT,
    EIO,
    EMSGSIZE,
    EPIPE,
    MSG_PEEK,
    bytes_t,
    err_t,
    int_t,
    msg_flags_t,
    sk_error_report,
    sk_mem_uncharge,
    sk_rmem_schedule,
    sock,
    sock_flag_dead,
    sock_writeable,
)
from models.tcp import skb_send_sock

# ---------------------------------------------------------------- the queue of messages


@kernel("include/linux/skmsg.h")
def sk_psock_msg_len_add_locked(psock: Ptr[sk_psock], diff: Int[-3, 3]) -> None:
    """Add to the number of unread bytes; the caller holds ingress_lock."""
    psock.len_writer = current()
    WRITE_ONCE(psock.msg_tot_len, psock.msg_tot_len + diff)
    psock.len_writer = NOBODY


@kernel("include/linux/skmsg.h")
def sk_psock_msg_len_add(psock: Ptr[sk_psock], diff: Int[-3, 3]) -> None:
    """Add to the number of unread bytes."""
    spin_lock_bh(psock.ingress_lock)
    sk_psock_msg_len_add_locked(psock, diff)
    spin_unlock_bh(psock.ingress_lock)


@kernel("net/core/skmsg.c")
def sk_msg_free(sk: Ptr[sock], msg: Ptr[sk_msg]) -> bytes_t:
    """Release what a message holds: its reference on the skb, or its pages and their charge. How many bytes.

    The kernel goes from fragment to fragment; nobody else looks at the message meanwhile.
    """
    freed = msg.sg.size
    if freed and not msg.skb:
        sk_mem_uncharge(sk, freed)
        put_pages(msg, freed)
    consume_skb(msg.skb)
    sk_msg_init(msg)
    return freed


@kernel("include/linux/skmsg.h")
def sk_psock_queue_msg(psock: Ptr[sk_psock], msg: Ptr[sk_msg]) -> bool:
    """Queue a message for the reader, or free it when the psock is stopped. The message is not the caller's any
    more.
    """
    spin_lock_bh(psock.ingress_lock)
    if sk_psock_test_state(psock):
        list_add_tail(msg, psock.ingress_msg)
        psock.added_late = psock.added_late or psock.stopped
        psock.reordered = psock.reordered or (msg.seq != 0 and msg.seq < psock.last_seq)
        psock.last_seq = msg.seq if msg.seq != 0 else psock.last_seq
        if msg.sk:
            psock.disordered = psock.disordered or msg.pos < psock.last_pos
            psock.last_pos = msg.pos
        sk_psock_msg_len_add_locked(psock, msg.sg.size)
        ret = True
    else:
        sk_msg_free(psock.sk, msg)
        kfree(msg)
        ret = False
    spin_unlock_bh(psock.ingress_lock)
    return ret


@kernel("include/linux/skmsg.h")
def sk_psock_dequeue_msg(psock: Ptr[sk_psock]) -> Ptr[sk_msg]:
    """Take the first message off; NULL when there is none."""
    spin_lock_bh(psock.ingress_lock)
    msg = list_first_entry_or_null(psock.ingress_msg)
    if msg:
        list_del(msg, psock.ingress_msg)
        sk_psock_msg_len_add_locked(psock, -msg.sg.size)
    spin_unlock_bh(psock.ingress_lock)
    return msg


@kernel("include/linux/skmsg.h")
def sk_psock_peek_msg(psock: Ptr[sk_psock]) -> Ptr[sk_msg]:
    """The first message, which stays; only the reader's lock keeps it alive afterwards."""
    spin_lock_bh(psock.ingress_lock)
    msg = list_first_entry_or_null(psock.ingress_msg)
    spin_unlock_bh(psock.ingress_lock)
    return msg


@kernel("include/linux/skmsg.h")
def sk_psock_next_msg(psock: Ptr[sk_psock], msg: Ptr[sk_msg]) -> Ptr[sk_msg]:
    """The message behind this one, NULL behind the last; only the reader's lock keeps it alive afterwards."""
    spin_lock_bh(psock.ingress_lock)
    next = list_next_entry_or_null(msg, psock.ingress_msg)
    spin_unlock_bh(psock.ingress_lock)
    return next


@kernel("include/linux/skmsg.h")
def sk_psock_queue_empty(psock: Ptr[sk_psock]) -> bool:
    """Whether there is nothing to read, without a lock."""
    return list_empty(psock.ingress_msg)


@kernel("include/linux/skmsg.h")
def kfree_sk_msg(msg: Ptr[sk_msg]) -> None:
    """Free a message that was read."""
    consume_skb(msg.skb)
    kfree(msg)


@kernel("include/linux/skmsg.h")
def sk_psock_data_ready(sk: Ptr[sock], psock: Ptr[sk_psock]) -> None:
    """Wake the reader by the callback that the socket had before the psock came, or has again."""
    read_lock_bh(sk.sk_callback_lock)
    if psock.saved_data_ready:
        psock.saved_data_ready(sk)
    else:
        sk.sk_data_ready(sk)
    read_unlock_bh(sk.sk_callback_lock)


@kernel("include/linux/skmsg.h")
def sk_psock_report_error(psock: Ptr[sk_psock], err: err_t) -> None:
    """Tell the socket's user that the psock gave up."""
    psock.sk.sk_err = err
    sk_error_report(psock.sk)


# ---------------------------------------------------------------- reading

RECV_SELF = 4
recv_t = Int[-122, 15]


@kernel("lib/iov_iter.c")
def copy_page_to_iter(page: Ptr[sk_buff], copy: bytes_t) -> bytes_t:
    """Copy a piece of a page to the user. The number of bytes."""
    omits("faults while copying to the user")
    return copy if copy < page.len else page.len


@kernel("net/core/skmsg.c")
def copy_msg_to_iter(msg: Ptr[sk_msg], copy: bytes_t) -> bytes_t:
    """Copy a piece of a message's fragment, if there is anything to copy; a part of __sk_msg_recvmsg()."""
    omits("what is in the pages of messages without skb")
    if copy and msg.skb:
        return copy_page_to_iter(msg.sg.page, copy)
    return copy


@kernel("net/core/skmsg.c")
def __sk_msg_recvmsg(sk: Ptr[sock], psock: Ptr[sk_psock], len: bytes_t, flags: msg_flags_t) -> recv_t:
    """Read messages. The caller owns the socket, which keeps other readers out.

    The result says how many bytes were read, see recv_copied(), and how many of them came through the socket's own
    stack, see recv_from_self(); the kernel returns the second by a pointer. -EFAULT when the first message has no data.
    """
    copied: bytes_t = 0
    from_self: bytes_t = 0
    msg = sk_psock_peek_msg(psock)
    while msg and copied != len:
        size: bytes_t = msg.sg.size
        copy: bytes_t = size if size < len - copied else len - copied
        if not copy_msg_to_iter(msg, copy):
            return copied + RECV_SELF * from_self if copied else -EFAULT
        copied += copy
        if msg.sk == sk:
            from_self += copy
        if flags & MSG_PEEK:
            if copy != size:
                break
            msg = sk_psock_next_msg(psock, msg)
            continue
        if not msg.skb:
            sk_mem_uncharge(sk, copy)
            atomic_sub(copy, sk.sk_rmem_alloc)
            put_pages(msg, copy)
        msg.sg.size = size - copy
        psock.rx_partial = True
        sk_psock_msg_len_add(psock, -copy)
        psock.rx_partial = False
        if copy == size:
            msg = sk_psock_dequeue_msg(psock)
            kfree_sk_msg(msg)
        msg = sk_psock_peek_msg(psock)
    return copied + RECV_SELF * from_self


@kernel("net/core/skmsg.c")
def recv_copied(result: recv_t) -> int_t:
    """The number of bytes that were read, or an error."""
    return result if result < 0 else result % RECV_SELF


@kernel("net/core/skmsg.c")
def recv_from_self(result: recv_t) -> int_t:
    """How many of them came through the socket's own stack."""
    return 0 if result < 0 else result // RECV_SELF


@kernel("net/core/skmsg.c")
def sk_msg_recvmsg(sk: Ptr[sock], psock: Ptr[sk_psock], len: bytes_t, flags: msg_flags_t) -> int_t:
    """Read messages wherever they came from."""
    return recv_copied(__sk_msg_recvmsg(sk, psock, len, flags))


@kernel("net/core/skmsg.c")
def sk_msg_is_readable(sk: Ptr[sock]) -> bool:
    """sock_is_readable of sockets in a map: poll() asks it, without a lock."""
    readable = False
    rcu_read_lock()
    psock = sk_psock(sk)
    if psock:
        readable = not list_empty(psock.ingress_msg)
    rcu_read_unlock()
    return readable


# ---------------------------------------------------------------- from skb to message


@kernel("net/core/skmsg.c")
def sk_psock_create_ingress_msg(sk: Ptr[sock], skb: Ptr[sk_buff]) -> Ptr[sk_msg]:
    """A message for data of another socket; NULL when memory is short."""
    if sk.accounted:
        if atomic_read(sk.sk_rmem_alloc) > sk.sk_rcvbuf:
            return NULL
        sk_rmem_schedule(sk)
    return kzalloc(sk_msg, GFP_KERNEL)


@kernel("net/core/skbuff.c")
def skb_to_sgvec(skb: Ptr[sk_buff]) -> int_t:
    """How many fragments of a message the data takes; an error when it takes more than there are."""
    if skb.many_frags:
        return -EMSGSIZE
    return 1 if skb.len else 0


@kernel("net/core/skmsg.c")
def sk_psock_skb_ingress_enqueue(
    skb: Ptr[sk_buff],
    off: bytes_t,
    len: bytes_t,
    psock: Ptr[sk_psock],
    sk: Ptr[sock],
    msg: Ptr[sk_msg],
    take_ref: bool,
) -> int_t:
    """Hang the skb on the message, the message on the queue, and wake the reader. The number of bytes.

    The message covers len bytes of the skb from off on. Without take_ref the message takes over the caller's
    reference on the skb. A refusal by the queue is not reported.
    """
    if skb_to_sgvec(skb) < 0:
        if skb_linearize(skb):
            return -EAGAIN
        num_sge = skb_to_sgvec(skb)
        if num_sge < 0:
            return num_sge
    if strp_config.sk_psock_init_strp:
        psock.ingress_bytes += len
    if take_ref:
        skb_get(skb)
    with atomic("nobody else sees the message yet"):
        msg.sg.size = len
        if len:
            msg.sg.page = skb
        msg.skb = skb
    msg.seq = skb.seq
    msg.pos = skb.pos
    msg.off = off
    sk_psock_queue_msg(psock, msg)
    sk_psock_data_ready(sk, psock)
    return len


@kernel("net/core/skmsg.c")
def sk_psock_skb_ingress_self(
    psock: Ptr[sk_psock], skb: Ptr[sk_buff], off: bytes_t, len: bytes_t, take_ref: bool
) -> int_t:
    """Deliver data of the socket's own stack; also from softirqs."""
    msg = kzalloc(sk_msg, GFP_ATOMIC)
    if not msg:
        return -EAGAIN
    skb_set_owner_r(skb, psock.sk)
    msg.sk = psock.sk
    err = sk_psock_skb_ingress_enqueue(skb, off, len, psock, psock.sk, msg, take_ref)
    if err < 0:
        kfree(msg)
    return err


@kernel("net/core/skmsg.c")
def sk_psock_skb_ingress(psock: Ptr[sk_psock], skb: Ptr[sk_buff], off: bytes_t, len: bytes_t) -> int_t:
    """Deliver an skb from the backlog; it stays on its queue meanwhile, hence the reference of its own."""
    if skb.sk == psock.sk:
        return sk_psock_skb_ingress_self(psock, skb, off, len, True)
    msg = sk_psock_create_ingress_msg(psock.sk, skb)
    if not msg:
        return -EAGAIN
    skb_set_owner_r(skb, psock.sk)
    err = sk_psock_skb_ingress_enqueue(skb, off, len, psock, psock.sk, msg, True)
    if err < 0:
        kfree(msg)
    return err


# ---------------------------------------------------------------- the backlog


@kernel("net/core/skmsg.c")
def sk_psock_handle_skb(psock: Ptr[sk_psock], skb: Ptr[sk_buff], off: bytes_t, len: bytes_t, ingress: bool) -> int_t:
    """Send a part of the skb on the psock's socket, or hand it to its reader. The number of bytes, or an error."""
    if not ingress:
        if not sock_writeable(psock.sk):
            return -EAGAIN
        ret = skb_send_sock(psock.sk, skb, off, len)
        skb.on_wire = skb.on_wire or ret > 0
    else:
        ret = sk_psock_skb_ingress(psock, skb, off, len)
    if ret > 0:
        skb.resent = skb.resent or off != skb.sent
        skb.sent = off + ret
    return ret


@kernel("net/core/skmsg.c")
def sk_psock_skb_state(psock: Ptr[sk_psock], len: bytes_t, off: bytes_t) -> None:
    """Remember where to go on with the skb at the head of the queue."""
    spin_lock_bh(psock.ingress_lock)
    if sk_psock_test_state(psock):
        psock.work_state.len = len
        psock.work_state.off = off
    spin_unlock_bh(psock.ingress_lock)


@kernel("net/core/skmsg.c")
def sk_psock_deliver(psock: Ptr[sk_psock], skb: Ptr[sk_buff], off: bytes_t, len: bytes_t, ingress: bool) -> int_t:
    """The inner loop of sk_psock_backlog(): all of the skb. Positive when that is done; else the backlog must end.

    -EAGAIN: it is tried again later, from where it stopped. Every other error stops the psock for good, and so does
    a delivery of nothing.
    """
    ret: int_t = -EIO
    while True:
        ret = -EIO
        if not sock_flag_dead(psock.sk):
            ret = sk_psock_handle_skb(psock, skb, off, len, ingress)
        if ret <= 0:
            break
        off += ret
        len -= ret
        if not len:
            return ret
    if ret == -EAGAIN:
        sk_psock_skb_state(psock, len, off)
        skb_bpf_set_redir(skb, psock.sk, ingress)
        if sk_psock_test_state(psock):
            schedule_delayed_work(psock.work, 1)
    else:
        sk_psock_report_error(psock, -ret if ret else EPIPE)
        clear_bit(SK_PSOCK_TX_ENABLED, psock.state)
        psock.tx_cleared = True
        psock.stopped_by_fin = ret == 0
    return ret


@kernel("net/core/skmsg.c")
def sk_psock_backlog(work: work_struct) -> None:
    """The worker: delivers what was queued on ingress_skb, in order.

    An skb leaves the queue only after it was delivered. What was sent of it in part is remembered when the rest must
    wait.
    """
    psock = container_of(work, sk_psock, "work.work")
    if not sk_psock_test_state(psock):
        return
    if not sk_psock_get(psock.sk):
        return
    psock.past_gate = True
    mutex_lock(psock.work_mutex)
    skb = skb_peek(psock.ingress_skb)
    while skb:
        len: bytes_t = skb.len
        off: bytes_t = 0
        if skb_bpf_strparser(skb):
            off = skb.strp_offset
            len = skb.strp_full_len
        if psock.work_state.len:
            len = psock.work_state.len
            off = psock.work_state.off
        ingress = skb_bpf_ingress(skb)
        skb_bpf_redirect_clear(skb)
        ret = sk_psock_deliver(psock, skb, off, len, ingress)
        if ret <= 0:
            break
        sk_psock_skb_state(psock, 0, 0)
        skb = skb_dequeue(psock.ingress_skb)
        kfree_skb(skb)
        cover("the backlog has delivered an skb")
        skb = skb_peek(psock.ingress_skb)
    mutex_unlock(psock.work_mutex)
    psock.past_gate = False
    sk_psock_put(psock.sk, psock)


# ---------------------------------------------------------------- purging


@kernel("net/core/skmsg.c")
def __sk_psock_purge_ingress_msg(psock: Ptr[sk_psock]) -> None:
    """Free all messages that were not read."""
    for msg in psock.ingress_msg:
        list_del(msg, psock.ingress_msg)
        psock.sk.messages_lost = True
        if not msg.skb:
            atomic_sub(msg.sg.size, psock.sk.sk_rmem_alloc)
        sk_psock_msg_len_add(psock, -msg.sg.size)
        sk_msg_free(psock.sk, msg)
        kfree(msg)
    check(psock.msg_tot_len == 0, "WARN_ON_ONCE(psock->msg_tot_len) after the purge")
    psock.purged = True


@kernel("net/core/skmsg.c")
def __sk_psock_zap_ingress(psock: Ptr[sk_psock]) -> None:
    """Drop everything that is still queued."""
    skb = skb_dequeue(psock.ingress_skb)
    while skb:
        skb_bpf_redirect_clear(skb)
        kfree_skb(skb)
        skb = skb_dequeue(psock.ingress_skb)
    __sk_psock_purge_ingress_msg(psock)
