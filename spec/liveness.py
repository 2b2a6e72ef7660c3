"""What must happen in the end, under fair scheduling: retries end, data does not wait for ever, workers come to rest.

Each of these is false for a while in many runs; what it forbids is that it stays false. Programs need not do anything,
and packets need not come. A scenario that has one of these is also checked for `livelock`.
"""

from psockmc.lang import NOBODY, NULL, Ptr, eventually, list_empty, live, test_bit

from models.skmsg import SK_PSOCK_TX_ENABLED, sk_psock
from models.sock import sock
from models.tcp_bpf import tcp_bpf_prots_rx


@eventually("I13-live", "a socket with our protocol and without a psock does not stay like this")
def our_protocol_without_psock_passes(sk: Ptr[sock]) -> bool:
    """Whoever closes or destroys the socket tries again until then. It takes no more than that the thread which has put
    the last reference goes on. Upheld by sk_psock_drop().
    """
    return sk.sk_user_data != NULL or sk.sk_prot == sk.sk_prot_creator


@eventually("I59-live", "nobody sleeps for ever on a socket whose psock has a message")
def sleeping_reader_is_told(psock: Ptr[sk_psock]) -> bool:
    """Upheld by sk_psock_skb_ingress_enqueue() and bpf_tcp_ingress(), which wake the reader after they have queued."""
    return (
        list_empty(psock.ingress_msg)
        or not live(psock.sk)
        or not live(psock.sk.sk_wq)
        or psock.sk.sk_wq.wq.waiters == 0
    )


@eventually("I60-live", "data does not stay on the native queue of a socket that is read by messages only")
def native_data_is_pushed(sk: Ptr[sock]) -> bool:
    """Whoever sleeps for it is not helped by another packet that never comes. Would be upheld by sock_map_link() and
    tcp_read_skb().
    """
    return sk.sock_dead or sk.sk_prot != tcp_bpf_prots_rx or list_empty(sk.sk_receive_queue.list)


@eventually("I61-live", "what waits for a backlog is delivered, as long as the backlog may and there is room")
def backlog_delivers(psock: Ptr[sk_psock]) -> bool:
    """A backlog that must wait queues itself again, so nobody else need do so. Upheld by sk_psock_backlog()."""
    return (
        list_empty(psock.ingress_skb.list)
        or not test_bit(SK_PSOCK_TX_ENABLED, psock.state)
        or not live(psock.sk)
        or psock.sk.sk_wmem_full
    )


@eventually("I61-rest", "a backlog that has nothing to deliver, or must not, comes to rest")
def backlog_rests(psock: Ptr[sk_psock]) -> bool:
    """It queues itself again only while it may deliver something. Upheld by sk_psock_backlog() and
    sk_psock_stop().
    """
    return (psock.work.work.pending == False and psock.work.work.running == NOBODY) or (
        not list_empty(psock.ingress_skb.list) and test_bit(SK_PSOCK_TX_ENABLED, psock.state)
    )


PROGRESS = [
    our_protocol_without_psock_passes,
    sleeping_reader_is_told,
    native_data_is_pushed,
    backlog_delivers,
    backlog_rests,
]
