"""What must hold of a psock's queues and of the backlog."""

from psockmc.lang import NOBODY, NULL, Ptr, at_end, count, invariant, live, test_bit

from models.skbuff import sk_buff
from models.skmsg import SK_PSOCK_TX_ENABLED, sk_msg, sk_psock
from spec.invariants_queues import I23, I24, I26, I27, I28, I29, I30, I32, I33, I35, I36, I61


@invariant("I23", "the TX bit, once cleared, stays cleared")
def tx_is_cleared_for_good(psock: Ptr[sk_psock]) -> bool:
    """So that a test of the bit under ingress_lock decides for ever. Upheld by sk_psock_stop() and
    sk_psock_backlog(): nobody but sk_psock_init() sets it.
    """
    return not psock.tx_cleared or not test_bit(SK_PSOCK_TX_ENABLED, psock.state)


@invariant("I24", "nothing is queued on a psock after sk_psock_stop() has returned")
def nothing_is_queued_after_the_stop(psock: Ptr[sk_psock]) -> bool:
    """Who empties the queues after the stop need not do so again. The bit is cleared and tested under ingress_lock.
    Upheld by sk_psock_queue_msg(), sk_psock_skb_redirect() and sk_psock_verdict_apply().
    """
    return not psock.added_late


@invariant("I26", "a message is on the queue of at most one psock")
def message_has_one_queue(msg: Ptr[sk_msg], one: Ptr[sk_psock], other: Ptr[sk_psock]) -> bool:
    """sk_psock_queue_msg() takes the message over in any case. Upheld by sk_psock_skb_ingress_enqueue()."""
    return one == other or not any(m == msg for m in one.ingress_msg) or not any(m == msg for m in other.ingress_msg)


@invariant("I27", "an skb has a reference for the backlog's queue it is on and for each queued message it hangs on")
def skb_has_its_references(skb: Ptr[sk_buff], psock: Ptr[sk_psock]) -> bool:
    """Reader and backlog free it independently of each other. Upheld by sk_psock_skb_ingress_enqueue(), which takes a
    reference when the skb stays on the backlog's queue.
    """
    return skb.users.refs >= count(q == skb for q in psock.ingress_skb.list) + count(
        m.skb == skb for m in psock.ingress_msg
    )


@invariant("I28", "the backlog neither runs nor is queued after the destruction has cancelled it")
def backlog_ends_before_the_destruction(psock: Ptr[sk_psock]) -> bool:
    """The psock is freed next. Nobody queues it any more: the TX bit is clear, and who tested it before has left its
    RCU section. Upheld by sk_psock_destroy(), sk_psock_write_space() and sk_psock_skb_redirect().
    """
    return not psock.destroyed or (not psock.work.work.pending and psock.work.work.running == NOBODY)


@invariant("I29", "the backlog does not get past its gate after close() has waited for it")
def backlog_ends_before_close(psock: Ptr[sk_psock]) -> bool:
    """What close() does next takes away what the backlog uses. The stop before the wait makes a late run return at
    its first test. Upheld by sock_map_close() and sk_psock_backlog().
    """
    return not psock.close_cancelled or not psock.past_gate


@invariant("I30", "while the backlog runs its socket is not released")
def backlog_has_a_socket(psock: Ptr[sk_psock]) -> bool:
    """Sending goes through sk_socket without a reference or a lock. The backlog's reference makes close() find the
    psock and wait. Upheld by sk_psock_backlog() and sock_map_close().
    """
    return not psock.past_gate or live(psock.sk.sk_socket)


@invariant("I32", "data reaches the reader in the order in which it arrived")
def order_is_kept(psock: Ptr[sk_psock]) -> bool:
    """A softirq may deliver past the backlog only when the backlog has nothing left, and an skb leaves the backlog's
    queue only after it was delivered. Upheld by sk_psock_verdict_apply() and sk_psock_backlog(). For one sender,
    whose data is numbered.
    """
    return not psock.reordered


@invariant("I33", "an skb that waits for a backlog names no socket but the one it waits at")
def waiting_skb_names_its_socket(psock: Ptr[sk_psock]) -> bool:
    """Its target is valid only in the RCU section in which the program chose it; this one is kept by the psock.
    Upheld by sk_psock_skb_redirect() and sk_psock_verdict_apply().
    """
    return all(q._sk_redir == NULL or q._sk_redir == psock.sk for q in psock.ingress_skb.list)


@invariant("I35", "msg_tot_len is the number of unread bytes, while nobody holds ingress_lock or is reading")
def bytes_are_counted(psock: Ptr[sk_psock]) -> bool:
    """FIONREAD reports it. Upheld by sk_psock_queue_msg(), sk_psock_dequeue_msg() and __sk_msg_recvmsg()."""
    return (
        psock.ingress_lock.owner != NOBODY
        or psock.rx_partial
        or psock.destroyed
        or psock.msg_tot_len
        == count(m.sg.size >= 1 for m in psock.ingress_msg)
        + count(m.sg.size >= 2 for m in psock.ingress_msg)
        + count(m.sg.size >= 3 for m in psock.ingress_msg)
    )


@invariant("I36", "after the purge nothing is counted and nothing is queued")
def purge_leaves_nothing(psock: Ptr[sk_psock]) -> bool:
    """The kernel warns otherwise. Upheld by __sk_psock_purge_ingress_msg(), after which nobody queues (I24)."""
    return not psock.purged or (psock.msg_tot_len == 0 and all(False for m in psock.ingress_msg))


@at_end("I61", "in the end no skb waits for a backlog that may still send")
def backlog_leaves_nothing(psock: Ptr[sk_psock]) -> bool:
    """Who queues an skb queues the work, and a backlog that must wait queues itself again. Upheld by
    sk_psock_skb_redirect(), sk_psock_verdict_apply() and sk_psock_backlog().
    """
    return not test_bit(SK_PSOCK_TX_ENABLED, psock.state) or all(False for q in psock.ingress_skb.list)


QUEUES = [I23, I24, I26, I27, I28, I29, I30, I32, I33, I35, I36, I61]
