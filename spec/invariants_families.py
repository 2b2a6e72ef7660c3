"""What must hold of sockets that are not TCP's, beyond what must hold of all."""

from psockmc.lang import NOBODY, NULL, Ptr, at_end, invariant, live

from models.skmsg import sk_psock
from models.sock import AF_VSOCK, sock
from models.sock_map import bpf_stab
from spec.invariants_families import I11, I56


@invariant("I11", "a psock takes at most one reference on its socket's peer")
def pair_is_held_once(psock: Ptr[sk_psock]) -> bool:
    """The protocol is updated once more for each map and slot, and when a program is taken away; it is given back
    once. Upheld by unix_stream_bpf_update_proto().
    """
    return psock.pair_holds <= 1 and (psock.pair_holds == 1 or psock.sk_pair == NULL)


@invariant("I56", "the socket that somebody sends to on a stream is allocated")
def peer_outlives_senders(sk: Ptr[sock]) -> bool:
    """Sending loads the peer's pointer without a lock or a reference. Who sends by a file keeps the socket open, and
    so its reference on the peer; for the backlog the psock has one, which goes after the backlog was waited for.
    Upheld by unix_stream_bpf_update_proto() and sk_psock_destroy().
    """
    return sk.unix.sending_to == NULL or live(sk.unix.sending_to)


@invariant("I56-peer", "the peer of a socket is allocated")
def peer_is_live(sk: Ptr[sock]) -> bool:
    """The pointer owns a reference. Upheld by unix_release_sock() and unix_dgram_sendmsg(), which clear it before
    they put the reference.
    """
    return sk.unix.peer == NULL or live(sk.unix.peer)


@invariant("I26-oob", "the urgent byte that a socket remembers is on its own receive queue")
def oob_is_on_its_queue(sk: Ptr[sock]) -> bool:
    """The pointer owns no reference. Upheld by unix_stream_read_skb(), which drops the urgent byte instead of
    handing it to a program.
    """
    return (
        sk.unix.oob_skb == NULL
        or sk.sock_dead
        or sk.sk_receive_queue.lock.owner != NOBODY
        or any(q == sk.unix.oob_skb for q in sk.sk_receive_queue.list)
    )


@at_end("I59-native", "in the end nobody sleeps in the native read of a socket whose psock has a message")
def nobody_sleeps_over_a_message(sk: Ptr[sock]) -> bool:
    """The native read looks at the native queue only, which the verdict empties. Would be upheld by the recvmsg
    functions of the families, if they did not leave the choice to a look at the queues before.
    """
    return sk.native_readers == 0 or sk.sk_user_data == NULL or all(False for m in sk.sk_user_data.ingress_msg)


@invariant("I59-eagain", "a read that may sleep does not return because there is nothing to read")
def sleeping_read_does_not_give_up(sk: Ptr[sock]) -> bool:
    """A program that does not ask for it is not prepared for EAGAIN. Would be upheld by the functions that wait for
    data, if each of them said so when data has come before they could sleep.
    """
    return not sk.gave_up


@invariant("I59-spin", "a reader that has found nothing sleeps before it looks again")
def reader_does_not_spin(psock: Ptr[sk_psock]) -> bool:
    """It holds the socket, and what it waits for may have to be done on its CPU. Would be upheld by
    udp_bpf_recvmsg(), if it did not take what waits for the backlog for something to read.
    """
    return not psock.read_spins


@invariant("I34-transport", "a connected AF_VSOCK socket in a map has a transport")
def socket_in_map_has_a_transport(map: Ptr[bpf_stab]) -> bool:
    """Its data is read through it. connect() may take the transport of a socket away that is not connected. Upheld
    by sock_map_sk_state_allowed(), and by vsock_connect(), which leaves a connected socket alone.
    """
    return all(s == NULL or s.sk_family != AF_VSOCK or s.vsk.transport != NULL for s in map.sks)


@invariant("I62-messages", "messages that were not read survive that their socket leaves the map")
def no_message_is_lost(sk: Ptr[sock]) -> bool:
    """For sockets that their owner does not take out of the map himself: the sender was told that they were delivered.
    Would be upheld by sk_psock_destroy() or unix_shutdown().
    """
    return not sk.messages_lost


UDP = [nobody_sleeps_over_a_message, sleeping_read_does_not_give_up, reader_does_not_spin]

UNIX = [
    I11,
    I56,
    peer_is_live,
    oob_is_on_its_queue,
    nobody_sleeps_over_a_message,
    sleeping_read_does_not_give_up,
]

VSOCK = [
    nobody_sleeps_over_a_message,
    sleeping_read_does_not_give_up,
    socket_in_map_has_a_transport,
]
