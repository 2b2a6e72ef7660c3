"""Proofs about sending: redirect to ingress, push to TCP, and the accounting of a verdict and of a sendmsg()."""

from psockmc.lang import NULL, Ptr, arbitrary, assume, check, choose, proof, s32, u32, u64, user

from models.ring.skmsg_h import sk_msg_apply_bytes, sk_msg_iter_var_prev
from models.ring.sock import as_int
from models.ring.tcp_bpf import (
    bpf_tcp_ingress,
    sending,
    tcp_bpf_push,
    tcp_bpf_send_verdict_turn,
    tcp_bpf_sendmsg_copy,
    tcp_bpf_sendmsg_result,
    verdict,
)
from models.ring.types import (
    EACCES,
    ENOMEM,
    INT_MAX,
    MAX_MSG_FRAGS,
    NR_MSG_FRAG_IDS,
    PAGE_SIZE,
    SK_DROP,
    SK_REDIRECT,
    SKB_FRAG_PAGE_SIZE,
    U32_MAX,
    follow0,
    iov_iter,
    memory0,
    sk_msg,
    sk_psock,
    sock,
    wire0,
)
from spec.ring import (
    any_memory,
    any_psock,
    any_sender,
    any_socket,
    check_charge,
    curr_is_inside,
    empty_outside,
    empty_slots,
    fresh_message,
)
from spec.ring_front import (
    PIECES_FIRST,
    PIECES_LAST,
    any_front,
    behind_last,
    check_first_references,
    check_gone_bits,
    check_moved,
    check_rest,
    first_references,
    front0,
    watch_order,
)
from spec.ring_send import APPLIES_TO_PART, any_turn, any_verdict, cursor_behind, one_filled, turn0

STOPS = 5
STOP_ASKED = 0
STOP_END = 1
STOP_FAILS = 2
STOP_FAILS_SOONER = 3
STOP_FAILS_BEFORE_THE_END = 4
STOP_NO_MEMORY = 4

FRAGMENT_GOES_ON = 0
FRAGMENT_ELSEWHERE = 1
FRAGMENT_APART = 2

NO_FAULT = 0
FAULT_LATER = 1


@proof("sk_msg_apply_bytes")
def apply_bytes_done(psock: Ptr[sk_psock]) -> None:
    """Bytes of those that a verdict applies to are done."""
    bytes: u32 = arbitrary(0, 4294967295)
    before: u32 = psock.apply_bytes
    sk_msg_apply_bytes(psock, bytes)
    check(psock.apply_bytes == (before - bytes if before > bytes else 0), "apply: so many bytes less, never below 0")


@proof("bpf_tcp_ingress", split=5)
def ingress(
    sk: Ptr[sock], to: Ptr[sock], psock: Ptr[sk_psock], msg: Ptr[sk_msg], tmp: Ptr[sk_msg], before: Ptr[sk_msg]
) -> None:
    """The first bytes of a message go to the receive queue of another socket; the caller gives their charge back."""
    any_memory()
    any_socket(sk)
    any_socket(to)
    any_front(sk, msg, before, False)
    stop: u32 = choose(STOPS)
    psock.tx_enabled = choose()
    refused: bool = stop == STOP_FAILS or stop == STOP_FAILS_SOONER
    if front0.inside and stop != STOP_ASKED or stop == STOP_NO_MEMORY and front0.last != 0:
        return
    if stop == STOP_END:
        msg.sg.end = behind_last(msg.sg.start)
        before.sg.end = msg.sg.end
    any_psock(psock, to)
    assume(to.sk_rmem_alloc <= INT_MAX - msg.sg.size)
    fresh_message(tmp, msg.sg.start)
    if stop == STOP_NO_MEMORY:
        memory0.fresh = NULL
    if refused:
        to.rmem_fail_at = front0.last
    else:
        assume(to.rmem_fail_at > front0.last)
    more: u32 = arbitrary(0, INT_MAX)
    bytes: u32 = 0
    if stop == STOP_ASKED:
        bytes = front0.position
    elif stop == STOP_FAILS_SOONER or stop == STOP_NO_MEMORY:
        bytes = front0.begins + 1 + more
    to_charged: u64 = to.charged
    rmem: s32 = to.sk_rmem_alloc
    ret: s32 = bpf_tcp_ingress(to, psock, msg, bytes)
    nothing: bool = stop == STOP_NO_MEMORY or refused and front0.last == 0
    moved: u32 = 0 if nothing else front0.begins if refused else front0.position
    gone: u32 = 0 if nothing else front0.last + (0 if refused or front0.inside else 1)
    taken: u32 = front0.position - front0.begins if front0.inside else 0
    check(ret == (-ENOMEM if nothing else 0), "result: 0, or -ENOMEM when nothing moves")
    check(to.wmem_calls == 0, "rmem: received bytes are no matter of the send buffer")
    check(sk.charged == front0.charged, "R8: the sender's charge is the caller's")
    check_rest(msg, before, gone, taken)
    check_gone_bits(msg, before, gone)
    held: u32 = first_references(msg, before.sg.start, gone, front0.last + 1)
    if psock.tx_enabled and not nothing:
        check(psock.ingress_msg == tmp and tmp.sg.size == moved, "result: the bytes are in the queue")
        check(psock.msg_tot_len == moved, "length: the queue has so many bytes more")
        check_charge(to, to_charged, 0, moved)
        check(to.sk_rmem_alloc == rmem + moved, "rmem: queued bytes count against the receive buffer")
        check_moved(tmp, before, gone, taken)
        held += first_references(tmp, before.sg.start, 0, gone + (1 if front0.inside else 0))
    else:
        check(psock.ingress_msg == NULL, "result: nothing is queued")
        check_charge(to, to_charged, 0, 0)
        check(to.sk_rmem_alloc == rmem, "rmem: nothing is queued, nothing counts")
    had: u32 = first_references(before, before.sg.start, 0, front0.last + 1)
    good: bool = follow0.refs + had == front0.refs + held
    check(good, "refs: every element holds one reference of its page, nobody else's is lost")


@proof("bpf_tcp_ingress empty", split=1)
def ingress_of_nothing(to: Ptr[sock], psock: Ptr[sk_psock], msg: Ptr[sk_msg], tmp: Ptr[sk_msg]) -> None:
    """A program has removed every byte, and redirects what is left to ingress."""
    any_memory()
    any_socket(to)
    any_psock(psock, to)
    msg.sg.start = choose(MAX_MSG_FRAGS + 1)
    msg.sg.end = msg.sg.start
    msg.sg.size = 0
    empty_slots(msg)
    fresh_message(tmp, msg.sg.start)
    psock.tx_enabled = True
    bpf_tcp_ingress(to, psock, msg, 0)
    queued: bool = psock.ingress_msg == tmp
    check(not queued or tmp.sg.size != 0, "empty: a message without bytes is not queued, a reader would stop at it")


@user
def any_stop(sk: Ptr[sock], stop: u32) -> u32:
    """Why sending stops where it does. Returns how many bytes are asked for: 0 is all."""
    sk.send_fail_at = front0.position if front0.inside else front0.begins
    if stop == STOP_FAILS:
        return 0
    if stop == STOP_FAILS_SOONER:
        more: u32 = arbitrary(1, INT_MAX)
        return (front0.ends[front0.last] - 1 if front0.inside else front0.begins) + more
    if stop == STOP_FAILS_BEFORE_THE_END:
        assume(front0.rest > front0.part)
        return front0.position + front0.part
    sk.send_fail_at = arbitrary(1, U32_MAX)
    assume(sk.send_fail_at > front0.position)
    return front0.position if stop == STOP_ASKED else 0


@proof("tcp_bpf_push", split=5)
def push_bytes(sk: Ptr[sock], msg: Ptr[sk_msg], before: Ptr[sk_msg]) -> None:
    """The first bytes of a message are sent.

    Each element is sent as if it were the first one. So that TCP takes an element in two pieces is asked about the
    first one and about the one in which the walk stops.
    """
    any_memory()
    any_socket(sk)
    any_sender(sk)
    any_front(sk, msg, before, True)
    if front0.pieces == PIECES_FIRST and front0.last == 0:
        return  # it is the last one
    stop: u32 = choose(STOPS)
    if front0.inside and stop == STOP_END or not front0.inside and stop == STOP_FAILS_BEFORE_THE_END:
        return
    if front0.pieces == PIECES_FIRST and stop > STOP_END:
        return  # the failure does not know about an element before
    if stop == STOP_END:
        msg.sg.end = behind_last(msg.sg.start)
        before.sg.end = msg.sg.end
    fails: bool = stop >= STOP_FAILS
    if fails and not front0.inside and front0.pieces == PIECES_LAST:
        return
    sk.send_short_at = front0.short
    bytes: u32 = any_stop(sk, stop)
    uncharge: bool = arbitrary(0, 1) == 1
    follow0.sent_byte = U32_MAX
    watch_order(before)
    error: s32 = as_int(sk.send_error)
    ret: s32 = tcp_bpf_push(sk, msg, bytes, uncharge)
    sent: u32 = front0.begins if fails and not front0.inside else front0.position
    check(sk.write_seq == sent, "apply: all of the bytes that the verdict applies to are sent, unless TCP fails")
    check(before.sg.size - msg.sg.size == sent, "result: the message has as many bytes less as TCP took")
    check(ret == (0 - error if fails else 0), "result: 0, or the error of TCP")
    check(sk.charged + (sent if uncharge else 0) == front0.charged, "R8: what is charged changes with the bytes")
    check(wire0.in_order, "content: TCP gets the bytes in their order, each one once")
    gone: u32 = front0.last if fails or front0.inside else front0.last + 1
    check_rest(msg, before, gone, sent - front0.begins if front0.inside else 0)
    check_first_references(msg, before, gone)


@proof("tcp_bpf_push cursor", split=5)
def push_cursor(sk: Ptr[sock], msg: Ptr[sk_msg], before: Ptr[sk_msg]) -> None:
    """Some bytes of a message are sent, and a program has the rest corked: where will the next copy go on?"""
    any_memory()
    any_socket(sk)
    any_front(sk, msg, before, False)
    after: bool = choose()  # zerocopy leaves the cursor behind the last element, a copy at the end of it
    alone: bool = choose()  # the walk stops in the last element
    if alone:
        if not front0.inside:
            return
        msg.sg.end = behind_last(msg.sg.start)
    else:
        assume(msg.sg.end != behind_last(msg.sg.start))
    msg.sg.curr = msg.sg.end
    msg.sg.copybreak = 0
    if not after:
        msg.sg.curr = sk_msg_iter_var_prev(msg.sg.end)
        msg.sg.copybreak = msg.sg.data[msg.sg.curr].length if alone else arbitrary(1, INT_MAX)
    copybreak: u32 = msg.sg.copybreak
    curr: u32 = msg.sg.curr
    any_sender(sk)
    sk.send_fail_at = U32_MAX
    sk.send_short_at = 0  # a piece that is left is sent in the next call
    tcp_bpf_push(sk, msg, front0.position, True)
    inside: bool = curr_is_inside(msg)
    check(msg.sg.curr == curr and inside, "R5: curr is an element of the message or its end")
    # Elements behind are not touched: that is proved above.
    fits: bool = msg.sg.copybreak == copybreak and (after or not alone or copybreak <= msg.sg.data[curr].length)
    check(fits, "R6: copybreak lies in the element at curr")
    check_gone_bits(msg, before, front0.last + (0 if front0.inside else 1))


@proof("tcp_bpf_send_verdict", split=7)
def verdict_turn(
    sk: Ptr[sock],
    to: Ptr[sock],
    psock: Ptr[sk_psock],
    other: Ptr[sk_psock],
    msg: Ptr[sk_msg],
    tmp: Ptr[sk_msg],
    call: Ptr[sending],
    prog: Ptr[verdict],
) -> None:
    """One turn of a verdict on a message of one element, none of it corked: bytes, charges and what is reported."""
    msg.sg.start = choose(NR_MSG_FRAG_IDS)
    prog.eval = choose(3)
    there: bool = any_turn(prog)
    if not there or (prog.eval == SK_DROP and turn0.applies == APPLIES_TO_PART):
        return
    any_verdict(sk, to, psock, other, msg, tmp, call, prog)
    size: u32 = msg.sg.size
    charged: u64 = sk.charged
    copied: s32 = call.copied
    ret: s32 = tcp_bpf_send_verdict_turn(sk, psock, call, prog)
    corked: u32 = psock.cork.sg.size if psock.cork != NULL else 0
    stays: u32 = msg.sg.size if call.more else corked
    check_charge(sk, charged, size, stays)
    check(call.copied >= 0, "result: the number of bytes that will be reported is not negative")
    gone: u32 = copied - call.copied
    out: u64 = sk.write_seq + to.write_seq + other.msg_tot_len
    if ret == -EACCES and prog.eval == SK_DROP:
        check(gone == size, "result: bytes that are dropped are not reported as sent, removed ones neither")
    elif ret != 0:
        nothing: bool = ret == -ENOMEM and call.copied == 0
        check(nothing or gone + out + prog.popped == size, "result: bytes that are freed are not reported as sent")
    else:
        check(gone == 0, "result: without an error every byte is reported")
        check(out + stays + prog.popped == size, "content: every byte is sent, queued, corked, removed or still there")
    check(psock.apply_bytes <= prog.apply_bytes, "apply: the verdict applies to no more bytes than it said")


@proof("tcp_bpf_send_verdict drop a part", split=1)
def drop_turn(
    sk: Ptr[sock],
    to: Ptr[sock],
    psock: Ptr[sk_psock],
    other: Ptr[sk_psock],
    msg: Ptr[sk_msg],
    tmp: Ptr[sk_msg],
    call: Ptr[sending],
    prog: Ptr[verdict],
) -> None:
    """A verdict drops fewer bytes than the message has: what becomes of the others?"""
    msg.sg.start = choose(NR_MSG_FRAG_IDS)
    prog.eval = SK_DROP
    turn0.applies = APPLIES_TO_PART
    any_verdict(sk, to, psock, other, msg, tmp, call, prog)
    size: u32 = msg.sg.size
    charged: u64 = sk.charged
    copied: s32 = call.copied
    tcp_bpf_send_verdict_turn(sk, psock, call, prog)
    check_charge(sk, charged, size, msg.sg.size)
    check(call.copied + size == copied + msg.sg.size, "result: bytes that are freed are not reported as sent")


@proof("tcp_bpf_send_verdict redirect", split=6)
def redirect_turn(
    sk: Ptr[sock],
    to: Ptr[sock],
    psock: Ptr[sk_psock],
    other: Ptr[sk_psock],
    msg: Ptr[sk_msg],
    tmp: Ptr[sk_msg],
    call: Ptr[sending],
    prog: Ptr[verdict],
) -> None:
    """One turn of a verdict that redirects a message of one element: the charges of both sockets."""
    msg.sg.start = choose(NR_MSG_FRAG_IDS)
    prog.eval = SK_REDIRECT
    there: bool = any_turn(prog)
    if not there or turn0.corks or turn0.pops:
        return
    any_verdict(sk, to, psock, other, msg, tmp, call, prog)
    size: u32 = msg.sg.size
    charged: u64 = sk.charged
    to_charged: u64 = to.charged
    copied: s32 = call.copied
    ret: s32 = tcp_bpf_send_verdict_turn(sk, psock, call, prog)
    left: u32 = msg.sg.size if call.more else 0
    moved: u32 = to.write_seq + other.msg_tot_len
    check_charge(sk, charged, size, left)
    check_charge(to, to_charged, 0, other.msg_tot_len)
    check(ret != 0 or moved + left == size, "content: every byte is with the other socket or still to be sent")
    check(ret == 0 or call.copied + size == copied + moved, "result: bytes that are freed are not reported as sent")
    check(ret != 0 or call.copied == copied, "result: without an error every byte is reported")


@user
def any_cork(sk: Ptr[sock], psock: Ptr[sk_psock], cork: Ptr[sk_msg]) -> None:
    """A corked message of one element, or none, and a page fragment that goes on where the element ends, or elsewhere.

    The page fragment has room for all: that there may be several pieces is proved of sk_msg_alloc().
    """
    corked: bool = choose()
    where: u32 = choose(3)
    behind: bool = choose()
    one_filled(sk, cork, arbitrary(1, 65536))
    if corked:
        psock.cork = cork
    if behind:
        cursor_behind(cork)
        if where == FRAGMENT_GOES_ON:
            empty_outside(cork)  # stale bytes behind the cursor would be filled: nobody leaves it so
    sk.sk_frag.page = arbitrary(1, 1000)
    assume(sk.sk_frag.page < memory0.first_new_page)
    sk.sk_frag.size = SKB_FRAG_PAGE_SIZE
    sk.sk_frag.offset = arbitrary(0, PAGE_SIZE)
    ends: u32 = cork.sg.data[cork.sg.start].offset + cork.sg.data[cork.sg.start].length
    if where == FRAGMENT_ELSEWHERE:
        assume(cork.sg.data[cork.sg.start].page != sk.sk_frag.page)
    elif where == FRAGMENT_APART:
        assume(ends != sk.sk_frag.offset)
    else:
        cork.sg.data[cork.sg.start].page = sk.sk_frag.page
        assume(ends <= PAGE_SIZE)
        sk.sk_frag.offset = ends


@proof("tcp_bpf_sendmsg copy", split=6)
def sendmsg_copy(
    sk: Ptr[sock], psock: Ptr[sk_psock], cork: Ptr[sk_msg], tmp: Ptr[sk_msg], iter: Ptr[iov_iter], call: Ptr[sending]
) -> None:
    """A sendmsg() copies the user's bytes behind a corked message of one element, or into an empty one."""
    any_memory()
    any_socket(sk)
    any_psock(psock, sk)
    cork.sg.start = choose(NR_MSG_FRAG_IDS)
    any_cork(sk, psock, cork)
    faults: u32 = choose(3)
    refused: bool = choose()
    if refused and faults != NO_FAULT:
        return
    if refused:
        sk.wmem_fail_at = 0
    else:
        assume(sk.wmem_fail_at > 0)
    iter.done = 0
    iter.count = arbitrary(1, PAGE_SIZE)
    iter.fault_at = 0
    if faults == NO_FAULT:
        iter.fault_at = iter.count
    elif faults == FAULT_LATER:
        iter.fault_at = arbitrary(1, PAGE_SIZE)
        assume(iter.fault_at < iter.count)
    left: u64 = iter.count
    size: u32 = iter.count
    before: u32 = psock.cork.sg.size if psock.cork != NULL else 0
    charged: u64 = sk.charged
    corked: u32 = psock.cork_bytes
    call.copied = 0
    due: bool = tcp_bpf_sendmsg_copy(sk, psock, iter, call, tmp, size)
    now: u32 = call.msg.sg.size
    check(now == before + call.copied, "result: the message has as many bytes more as are reported")
    check(iter.done == call.copied or call.copied == 0, "result: and the user's bytes are consumed")
    check_charge(sk, charged, before, now)
    check(due or call.copied == left or call.copied == 0, "cork: a verdict waits only when all bytes were copied")
    check(not due or corked == 0 or psock.cork_bytes == 0, "cork: with a verdict no byte is waited for any more")
    result: s32 = tcp_bpf_sendmsg_result(call)
    check(due or result != 0, "error: a sendmsg() that took nothing says why")


@proof("tcp_bpf_sendmsg result")
def sendmsg_result(call: Ptr[sending]) -> None:
    """What sendmsg() reports when a message with bytes of earlier calls was freed: copied may be below 0."""
    assume(call.copied >= -INT_MAX and call.err <= 0 and call.err >= -4095)
    assume(call.copied >= 0 or call.err < 0)
    result: s32 = tcp_bpf_sendmsg_result(call)
    check(result >= 0 or result >= -4095 and result == call.err, "result: a number of bytes, or an error number")
    check(call.copied <= 0 or result == call.copied, "result: bytes that were taken are reported")
