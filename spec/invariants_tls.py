"""What must hold of a socket on which kTLS and sockmap meet."""

from psockmc.lang import NOBODY, NULL, Ptr, at_end, invariant, live

from models.skmsg import sk_psock
from models.skmsg_verdict import sk_psock_write_space
from models.sock import proto, sock
from models.sock_map_proto import sock_map_close
from models.tls import TLS_SW, tls_context, tls_sk_proto_close, tls_write_space
from spec.invariants_lifecycle import I02, I03, I04, I05, I06, I07, I08, I09, I10, I14, I15, I34
from spec.invariants_tls import I53


@invariant("I12-ulp", "without a psock no close() of ours can be reached, neither through sk_prot nor through an ULP")
def our_close_needs_a_psock(sk: Ptr[sock]) -> bool:
    """I12 of a socket with TLS: its table is that of TLS, which goes on to the one below. Unless somebody writes
    sk_callback_lock. Upheld by tcp_bpf_update_proto() and tls_update().
    """
    return (
        sk.sk_user_data != NULL
        or sk.sk_callback_lock.owner != NOBODY
        or (
            sk.sk_prot.close != sock_map_close
            and (not live(sk.icsk_ulp_data) or sk.icsk_ulp_data.sk_proto.close != sock_map_close)
        )
    )


@at_end("I13-ulp", "in the end no socket without psock closes by our function")
def our_close_without_psock_is_transient(sk: Ptr[sock]) -> bool:
    """sock_map_close() tries again as long as it finds no psock and itself in the table: it would never return.
    Upheld by sk_psock_drop().
    """
    return sk.sk_user_data != NULL or sk.sk_prot.close != sock_map_close


@invariant("I14-ulp", "a psock did not save the close() of an ULP, and an ULP not its own")
def ulp_is_on_top(psock: Ptr[sk_psock], tls: Ptr[tls_context]) -> bool:
    """What TLS gives back at its end would be itself, and it would close itself. A psock is attached to plain TCP
    only. Upheld by sk_psock_init(), if the ULP shows in time.
    """
    return psock.saved_close != tls_sk_proto_close and tls.sk_proto.close != tls_sk_proto_close


@invariant("I53", "a socket with a psock does not encrypt")
def psock_or_encryption(sk: Ptr[sock]) -> bool:
    """The data path of either knows nothing of the other. Upheld by sk_psock_init() and do_tls_setsockopt_conf()."""
    return sk.sk_user_data == NULL or not live(sk.icsk_ulp_data) or sk.icsk_ulp_data.tx_conf != TLS_SW


@at_end("I12-write-space", "in the end a socket without psock tells its writers itself when there is room to send")
def write_space_is_given_back(sk: Ptr[sock]) -> bool:
    """sk_psock_write_space() asks the psock whom to tell; without one it tells nobody, and writers sleep on. Upheld by
    tcp_bpf_update_proto() and tls_update().
    """
    return sk.sk_user_data != NULL or (
        sk.sk_write_space != sk_psock_write_space
        and (not live(sk.icsk_ulp_data) or sk.icsk_ulp_data.sk_write_space != sk_psock_write_space)
    )


@invariant("I12-encrypting", "a socket that encrypts tells TLS when there is room to send")
def encryption_has_its_write_space(tls: Ptr[tls_context], sk: Ptr[sock]) -> bool:
    """Records that did not fit into the send buffer are sent then. Unless the socket is owned. Upheld by
    do_tls_setsockopt_conf() and the restore, which leaves callbacks on top of its own alone.
    """
    return (
        sk.icsk_ulp_data != tls
        or tls.tx_conf != TLS_SW
        or sk.sk_lock.owned.owner != NOBODY
        or sk.sk_write_space == tls_write_space
    )


@invariant("I12-shared", "what a socket gives back at its end changes no table of other sockets")
def shared_table_is_not_changed(prot: Ptr[proto]) -> bool:
    """A table belongs to all sockets that use it. Stated for unhash, which the restore stores to. Would be upheld by
    tcp_bpf_update_proto(), if it did not; it holds as long as our tables have TCP's unhash.
    """
    return prot.built_unhash == NULL or prot.unhash == prot.built_unhash


ULP = [
    I02,
    I03,
    I04,
    I05,
    I06,
    I07,
    I08,
    I09,
    I10,
    I14,
    I15,
    I34,
    I53,
    our_close_needs_a_psock,
    our_close_without_psock_is_transient,
    ulp_is_on_top,
    write_space_is_given_back,
    encryption_has_its_write_space,
    shared_table_is_not_changed,
]
