"""What must hold of the receive path: bytes are counted, ordered, delivered once, and their reader is told."""

from psockmc.lang import NOBODY, NULL, Int, Ptr, at_end, count, invariant, live, pure

from models.skbuff import sk_buff, sock_rfree
from models.skmsg import sk_msg, sk_psock
from models.sock import EAGAIN, EFAULT, sock
from models.syscalls_receive import process_view
from models.tcp_bpf import tcp_bpf_prots_rx
from spec.invariants_receive import I25, I31, I37, I40, I41, I59, I63, I64

# ---------------------------------------------------------------- the backlog


@invariant("I25", "nothing is on the queues of a psock after its destruction has emptied them")
def emptied_for_good(psock: Ptr[sk_psock]) -> bool:
    """The backlog's own stop is not under ingress_lock, so something may be queued after it. Nobody delivers that any
    more; the destruction frees it. Upheld by __sk_psock_zap_ingress() and the grace period before it.
    """
    return not psock.purged or (all(False for m in psock.ingress_msg) and all(False for q in psock.ingress_skb.list))


@invariant("I31", "each byte of an skb leaves the backlog once and in order")
def sent_once(skb: Ptr[sk_buff]) -> bool:
    """What TCP took of an skb is not offered again. Upheld by sk_psock_backlog(), which goes on where it stopped, and
    by the workqueue, which runs one work item in one worker only.
    """
    return not skb.resent


@invariant("I31-head", "where the backlog goes on is a place in the first skb of its queue")
def state_is_of_the_head(psock: Ptr[sk_psock]) -> bool:
    """There is one work_state for all skbs, and it does not say which one it is about. While the backlog runs it may be
    behind. Upheld by sk_psock_skb_state(): the state is cleared before the skb leaves the queue.
    """
    return (
        psock.past_gate
        or psock.tx_cleared
        or psock.work_state.len == 0
        or any(
            q.sent == psock.work_state.off and q.len == psock.work_state.off + psock.work_state.len
            for q in psock.ingress_skb.list
        )
    )


@invariant("I31-direction", "what was redirected to a reader is not sent")
def redirected_to_the_reader(skb: Ptr[sk_buff]) -> bool:
    """A delivery that is tried again goes the same way. Upheld by sk_psock_backlog(), which restores the direction."""
    return not (skb.for_reader and skb.on_wire)


@invariant("I25-fin", "a FIN alone does not make the backlog give up")
def fin_is_no_error(psock: Ptr[sk_psock]) -> bool:
    """A FIN has no data, so its delivery returns 0, which the backlog takes for a broken pipe. Would be upheld by
    sk_psock_backlog().
    """
    return not psock.stopped_by_fin


# ---------------------------------------------------------------- counting


@invariant("I37", "msg_tot_len is stored only by who holds ingress_lock")
def counter_is_stored_under_the_lock(psock: Ptr[sk_psock]) -> bool:
    """It is read, changed and stored; two of these at a time would lose one. Upheld by
    sk_psock_msg_len_add_locked()'s callers. Readers need no lock, as the store is WRITE_ONCE().
    """
    return psock.len_writer == NOBODY or psock.ingress_lock.owner == psock.len_writer


@at_end("I38", "in the end sk_rmem_alloc counts the buffers that are charged to the socket")
def receive_memory_is_counted(sk: Ptr[sock]) -> bool:
    """The socket's destruction warns otherwise. Upheld by skb_set_owner_r() and sock_rfree()."""
    return not sk.accounted or sk.sk_rmem_alloc == count(b.sk == sk and b.destructor == sock_rfree for b in sk_buff)


@at_end("I39", "in the end nothing of what was reserved for the socket's memory is lost")
def reserve_is_counted(sk: Ptr[sock]) -> bool:
    """sk_forward_alloc is changed by a load and a store, so only the holder of the socket may do so. Would be upheld by
    the backlog, if it held the socket.
    """
    return not sk.accounted or sk.sk_forward_alloc + sk.sk_rmem_alloc == sk.reserved


@invariant("I40", "copied_seq does not pass rcv_nxt")
def nothing_is_read_before_it_comes(sk: Ptr[sock]) -> bool:
    """Data of other sockets is not counted, and own data only once: either at the verdict or when it is read. Upheld by
    tcp_eat_skb(), tcp_bpf_recvmsg_parser() and sk_psock_verdict_apply().
    """
    return sk.copied_seq <= sk.rcv_nxt


@at_end("I40-end", "in the end copied_seq has passed every byte that does not wait for a reader")
def every_byte_is_counted(sk: Ptr[sock]) -> bool:
    """Otherwise poll() reports data for ever, and once the socket is out of the map no native read finds its place.
    Stated while the psock is attached, before a FIN, for sockets in use. Would be upheld by tcp_bpf_recvmsg_parser(),
    if it did not store what it loaded before it slept.
    """
    return (
        sk.sock_dead
        or sk.sock_done
        or sk.sk_user_data == NULL
        or sk.rcv_nxt - sk.copied_seq
        == count(q.len == 1 for q in sk.sk_receive_queue.list)
        + count(m.sk == sk and m.sg.size == 1 for m in sk.sk_user_data.ingress_msg)
        + count(q.origin == sk and q.len == 1 and q.for_reader == False for q in sk.sk_user_data.ingress_skb.list)
    )


@invariant("I41", "only messages of the own stack are marked as such")
def mark_is_right(msg: Ptr[sk_msg]) -> bool:
    """Reading them advances copied_seq. Would be upheld by sk_psock_skb_ingress(), if it did not take an skb that the
    backlog has charged to the socket before for one of the socket's own.
    """
    return msg.sk == NULL or not live(msg.skb) or msg.skb.origin == msg.sk


@pure
def unread(sk: Ptr[sock]) -> Int[0, 8]:
    """The number of buffers and messages with one unit of data that wait for a reader."""
    return count(q.len == 1 for q in sk.sk_receive_queue.list) + count(
        m.sg.size == 1 for m in sk.sk_user_data.ingress_msg
    )


@at_end("I35-inq", "FIONREAD reports what a reader can read")
def answer_is_right(view: Ptr[process_view], sk: Ptr[sock]) -> bool:
    """What was there before the question, and not more than in the end. Stated for scenarios in which nobody reads, and
    only the backlog delivers. Upheld by tcp_bpf_ioctl().
    """
    return not view.asked or (view.inq >= view.floor and view.inq <= unread(sk))


# ---------------------------------------------------------------- order


@invariant("I63", "a message that was read completely is not on the queue, while nobody owns the socket")
def nothing_consumed_is_queued(psock: Ptr[sk_psock]) -> bool:
    """Only a FIN has a message without data. Upheld by __sk_msg_recvmsg()."""
    return psock.sk.sk_lock.owned.owner != NOBODY or all(m.sg.size > 0 or m.skb.len == 0 for m in psock.ingress_msg)


@invariant("I64", "data of the own stack reaches the reader in the order of the stream")
def stream_is_in_order(psock: Ptr[sk_psock]) -> bool:
    """Whatever others redirect in between. Upheld by sk_psock_verdict_apply(), which goes past the backlog only when
    nothing waits there, under the socket lock.
    """
    return not psock.disordered


@invariant("I64-eof", "the end of the stream is reported only after everything before it was read")
def nothing_is_left_before_the_end(view: Ptr[process_view], sk: Ptr[sock]) -> bool:
    """Who reads 0 closes the socket. Upheld by tcp_bpf_recvmsg(), which looks at messages first; would be upheld by
    tcp_bpf_recvmsg_parser(), if SOCK_DONE were not tested while data waits for the backlog.
    """
    return not view.eof or (
        all(m.sg.size == 0 for m in sk.sk_user_data.ingress_msg)
        and all(q.len == 0 for q in sk.sk_user_data.ingress_skb.list)
    )


# ---------------------------------------------------------------- readers are told


@at_end("I59", "in the end nobody sleeps while there is a message to read")
def readers_are_woken(psock: Ptr[sk_psock]) -> bool:
    """Upheld by sk_psock_skb_ingress_enqueue() and bpf_tcp_ingress(), which wake after they have queued."""
    return (
        psock.sk.sk_user_data != psock
        or psock.sk.sk_wq == NULL
        or psock.sk.sk_wq.wq.waiters == 0
        or all(False for m in psock.ingress_msg)
    )


@at_end("I59-end", "a reader of a connection that has ended is told so")
def reader_is_told(view: Ptr[process_view]) -> bool:
    """-EAGAIN means that it is worth while to try again. Upheld by tcp_bpf_recvmsg_parser()."""
    return not view.over or (view.last != -EAGAIN and view.last != -EFAULT)


@invariant("I59-fault", "recvmsg() does not fail with EFAULT while the reader's memory is good")
def nothing_faults(view: Ptr[process_view]) -> bool:
    """__sk_msg_recvmsg() returns it for a message without data, too. Only tcp_bpf_recvmsg_parser() knows that this may
    be a FIN. Would be upheld by tcp_bpf_recvmsg().
    """
    return view.last != -EFAULT


@at_end("I60", "in the end nothing is on the native queue of a socket that is read by messages only")
def native_queue_is_pushed(sk: Ptr[sock]) -> bool:
    """Only the callback takes it from there, and nobody calls that again until more data comes. Would be upheld by
    sock_map_link() and tcp_read_skb().
    """
    return sk.sock_dead or sk.sk_prot != tcp_bpf_prots_rx or all(False for q in sk.sk_receive_queue.list)


@invariant("I60-bypass", "a socket with a verdict program is not read past the program")
def judged_before_it_is_read(sk: Ptr[sock]) -> bool:
    """For scenarios in which the program stays. Upheld by tcp_bpf_recvmsg_parser(), which reads messages only."""
    return not sk.native_read or sk.sk_prot != tcp_bpf_prots_rx


@invariant("I62-stop", "a socket that cannot send goes on to receive")
def own_data_survives_an_error(sk: Ptr[sock]) -> bool:
    """One bit says that a psock sends and that it receives. Would be upheld by sk_psock_verdict_apply(), if it did not
    drop data of the own stack because the backlog has met an error.
    """
    return not sk.data_lost


@invariant("I62-seq", "the native read finds its data at copied_seq")
def native_read_finds_its_place(sk: Ptr[sock]) -> bool:
    """It warns otherwise, and never gets past that place. Would be upheld by __sk_psock_purge_ingress_msg() and
    tcp_bpf_recvmsg(), if they counted data of the own stack that they free or read.
    """
    return not sk.seq_bug


RECEIVE = [I25, I31, I37, I40, I41, I59, I63, I64]
