"""What must hold of the send side: messages and their memory, corks, verdicts and their targets."""

from psockmc.lang import NOBODY, NULL, Ptr, at_end, count, invariant, live

from models.skmsg import sk_msg, sk_psock
from models.sock import sock
from spec.invariants_maps import I48
from spec.invariants_send import (
    I42,
    I43,
    I44,
    I45,
    I49,
    charges_are_accounted_for,
    corked_message_has_one_place,
    corked_message_is_whole,
    forward_alloc_is_protected,
    named_target_is_alive,
    pages_have_owners,
    receive_memory_is_accounted_for,
    verdict_has_one_direction,
    verdict_names_its_target,
)

# ---------------------------------------------------------------- messages and their memory


@invariant("I26-cork", "a corked message is on no queue, and on nobody's stack")
def corked_message_has_one_place(msg: Ptr[sk_msg], psock: Ptr[sk_psock]) -> bool:
    """Whoever takes it off psock->cork may free it. Upheld by tcp_bpf_send_verdict(), which allocates it, and
    bpf_tcp_ingress(), which queues a message of its own.
    """
    return psock.cork != msg or (not msg.on_stack and not any(m == msg for m in psock.ingress_msg))


@invariant("I26-whole", "while nobody owns its socket, a corked message owns a page for each of its bytes, and no more")
def corked_message_is_whole(psock: Ptr[sk_psock]) -> bool:
    """The pages of a message that is overwritten have no owner any more. Would be upheld by tcp_bpf_send_verdict(),
    if it corked its message only where there is no other.
    """
    return (
        psock.cork == NULL
        or psock.stopped
        or psock.sk.sk_lock.owned.owner != NOBODY
        or psock.cork.pages == psock.cork.sg.size
    )


@invariant("I27-pages", "a message gives up only pages that it owns, and a sendmsg() that is over has left none behind")
def pages_have_owners(msg: Ptr[sk_msg]) -> bool:
    """A message that is copied to the cork has given its pages away. Upheld by everybody who frees, copies or moves a
    message; would be upheld by tcp_bpf_sendmsg(), if it left nothing in its own message.
    """
    return msg.pages >= 0 and (not msg.on_stack or msg.in_use or msg.pages == 0)


@at_end("I38-messages", "in the end sk_rmem_alloc is what a socket's queued messages hold")
def receive_memory_is_accounted_for(sk: Ptr[sock]) -> bool:
    """The kernel warns when the socket is freed. For sockets whose buffers are not accounted, but messages without
    buffer are. Upheld by bpf_tcp_ingress(), __sk_msg_recvmsg() and __sk_psock_purge_ingress_msg().
    """
    return (
        sk.sk_rmem_alloc == 0
        if sk.sk_user_data == NULL
        else sk.sk_rmem_alloc
        == count(m.pages >= 1 for m in sk.sk_user_data.ingress_msg)
        + count(m.pages >= 2 for m in sk.sk_user_data.ingress_msg)
        + count(m.pages >= 3 for m in sk.sk_user_data.ingress_msg)
    )


@at_end("I38-charge", "in the end what is charged to a socket is what its messages and TCP hold")
def charges_are_accounted_for(sk: Ptr[sock]) -> bool:
    """The kernel warns when the socket is freed. Upheld by everybody who charges and uncharges, as long as they do so
    one after the other (I39-owner). What a redirect has moved is uncharged when the sender owns its socket again.
    """
    return any(
        m.held_unlocked > 0 and m.charged_to == sk for m in sk_msg
    ) or sk.reserved - sk.sk_forward_alloc == sk.sk_wmem_queued + count(
        m.pages >= 1 and m.charged_to == sk for m in sk_msg
    ) + count(m.pages >= 2 and m.charged_to == sk for m in sk_msg) + count(
        m.pages >= 3 and m.charged_to == sk for m in sk_msg
    )


@invariant("I39-owner", "sk_forward_alloc is changed only by who owns the socket or holds its slock")
def forward_alloc_is_protected(sk: Ptr[sock]) -> bool:
    """It is no atomic, so a change in between is lost. Upheld by all of TCP; would be upheld by sk_psock_drop(), whose
    caller need not hold the socket when the corked message is freed, and by sk_psock_destroy().
    """
    return (
        sk.forward_alloc_writer == NOBODY
        or sk.sk_lock.owned.owner == sk.forward_alloc_writer
        or sk.sk_lock.slock.owner == sk.forward_alloc_writer
    )


# ---------------------------------------------------------------- targets


@invariant("I34-msg", "a target that a message names is alive when its verdict takes a reference on it")
def named_target_is_alive(msg: Ptr[sk_msg]) -> bool:
    """The program has just found it in a map, and the RCU section in which it did so has not ended. Would be upheld by
    sk_psock_msg_verdict(), if it forgot what an earlier run had found.
    """
    return not msg.judged or msg.sk_redir == NULL or (live(msg.sk_redir) and msg.sk_redir.sk_refcnt.refs > 0)


@invariant("I42", "the target that a psock remembers is held by one reference, and each is put once")
def remembered_target_is_held(psock: Ptr[sk_psock]) -> bool:
    """Who clears sk_redir takes its reference over and puts it, nobody else does. Looked at while nobody owns the
    socket. Upheld by sk_psock_msg_verdict(), tcp_bpf_send_verdict() and sk_psock_destroy().
    """
    return psock.redir_taken >= 0 and (
        psock.destroyed
        or psock.sk.sk_lock.owned.owner != NOBODY
        or (psock.redir_refs == 0 if psock.sk_redir == NULL else psock.redir_refs == 1 and live(psock.sk_redir))
    )


# ---------------------------------------------------------------- corks and verdicts


@invariant("I43", "a message that a sender works on without owning its socket is not the corked one")
def unlocked_message_is_private(psock: Ptr[sk_psock]) -> bool:
    """Or the next sender takes it, too, and both send it and free it. Upheld for redirects by tcp_bpf_send_verdict(),
    which takes the message off psock->cork first. Not for what passes: TCP gives the socket up to wait for room.
    """
    return psock.cork == NULL or psock.cork.held_unlocked == 0 or psock.sk.sk_lock.owned.owner != NOBODY


@invariant("I44", "what a sender takes for the corked message is not on a stack")
def claimed_message_is_allocated(msg: Ptr[sk_msg]) -> bool:
    """It is freed by kfree(). Would be upheld by tcp_bpf_send_verdict(), if it compared its message with psock->cork
    instead of asking whether there is a corked message.
    """
    return not msg.claimed or not msg.on_stack


@invariant("I45", "a verdict is used again only while it has bytes left")
def verdict_is_used_as_long_as_it_says(psock: Ptr[sk_psock]) -> bool:
    """What has no verdict of its own has evaded the program. Would be upheld by tcp_bpf_send_verdict(), if it forgot
    the verdict before it gives the socket up, and when it fails or drops.
    """
    return not psock.unjudged


@invariant("I45-target", "a message is redirected only to a target that its program has named in this run")
def verdict_names_its_target(psock: Ptr[sk_psock]) -> bool:
    """A program that lets a message pass means that socket and no other. Would be upheld by sk_psock_msg_verdict(), if
    it forgot the target that an earlier run on the same message had named.
    """
    return not psock.stale_target


@invariant("I45-direction", "everything that a verdict covers goes the way it says")
def verdict_has_one_direction(psock: Ptr[sk_psock]) -> bool:
    """Meant for the reader of a socket, data must not go out on it. Upheld by sk_psock_msg_verdict() and
    tcp_bpf_send_verdict(): the direction is kept beside the target, for messages that have no verdict of their own.
    """
    return not psock.wrong_way


# ---------------------------------------------------------------- locks


@invariant("I49", "nobody owns two sockets")
def nobody_owns_two_sockets(one: Ptr[sock], other: Ptr[sock]) -> bool:
    """Two who redirect to each other would wait for each other. Upheld by tcp_bpf_send_verdict(), which gives its
    socket up before a redirect.
    """
    return one == other or one.sk_lock.owned.owner == NOBODY or one.sk_lock.owned.owner != other.sk_lock.owned.owner


SENDING = [
    corked_message_has_one_place,
    corked_message_is_whole,
    pages_have_owners,
    receive_memory_is_accounted_for,
    charges_are_accounted_for,
    forward_alloc_is_protected,
    named_target_is_alive,
    I42,
    I43,
    I44,
    I45,
    verdict_names_its_target,
    verdict_has_one_direction,
    I48,
    I49,
]
