"""Arbitrary beginnings of a verdict: two sockets with their psocks, a message, and what the program says."""

from psockmc.lang import NULL, Ptr, assume, choose, u64, user

from models.ring.tcp_bpf import sending, verdict
from models.ring.types import INT_MAX, SK_NONE, memory0, sk_msg, sk_psock, sock
from spec.ring import any_memory, any_psock, any_sender, any_socket, cursor, fresh_message, one_element


@user
def any_verdict(
    sk: Ptr[sock],
    to: Ptr[sock],
    psock: Ptr[sk_psock],
    other: Ptr[sk_psock],
    msg: Ptr[sk_msg],
    tmp: Ptr[sk_msg],
    call: Ptr[sending],
    prog: Ptr[verdict],
) -> None:
    """A sendmsg() on sk has filled a message of one element, all of it counted; the program has not run yet.

    The program may pass, drop or redirect to `to`, for all bytes or some, cork, and remove bytes at the end, but not
    all of them. `to` is not being closed.
    """
    any_memory()
    any_socket(sk)
    any_sender(sk)
    any_socket(to)
    any_sender(to)
    one_element(sk, msg)
    filled: u64 = cursor(msg)
    assume(filled == msg.sg.size)
    any_psock(psock, sk)
    any_psock(other, to)
    to.psock = other
    other.tx_enabled = True
    assume(to.sk_rmem_alloc <= INT_MAX - msg.sg.size)
    fresh_message(tmp, msg.sg.start)
    psock.eval = SK_NONE
    psock.cork_bytes = 0
    prog.eval = choose(3)
    prog.sk_redir = to
    prog.runs = 0
    assume(prog.popped < msg.sg.size)
    call.msg = msg
    call.cork = False
    call.enospc = False
    call.delta = 0
    call.err = 0
    assume(call.copied >= 0)
    assume(call.copied >= msg.sg.size)
