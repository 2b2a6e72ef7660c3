"""What must hold of connections that come from a listening socket in a map."""

from psockmc.lang import NOBODY, NULL, Ptr, at_end, invariant

from models.skmsg import sk_psock
from models.skmsg_verdict import sk_psock_verdict_data_ready, sk_psock_write_space
from models.sock import TCP_CLOSE, sock
from spec.invariants_listeners import I52


@invariant("I52", "a psock is in sk_user_data of its own socket only")
def psock_has_one_socket(sk: Ptr[sock]) -> bool:
    """A connection is a copy of its listener, for which nobody counted a reference on the psock. Upheld by
    sk_clone(), which forgets a pointer that has the NOCOPY bit.
    """
    return sk.sk_user_data == NULL or sk.sk_user_data.sk == sk or sk.unborn


@invariant("I52-callbacks", "our callbacks are on a socket only if it has a psock, unless its callback lock is held")
def callbacks_have_a_psock(sk: Ptr[sock]) -> bool:
    """Without a psock sk_psock_verdict_data_ready() drops what arrives and wakes nobody. Would be upheld by
    tcp_bpf_clone(), if it gave a copy its own callbacks back as it does the table.
    """
    return (
        sk.sk_data_ready != sk_psock_verdict_data_ready
        or sk.sk_user_data != NULL
        or sk.sk_callback_lock.owner != NOBODY
        or sk.unborn
    )


@invariant("I14-callbacks", "a psock never saved one of our own callbacks")
def saved_callbacks_are_foreign(psock: Ptr[sk_psock]) -> bool:
    """Or the callback would call itself without end. Would be upheld by sk_psock_init() and sk_psock_start_verdict(),
    if every socket without a psock had its own callbacks.
    """
    return psock.saved_write_space != sk_psock_write_space and psock.saved_data_ready != sk_psock_verdict_data_ready


@at_end("unaccepted-psock", "in the end no psock is attached to a closed socket")
def closed_socket_has_no_psock(sk: Ptr[sock]) -> bool:
    """Nobody closes a connection that was not accepted; its psock would keep it, and what it has charged, for ever.
    Upheld by sock_map_close() and sock_map_destroy().
    """
    return sk.sk_state != TCP_CLOSE or sk.sk_user_data == NULL


LISTENERS = [I52, callbacks_have_a_psock, saved_callbacks_are_foreign, closed_socket_has_no_psock]
