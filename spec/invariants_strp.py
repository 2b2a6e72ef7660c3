"""What must hold of a psock's stream parser."""

from psockmc.lang import NOBODY, NULL, Ptr, at_end, invariant, pure

from models.skmsg import sk_msg, sk_psock
from models.skmsg_strp import sk_psock_strp_data_ready
from models.skmsg_verdict import sk_psock_verdict_data_ready
from models.sock import sock
from models.tcp_bpf import tcp_bpf_prots_rx
from spec.invariants_strp import I20, I21, I22


@pure
def calls_us(sk: Ptr[sock]) -> bool:
    """Whether one of our two callbacks is installed."""
    return sk.sk_data_ready == sk_psock_strp_data_ready or sk.sk_data_ready == sk_psock_verdict_data_ready


@invariant("I16-parser", "saved_data_ready is set exactly while one of our callbacks is installed")
def saved_iff_one_is_installed(psock: Ptr[sk_psock]) -> bool:
    """I16 of a kernel with the stream parser, which has two callbacks. Seen under sk_callback_lock. Upheld by the
    functions that start and stop a parser or a verdict.
    """
    return (
        psock.sk.sk_user_data != psock
        or psock.sk.sk_callback_lock.owner != NOBODY
        or (psock.saved_data_ready != NULL) == calls_us(psock.sk)
    )


@invariant("I18-parser", "while the parser's callback is installed there is a program that gives verdicts")
def parser_has_a_verdict(sk: Ptr[sock]) -> bool:
    """Without a verdict every message is dropped. Upheld by sock_map_link(), which starts a parser only together with
    its verdict, and by sock_map_del_link(), which takes away both or neither.
    """
    return (
        sk.sk_data_ready != sk_psock_strp_data_ready
        or sk.sk_callback_lock.owner != NOBODY
        or sk.sk_user_data.progs.stream_verdict != NULL
    )


@at_end("I19-parser", "in the end the table that reads messages only goes with one of our callbacks")
def message_table_has_a_callback(sk: Ptr[sock]) -> bool:
    """I19 of a kernel with the stream parser: without the callback tcp_bpf_recvmsg_parser() says for ever that there
    is nothing to read. Upheld by sock_map_link() and sock_map_del_link().
    """
    return sk.sk_prot != tcp_bpf_prots_rx or calls_us(sk)


@invariant("I20", "a stream parser is stopped before strp_done()")
def stopped_before_done(psock: Ptr[sk_psock]) -> bool:
    """strp_done() waits for those that run; only the stop keeps others from beginning. Upheld by
    sk_psock_stop_strp(), called by sk_psock_drop() or earlier by sock_map_del_link().
    """
    return not psock.strp.done_unstopped


@invariant("I21", "a stream parser is not initialised while it is in use")
def initialised_when_idle(psock: Ptr[sk_psock]) -> bool:
    """strp_init() clears work items and timer that may be queued, and forgets an incomplete message. Would be upheld
    by sk_psock_init_strp(), if it called strp_done() first.
    """
    return not psock.strp.dirty


@invariant("I22", "no softirq reads for a parser whose strp_stop() has returned")
def nobody_reads_after_the_stop(psock: Ptr[sk_psock]) -> bool:
    """So that what is cleared next is not used. A worker that has made its test is excepted: it holds the socket and
    not sk_callback_lock. Upheld by sk_psock_strp_data_ready(), which reads sk_callback_lock meanwhile.
    """
    return not psock.strp.reading or not psock.strp.stop_returned


@invariant("I28-parser", "neither work nor timer of a parser runs or is queued after the destruction has waited")
def parser_ends_before_the_psock(psock: Ptr[sk_psock]) -> bool:
    """The psock is freed next, with the parser in it. Upheld by sk_psock_done_strp()."""
    return not psock.destroyed or (
        not psock.strp.work.pending
        and psock.strp.work.running == NOBODY
        and not psock.strp.msg_timer_work.work.pending
        and psock.strp.msg_timer_work.work.running == NOBODY
        and psock.strp.skb_head == NULL
    )


@invariant("I31-parser", "a message for the reader covers what the parser has cut out of its skb, and no more")
def message_is_what_was_cut(msg: Ptr[sk_msg], psock: Ptr[sk_psock]) -> bool:
    """Several messages may lie in one buffer, and each has a clone of it. Upheld by sk_psock_verdict_apply() and
    sk_psock_backlog(), which look at the STRPARSER bit.
    """
    return (
        not any(m == msg for m in psock.ingress_msg)
        or msg.sg.size == 0
        or msg.skb.strp_full_len == 0
        or (msg.sg.size == msg.skb.strp_full_len and msg.off == msg.skb.strp_offset)
    )


PARSER = [
    I20,
    I21,
    I22,
    saved_iff_one_is_installed,
    parser_has_a_verdict,
    message_table_has_a_callback,
    parser_ends_before_the_psock,
    message_is_what_was_cut,
]
