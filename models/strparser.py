"""The stream parser: cuts the bytes of a TCP socket into messages.

Source: net/strparser/strparser.c, 7.2-rc (kernel-patches/bpf 2d39926b02dd), the same in 6.1.192; 7.1.5 lacks the socket
lock in strp_done(). net/ipv4/tcp.c of 7.1.5 for reading without an ACK.

The engine runs under the socket lock: in a softirq that found the socket not owned, or in its own worker, which owns
it. `stopped` is set without that lock, too: strp_stop() is called under sk_callback_lock.

Left out everywhere: pausing, the mode without a socket, statistics. `interrupted` and `unrecov_intr` share a word with
`stopped`, so that one could be lost when they are written; but strp_abort_strp() sets it again right afterwards.
"""

from psockmc.kernel.refcount import refcount_set
from psockmc.kernel.socklock import lock_sock, sock_owned_by_user_nocheck
from psockmc.kernel.work import (
    INIT_DELAYED_WORK,
    INIT_WORK,
    cancel_delayed_work,
    cancel_delayed_work_sync,
    cancel_work_sync,
    delayed_work,
    mod_delayed_work,
    queue_work,
    work_struct,
)
from psockmc.lang import (
    GFP_ATOMIC,
    NOBODY,
    NULL,
    WRITE_ONCE,
    Callable,
    Const,
    Ghost,
    Int,
    Ptr,
    Struct,
    atomic,
    check,
    choose,
    container_of,
    cover,
    instance,
    kernel,
    kfree,
    kzalloc,
    list_next_entry_or_null,
    omits,
)

from models.skbuff import (
    __skb_unlink,
    consume_skb,
    kfree_skb,
    sk_buff,
    skb_has_frag_list,
    skb_peek,
    skb_queue_empty,
    skb_unclone,
)
from models.skmsg import sk_psock
from models.sock import (
    EPROTO,
    ETIMEDOUT,
    TCP_LISTEN,
    err_t,
    int_t,
    release_sock_and_backlog,
    sk_error_report,
    sock,
    tcp_seq_t,
)

# What a call of the engine hands back: the bytes it has eaten, and what the kernel notes in read_descriptor_t.
DESC_STOP = 4
DESC_ENOMEM = 8
DESC_ERROR = 16

eaten_t = Int[0, 2]
desc_t = Int[0, 31]


class strparser(Struct):
    """The parser of one socket; embedded in the psock.

    skb_head: the message that is not complete yet. need_bytes: how much of it is missing, when that is known and not
    on the receive queue. read_sock, parse_msg, rcv_msg: what its user has given it (`cb` in the kernel).

    For properties: reading: a softirq is past the test of `stopped`. stop_returned: strp_stop() has returned. dirty:
    strp_init() cleared a parser that was in use. done, done_unstopped: strp_done() has returned; it has begun although
    the parser was not stopped.
    """

    sk: Ptr[sock]
    stopped: bool
    need_bytes: eaten_t
    skb_head: Ptr[sk_buff]
    msg_timer_work: delayed_work
    work: work_struct
    read_sock: Callable[[strparser], desc_t]
    parse_msg: Callable[[strparser, Ptr[sk_buff]], int_t]
    rcv_msg: Callable[[strparser, Ptr[sk_buff]], None]
    reading: Ghost[bool]
    stop_returned: Ghost[bool]
    dirty: Ghost[bool]
    done: Ghost[bool]
    done_unstopped: Ghost[bool]


# ---------------------------------------------------------------- errors and the timer


@kernel("net/strparser/strparser.c")
def strp_abort_strp(strp: strparser, err: err_t) -> None:
    """Nothing can be read any more: stop, and tell the socket's user. The caller holds the socket."""
    cancel_delayed_work(strp.msg_timer_work)
    if strp.stopped:
        return
    strp.stopped = True
    if strp.skb_head:
        kfree_skb(strp.skb_head)
        strp.skb_head = NULL
    strp.need_bytes = 0
    sk = strp.sk
    sk.sk_err = err
    sk_error_report(sk)


@kernel("net/strparser/strparser.c")
def strp_start_timer(strp: strparser) -> None:
    """A message must be complete within the receive timeout of the socket, if it has one."""
    sk = strp.sk
    if sk.sk_rcvtimeo:
        mod_delayed_work(strp.msg_timer_work, 1)


@kernel("net/strparser/strparser.c")
def strp_parser_err(strp: strparser, err: err_t) -> None:
    """The parser could not make sense of the message; the caller holds the socket."""
    kfree_skb(strp.skb_head)
    strp.skb_head = NULL
    strp_abort_strp(strp, err)


# ---------------------------------------------------------------- the engine


@kernel("net/core/skbuff.c")
def skb_clone(orig_skb: Ptr[sk_buff]) -> Ptr[sk_buff]:
    """A buffer of its own over the same bytes; NULL when memory is short."""
    skb = kzalloc(sk_buff, GFP_ATOMIC)
    if skb:
        skb.len = orig_skb.len
        skb.frag_list = orig_skb.frag_list
        skb.seq = orig_skb.seq
        skb.origin = orig_skb.origin
        skb.pos = orig_skb.pos
        refcount_set(skb.users, 1)
    return skb


@kernel("net/strparser/strparser.c")
def strp_peek_more(strp: strparser, orig_skb: Ptr[sk_buff]) -> bool:
    """strp_peek_len(): whether there is more on the receive queue than the buffer that is being read."""
    omits("tcp_inq() also counts messages that their reader has not taken: then the parser waits without a timer")
    sk = strp.sk
    return list_next_entry_or_null(orig_skb, sk.sk_receive_queue.list) != NULL


@kernel("net/strparser/strparser.c")
def strp_begin_or_append(strp: strparser, skb: Ptr[sk_buff], offset: eaten_t) -> Ptr[sk_buff]:
    """The head of the message that the clone belongs to: the clone itself, or the one there is. NULL when a clone that
    must be appended cannot be had for oneself: then it is forgotten, as the kernel does.
    """
    head = strp.skb_head
    if not head:
        strp.skb_head = skb
        skb.strp_offset = offset
        return skb
    if skb_has_frag_list(skb):
        if skb_unclone(skb):
            return NULL
    omits("the clone hangs on the frag_list of the head, which may have to be copied before (skb_unclone())")
    omits("here its bytes are added to the head's count and the clone is freed")
    kfree(skb)
    return head


@kernel("net/strparser/strparser.c")
def __strp_recv(strp: strparser, orig_skb: Ptr[sk_buff], orig_offset: eaten_t, orig_len: eaten_t) -> desc_t:
    """Eat a buffer of the receive queue: continue a message or begin one, and hand on each that is complete.

    The caller holds the socket.
    """
    omits("a buffer is never continued in its middle while a message is incomplete")
    eaten: eaten_t = 0
    while eaten < orig_len:
        skb = skb_clone(orig_skb)
        if not skb:
            return eaten + DESC_ENOMEM
        cand_len: eaten_t = orig_len - eaten
        head = strp_begin_or_append(strp, skb, orig_offset + eaten)
        if not head:
            return eaten + DESC_ENOMEM
        accum_len: eaten_t = head.strp_accum_len
        if not head.strp_full_len:
            len = strp.parse_msg(strp, head)
            if len == 0:
                if not accum_len:
                    strp_start_timer(strp)
                head.strp_accum_len = accum_len + cand_len
                return orig_len
            if len < 0 or len <= accum_len:
                strp_parser_err(strp, -len if len < 0 else EPROTO)
                return eaten + DESC_ERROR
            head.strp_full_len = len
        full_len: eaten_t = head.strp_full_len
        if accum_len + cand_len < full_len:
            head.strp_accum_len = accum_len + cand_len
            if strp_peek_more(strp, orig_skb):
                return orig_len
            if not accum_len:
                strp_start_timer(strp)
            strp.need_bytes = full_len - accum_len - cand_len
            return orig_len + DESC_STOP
        eaten += full_len - accum_len
        cancel_delayed_work(strp.msg_timer_work)
        strp.skb_head = NULL
        strp.need_bytes = 0
        cover("the stream parser has a complete message")
        strp.rcv_msg(strp, head)
    return eaten


@kernel("net/ipv4/tcp.c")
def tcp_recv_skb_at(sk: Ptr[sock], seq: tcp_seq_t) -> Ptr[sk_buff]:
    """The buffer of the receive queue in which seq lies (tcp_recv_skb()); those before it, in which it does not lie,
    are freed. The caller holds the socket.
    """
    skb = skb_peek(sk.sk_receive_queue)
    while skb:
        offset: int_t = seq - skb.tcp_seq
        if offset >= 0 and offset < skb.len:
            return skb
        if offset < 0:
            sk.data_lost = True
        __skb_unlink(skb, sk.sk_receive_queue)
        consume_skb(skb)
        skb = skb_peek(sk.sk_receive_queue)
    return NULL


@kernel("net/ipv4/tcp.c")
def tcp_read_sock_noack(sk: Ptr[sock], psock: Ptr[sk_psock], strp: strparser) -> desc_t:
    """Hand the receive queue to the engine, from the psock's position on. The caller holds the socket."""
    omits("urgent data, FIN, collapsing of the queue while it is read")
    if sk.sk_state == TCP_LISTEN:
        return 0
    desc: desc_t = 0
    seq: tcp_seq_t = psock.copied_seq
    skb = tcp_recv_skb_at(sk, seq)
    while skb:
        offset: eaten_t = seq - skb.tcp_seq
        ret = __strp_recv(strp, skb, offset, skb.len - offset)
        desc = (desc | ret) & (DESC_STOP | DESC_ENOMEM | DESC_ERROR)
        used: eaten_t = ret & 3
        if not used:
            break
        seq += used
        offset += used
        if offset == skb.len:
            __skb_unlink(skb, sk.sk_receive_queue)
            consume_skb(skb)
            if desc & DESC_STOP:
                break
            WRITE_ONCE(psock.copied_seq, seq)
        skb = tcp_recv_skb_at(sk, seq)
    WRITE_ONCE(psock.copied_seq, seq)
    return desc


@kernel("net/strparser/strparser.c")
def strp_read_sock(strp: strparser) -> bool:
    """Read what there is; True when memory was short. The caller holds the socket."""
    sk = strp.sk
    sock = sk.sk_socket
    if not sock:
        return False
    if not sock.ops:
        return False
    return (strp.read_sock(strp) & DESC_ENOMEM) != 0


# ---------------------------------------------------------------- who runs it


@kernel("net/strparser/strparser.c")
def strp_data_ready(strp: strparser) -> None:
    """Data has come. The caller holds slock or owns the socket; in the latter case the worker must do it."""
    if strp.stopped:
        return
    strp.reading = True
    sk = strp.sk
    if sock_owned_by_user_nocheck(sk.sk_lock):
        queue_work(strp.work)
    elif strp.need_bytes and skb_queue_empty(sk.sk_receive_queue):
        cover("a message is still incomplete")
    elif strp_read_sock(strp):
        queue_work(strp.work)
    strp.reading = False


@kernel("net/strparser/strparser.c")
def strp_work(work: work_struct) -> None:
    """The worker (do_strp_work()): owns the socket, and does not know of sk_callback_lock.

    In the kernel it finds the parser only; every parser here is in a psock.
    """
    psock = container_of(work, sk_psock, "strp.work")
    sk = psock.strp.sk
    lock_sock(sk.sk_lock)
    if not psock.strp.stopped:
        if strp_read_sock(psock.strp):
            queue_work(psock.strp.work)
    release_sock_and_backlog(sk)


@kernel("net/strparser/strparser.c")
def strp_msg_timeout(work: work_struct) -> None:
    """A message was not complete in time."""
    psock = container_of(work, sk_psock, "strp.msg_timer_work.work")
    sk = psock.strp.sk
    lock_sock(sk.sk_lock)
    cover("a message was not complete in time")
    strp_abort_strp(psock.strp, ETIMEDOUT)
    release_sock_and_backlog(sk)


# ---------------------------------------------------------------- its life


@kernel("net/strparser/strparser.c")
def strp_init(strp: strparser, sk: Ptr[sock]) -> None:
    """Begin anew, whatever was there (memset())."""
    with atomic("what is overwritten is noted in the instant in which that begins"):
        busy = strp.work.pending or strp.msg_timer_work.work.pending
        running = strp.work.running != NOBODY or strp.msg_timer_work.work.running != NOBODY
        strp.dirty = busy or running or strp.skb_head != NULL
        strp.stop_returned = False
        strp.sk = NULL
    strp.stopped = False
    strp.need_bytes = 0
    strp.skb_head = NULL
    strp.read_sock = NULL
    strp.parse_msg = NULL
    strp.rcv_msg = NULL
    strp.sk = sk
    INIT_DELAYED_WORK(strp.msg_timer_work, strp_msg_timeout)
    INIT_WORK(strp.work, strp_work)


@kernel("net/strparser/strparser.c")
def strp_stop(strp: strparser) -> None:
    """From here on nothing is read any more, except by a worker that has made its test."""
    strp.stopped = True
    strp.stop_returned = True


@kernel("net/strparser/strparser.c")
def strp_done(strp: strparser) -> None:
    """Wait for whoever still runs, and free an incomplete message. Sleeps; the caller does not hold the socket."""
    stopped = strp.stopped
    strp.done_unstopped = not stopped
    check(stopped, "WARN_ON(!strp->stopped) in strp_done()")
    sk = strp.sk
    lock_sock(sk.sk_lock)
    release_sock_and_backlog(sk)
    cancel_delayed_work_sync(strp.msg_timer_work)
    cancel_work_sync(strp.work)
    if strp.skb_head:
        kfree_skb(strp.skb_head)
        strp.skb_head = NULL
    strp.done = True


# ---------------------------------------------------------------- what reading may send


class egress_hook(Struct, name="egress"):
    """The program at the egress of the device through which ACKs leave (clsact)."""

    run: Const[Callable[[], None]]


egress0 = instance(egress_hook)


@kernel("net/ipv4/tcp.c")
def __tcp_cleanup_rbuf(sk: Ptr[sock]) -> None:
    """Data was read: an ACK may be sent at once, down to the device, with all locks that the caller holds."""
    omits("the receive window, and when TCP acknowledges; without a program the ACK touches nothing that is modelled")
    if egress0.run and choose():
        egress0.run()
