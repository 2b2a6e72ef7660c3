"""A stream socket's psock as it was before 8866730aed51 (v6.7): it does not keep the peer.

The backlog did not keep its psock then either (until 8259eb0e06d8, v6.16), so close() may not wait for it: it puts the
last reference on the peer while the backlog sends to it.
"""

from psockmc.kernel.mutex import mutex_lock, mutex_unlock
from psockmc.kernel.work import work_struct
from psockmc.lang import Ptr, container_of, replaces

from models.skbuff import kfree_skb, skb_bpf_ingress, skb_bpf_redirect_clear, skb_dequeue, skb_peek
from models.skmsg import sk_psock, sk_psock_test_state
from models.skmsg_ingress import sk_psock_backlog, sk_psock_deliver, sk_psock_skb_state
from models.sock import bytes_t, int_t, sock, sock_replace_proto
from models.unix_bpf import unix_stream_bpf_prot, unix_stream_bpf_update_proto


@replaces(sk_psock_backlog)
def sk_psock_backlog(work: work_struct) -> None:
    """No reference: nothing makes close() find this psock and wait."""
    psock = container_of(work, sk_psock, "work.work")
    if not sk_psock_test_state(psock):
        return
    psock.past_gate = True
    mutex_lock(psock.work_mutex)
    skb = skb_peek(psock.ingress_skb)
    while skb:
        len: bytes_t = skb.len
        off: bytes_t = 0
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
        skb = skb_peek(psock.ingress_skb)
    mutex_unlock(psock.work_mutex)
    psock.past_gate = False


@replaces(unix_stream_bpf_update_proto)
def unix_stream_bpf_update_proto(sk: Ptr[sock], psock: Ptr[sk_psock], restore: bool) -> int_t:
    """Takes no reference on the peer."""
    if restore:
        psock.restores += 1
        sk.sk_write_space = psock.saved_write_space
        sock_replace_proto(sk, psock.sk_proto)
        return 0
    sock_replace_proto(sk, unix_stream_bpf_prot)
    return 0
