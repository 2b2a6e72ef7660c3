"""What must hold of a socket's callbacks and protocol table while a psock is attached."""

from psockmc.lang import NOBODY, NULL, Ptr, at_end, invariant

from models.skmsg import sk_psock
from models.skmsg_verdict import sk_psock_verdict_data_ready
from models.sock import sock
from models.tcp_bpf import tcp_bpf_prots_rx
from spec.invariants_callbacks import I16, I18, I19


@invariant("I16", "saved_data_ready is set exactly while our callback is installed, seen under sk_callback_lock")
def saved_iff_installed(psock: Ptr[sk_psock]) -> bool:
    """sk_psock_data_ready() decides by saved_data_ready whom to call; were it NULL with our callback installed, that
    one would call itself. Upheld by sk_psock_start_verdict() and sk_psock_stop_verdict().
    """
    return (
        psock.sk.sk_user_data != psock
        or psock.sk.sk_callback_lock.owner != NOBODY
        or (psock.saved_data_ready != NULL) == (psock.sk.sk_data_ready == sk_psock_verdict_data_ready)
    )


@invariant("I18", "while our callback is installed there is a program that gives verdicts")
def verdict_has_a_program(sk: Ptr[sock]) -> bool:
    """Without a program the callback drops everything that arrives. Upheld by sock_map_link(), which installs
    programs before the callback, and sk_psock_stop_verdict(), which removes both in one section.
    """
    return (
        sk.sk_data_ready != sk_psock_verdict_data_ready
        or sk.sk_callback_lock.owner != NOBODY
        or sk.unborn
        or sk.sk_user_data.progs.stream_verdict != NULL
        or sk.sk_user_data.progs.skb_verdict != NULL
    )


@at_end("I19", "in the end the table that reads messages only goes with our callback")
def parser_table_has_its_callback(sk: Ptr[sock]) -> bool:
    """tcp_bpf_recvmsg_parser() does not read the native queue; only the callback empties that one. Upheld by
    sock_map_link() and sock_map_del_link().
    """
    return sk.sk_prot != tcp_bpf_prots_rx or sk.sk_data_ready == sk_psock_verdict_data_ready


@invariant("I62", "unread data survives that its socket leaves the map")
def no_data_is_lost(sk: Ptr[sock]) -> bool:
    """A program that takes its socket out of a map expects to read on. TCP has acknowledged the data, so nobody
    sends it again. Would be upheld by sk_psock_verdict_recv().
    """
    return not sk.data_lost


CALLBACKS = [I16, I18, I19]
