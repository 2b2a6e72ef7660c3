"""Arbitrary beginnings of a verdict: two sockets with their psocks, a message of one element, what the program says.

The sizes that matter are positions in the message, each less than the next: where TCP is interrupted, how many bytes
the verdict applies to, how many the program leaves, how many there are. Which of them there are is chosen (`turn0`).
"""

from psockmc.lang import NULL, Ptr, Struct, arbitrary, assume, choose, instance, u32, user

from models.ring.tcp_bpf import sending, verdict
from models.ring.types import (
    INT_MAX,
    SK_DROP,
    SK_NONE,
    SK_PASS,
    SK_REDIRECT,
    U32_MAX,
    follow0,
    sk_msg,
    sk_psock,
    sock,
)
from spec.ring import (
    any_memory,
    any_psock,
    any_sender,
    any_slots,
    any_socket,
    cut0,
    fresh_message,
    references,
    slot,
)

APPLIES_TO_ALL = 0
APPLIES_TO_MORE = 1
APPLIES_TO_PART = 2

SENDS_ALL = 0
SENDS_NOTHING = 1
SENDS_IN_PIECES = 2
SENDS_PART = 3


class turn(Struct, name="turn"):
    """What happens. corks, pops: the program wants more bytes, removes bytes. ingress: it redirects to ingress.

    applies: to which bytes the verdict applies. sends: how much of them TCP takes, in one call or two; to ingress they
    go all or not at all. bytes: how many the verdict applies to.
    """

    corks: bool
    pops: bool
    ingress: bool
    applies: u32
    sends: u32
    bytes: u32


turn0 = instance(turn)


@user
def any_turn(prog: Ptr[verdict]) -> bool:
    """Chooses what happens in a turn, its verdict being prog.eval; False for a combination that is another one."""
    turn0.corks = choose()
    turn0.pops = choose()
    turn0.applies = choose(3)
    turn0.ingress = choose()
    turn0.sends = choose(4)
    quiet: bool = not turn0.ingress and turn0.sends == SENDS_ALL
    if turn0.corks:
        return quiet and turn0.applies == APPLIES_TO_ALL
    if prog.eval == SK_DROP:
        return quiet
    if prog.eval == SK_PASS:
        return not turn0.ingress
    return not turn0.ingress or turn0.sends == SENDS_ALL or turn0.sends == SENDS_NOTHING


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
    any_sizes(sk, to, msg, prog)
    any_psock(psock, sk)
    any_psock(other, to)
    to.psock = other
    other.tx_enabled = True
    assume(to.sk_rmem_alloc <= INT_MAX - msg.sg.size)
    fresh_message(tmp, msg.sg.start)
    psock.eval = SK_NONE
    psock.cork_bytes = 0
    prog.sk_redir = to
    prog.redir_ingress = turn0.ingress
    prog.runs = 0
    call.msg = msg
    call.cork = False
    call.enospc = False
    call.delta = 0
    call.err = 0
    assume(call.copied >= 0)
    assume(call.copied >= msg.sg.size)


@user
def any_sizes(sk: Ptr[sock], to: Ptr[sock], msg: Ptr[sk_msg], prog: Ptr[verdict]) -> None:
    """The message, what the program says about its bytes, and where sending stops; msg.sg.start is any slot."""
    stop: u32 = 0
    if turn0.sends == SENDS_IN_PIECES or turn0.sends == SENDS_PART:
        stop = arbitrary(1, INT_MAX)
    applies: u32 = arbitrary(1, INT_MAX)
    assume(applies > stop)
    left: u32 = applies
    prog.apply_bytes = 0
    if turn0.applies == APPLIES_TO_PART:
        left = arbitrary(1, INT_MAX)
        assume(left > applies)
        prog.apply_bytes = applies
    if turn0.applies == APPLIES_TO_MORE:
        prog.apply_bytes = left + arbitrary(0, INT_MAX)
    size: u32 = left
    prog.popped = 0
    if turn0.pops:
        size = arbitrary(1, INT_MAX)
        assume(size > left)
        prog.popped = size - left
    prog.cork_bytes = 0
    if turn0.corks:
        prog.cork_bytes = left + arbitrary(1, INT_MAX)
        prog.apply_bytes = arbitrary(0, U32_MAX)
    turn0.bytes = applies
    one_filled(sk, msg, size)
    if arbitrary(0, 1) == 1:
        cursor_behind(msg)
    any_interruption(sk if prog.eval != SK_REDIRECT else to, stop)
    assume(to.rmem_fail_at > 0 or turn0.sends == SENDS_NOTHING)
    if turn0.sends == SENDS_NOTHING:
        to.rmem_fail_at = 0


@user
def any_interruption(sk: Ptr[sock], stop: u32) -> None:
    """TCP takes all, or is interrupted at position `stop`: it goes on in the next call, or fails."""
    sk.send_short_at = stop
    sk.send_fail_at = stop
    if turn0.sends == SENDS_ALL or turn0.sends == SENDS_IN_PIECES:
        sk.send_fail_at = U32_MAX


@user
def one_filled(sk: Ptr[sock], msg: Ptr[sk_msg], size: u32) -> None:
    """A message of one element in slot msg.sg.start, all of whose `size` bytes are filled."""
    msg.sg.end = slot(msg.sg.start, 1)
    msg.skb = NULL
    msg.sk = NULL
    msg.sk_redir = NULL
    msg.next = NULL
    msg.freed = False
    cut0.element = 1
    cut0.inside = False
    any_slots(msg, 1)
    msg.sg.data[msg.sg.start].length = size
    msg.sg.size = size
    msg.sg.curr = msg.sg.start
    msg.sg.copybreak = size
    sk.charged += size
    follow0.refs += references(msg)


@user
def cursor_behind(msg: Ptr[sk_msg]) -> None:
    """The other cursor of a message that is filled, as zerocopy leaves it: behind the last element."""
    msg.sg.curr = msg.sg.end
    msg.sg.copybreak = 0
