"""The psock and its life: attach, references, detach, destruction.

Sources: include/linux/skmsg.h and net/core/skmsg.c, v6.19 (gregkh/linux 1861d369efd6) with the 7.1 changes to the
message counter; read again in 7.1.5 (danayer/linux-7.1.5 9d1745cf8134) and in 6.1.192, which has no such counter.

Left out everywhere: memory accounting of skbs. What a psock keeps for senders (cork, apply_bytes, eval, sk_redir) is
used in skmsg_send.py and tcp_bpf_send.py.
"""

from psockmc.kernel.mutex import mutex
from psockmc.kernel.rcu import INIT_RCU_WORK, queue_rcu_work, rcu_work
from psockmc.kernel.refcount import refcount_dec_and_test, refcount_inc_not_zero, refcount_set, refcount_t
from psockmc.kernel.rwlock import write_lock_bh, write_unlock_bh
from psockmc.kernel.spinlock import spin_lock_bh, spin_unlock_bh, spinlock_t
from psockmc.kernel.work import INIT_DELAYED_WORK, cancel_delayed_work_sync, delayed_work
from psockmc.lang import (
    GFP_ATOMIC,
    NOBODY,
    NULL,
    READ_ONCE,
    Callable,
    Const,
    Ctx,
    Flags,
    Ghost,
    GracePeriod,
    Int,
    ListHead,
    Ptr,
    Struct,
    atomic,
    clear_bit,
    container_of,
    current,
    kernel,
    kfree,
    kzalloc,
    list_del,
    list_first_entry_or_null,
    omits,
    rcu_assign_pointer,
    rcu_dereference,
    rcu_read_lock,
    rcu_read_unlock,
    readers,
    set_bit,
    test_bit,
    xchg,
)

from models.skbuff import seq_t, sk_buff, sk_buff_head
from models.skmsg_ingress import __sk_psock_zap_ingress, sk_psock_backlog
from models.skmsg_send import sk_psock_cork_free
from models.skmsg_strp import strp_config
from models.skmsg_verdict import __SK_NONE, __sk_action, bpf_prog, bpf_prog_put, sk_psock_stop_verdict
from models.sock import bytes_t, inet_csk_has_ulp, int_t, proto, sk_is_tcp, sock, sock_hold, sock_put, tcp_seq_t
from models.sock_hash import bpf_shtab, bpf_shtab_elem
from models.sock_map import bpf_stab, slot_t
from models.sock_map_progs import sockmap_link
from models.strparser import strparser
from models.tracing import trace_kfree


class sk_psock_state_bits(Flags):
    """sk_psock.state."""

    SK_PSOCK_TX_ENABLED = 0
    SK_PSOCK_RX_STRP_ENABLED = 1


class sk_psock_progs(Struct):
    """The programs of a map, or those that a psock took over from its maps. Links are of maps only."""

    msg_parser: Ptr[bpf_prog]
    stream_parser: Ptr[bpf_prog]
    stream_verdict: Ptr[bpf_prog]
    stream_verdict_link: Ptr[sockmap_link]
    skb_verdict: Ptr[bpf_prog]


class sk_psock_link(Struct, name="link"):
    """Says that a map entry holds a reference on the psock. Written before it is on the psock's list, not later.

    The entry is the slot `link_raw` of the array map `map`, or the element `elem` of the hash map `htab`. The kernel
    has one `map` and one `link_raw`, which is the address of the slot or element.
    """

    map: Const[Ptr[bpf_stab]]
    link_raw: Const[slot_t]
    htab: Const[Ptr[bpf_shtab]]
    elem: Const[Ptr[bpf_shtab_elem]]


class sk_psock_work_state(Struct):
    """Where the backlog goes on with the skb at the head of its queue."""

    len: bytes_t
    off: bytes_t


class sk_msg_sg(Struct):
    """The ring of fragments of a message, of which one is left here: its length is the size of the message.

    page: the page of the fragment, which is a part of the skb; NULL when the message has no data, or no skb.
    """

    size: bytes_t
    page: Ptr[sk_buff]


class sk_msg(Struct, name="msg"):
    """A message on its way to the reader, or in the hands of a sender. It owns one reference on its skb; without an
    skb it owns a page for each byte, which is charged to its socket.

    sk: the socket whose own stack the data came through, else NULL. on_stack: it is a variable of tcp_bpf_sendmsg().
    What its SK_MSG program said: sk_redir (without a reference), ingress (the BPF_F_INGRESS bit of flags),
    apply_bytes, cork_bytes.

    For properties: seq, pos: those of the skb; off: where in the skb the message begins. pages: the page references it
    owns; charged_to: whose memory they are. in_use: its sendmsg() is not over. held_unlocked: how many senders work
    on it while they do not own its socket. judged: its program has run, and the target it named is about to be held.
    claimed: a sender took it for the corked message. named: the run of its program that is not over has named a
    target.
    """

    sg: sk_msg_sg
    skb: Ptr[sk_buff]
    sk: Const[Ptr[sock]]
    off: Ghost[bytes_t]
    sk_redir: Ptr[sock]
    ingress: bool
    apply_bytes: bytes_t
    cork_bytes: bytes_t
    on_stack: Const[bool]
    seq: Ghost[seq_t]
    pages: Ghost[Int[-3, 6]]
    charged_to: Ghost[Ptr[sock]]
    in_use: Ghost[bool]
    held_unlocked: Ghost[Int[0, 3]]
    judged: Ghost[bool]
    claimed: Ghost[bool]
    pos: Ghost[tcp_seq_t]
    named: Ghost[bool]


class sk_psock(Struct, name="psock"):
    """What a socket in a map carries.

    For properties: entries counts the references that map slots own, temps those in somebody's hands, pair_holds those
    taken on sk_pair, drops and restores how often sk_psock_drop() and the restore of the protocol began; stopped:
    sk_psock_stop() has returned once; tx_cleared: the TX bit was cleared; added_late: something was queued after the
    stop; last_seq, reordered: the order of messages; last_pos, disordered: the same for data of the own stack;
    len_writer: who stores the counter; stopped_by_fin: the backlog gave up because there was nothing to deliver;
    rx_partial: a reader has taken bytes from a message and not yet from the counter; past_gate: the backlog has its
    reference; close_cancelled: close() has waited for the backlog; destroyed: the destruction has waited for it;
    purged: the message queue was purged; old_readers: the RCU readers from before the detach that are left; putter: who
    is about to put a reference.

    For properties of the send side: redir_refs: references that verdicts took on targets and that sk_redir still owns;
    redir_taken: those that senders took over from it; unjudged: a verdict was used again that had no bytes left;
    stale_target: a verdict redirected to a target that it had not named; wrong_way: data went the other way than the
    verdict said; verdict_ingress: which way that was.

    read_spins: a reader looks again and again without sleeping.
    """

    sk: Const[Ptr[sock]]
    progs: sk_psock_progs
    apply_bytes: bytes_t
    cork_bytes: bytes_t
    eval: __sk_action = __SK_NONE
    redir_ingress: bool
    cork: Ptr[sk_msg]
    sk_redir: Ptr[sock]
    ingress_skb: sk_buff_head
    ingress_msg: ListHead[sk_msg]
    ingress_lock: spinlock_t
    msg_tot_len: Int[0, 6]
    state: sk_psock_state_bits
    link: ListHead[sk_psock_link]
    link_lock: spinlock_t
    refcnt: refcount_t
    saved_unhash: Const[Callable[[Ptr[sock]], None]]
    saved_destroy: Const[Callable[[Ptr[sock]], None]]
    saved_close: Const[Callable[[Ptr[sock], Int[0, 0]], None]]
    saved_write_space: Const[Callable[[Ptr[sock]], None]]
    saved_data_ready: Callable[[Ptr[sock]], None]
    psock_update_sk_prot: Callable[[Ptr[sock], Ptr[sk_psock], bool], int_t]
    sk_proto: Const[Ptr[proto]]
    sk_pair: Ptr[sock]
    work_mutex: mutex
    work_state: sk_psock_work_state
    work: delayed_work
    rwork: rcu_work
    strp: strparser
    copied_seq: tcp_seq_t
    ingress_bytes: tcp_seq_t
    entries: Ghost[Int[-2, 4]]
    temps: Ghost[Int[-2, 6]]
    pair_holds: Ghost[Int[0, 3]]
    read_spins: Ghost[bool]
    drops: Ghost[Int[0, 2]]
    restores: Ghost[Int[0, 2]]
    stopped: Ghost[bool]
    tx_cleared: Ghost[bool]
    added_late: Ghost[bool]
    last_seq: Ghost[seq_t]
    reordered: Ghost[bool]
    last_pos: Ghost[tcp_seq_t]
    disordered: Ghost[bool]
    len_writer: Ghost[Ctx]
    stopped_by_fin: Ghost[bool]
    rx_partial: Ghost[bool]
    past_gate: Ghost[bool]
    close_cancelled: Ghost[bool]
    destroyed: Ghost[bool]
    purged: Ghost[bool]
    redir_refs: Ghost[Int[-3, 3]]
    redir_taken: Ghost[Int[-3, 3]]
    unjudged: Ghost[bool]
    stale_target: Ghost[bool]
    wrong_way: Ghost[bool]
    verdict_ingress: Ghost[bool]
    old_readers: Ghost[GracePeriod]
    putter: Ghost[Ctx]


# ---------------------------------------------------------------- attach


@kernel("include/linux/skmsg.h")
def sk_psock(sk: Ptr[sock]) -> Ptr[sk_psock]:
    """The psock of a socket, valid until the caller's RCU section ends, or NULL."""
    omits("sk_user_data holds nothing but psocks, so its flag bits are not modelled")
    return rcu_dereference(sk.sk_user_data)


@kernel("net/core/skmsg.c")
def sk_psock_init(sk: Ptr[sock]) -> Ptr[sk_psock]:
    """A new psock with one reference for the caller, published in sk_user_data; NULL for every ERR_PTR.

    The kernel asks sk_is_inet(), and inet_csk_has_ulp() whether it is a connection; no other socket here is both. The
    lists, locks and counters of a zeroed object are already what the kernel initialises them to.
    """
    write_lock_bh(sk.sk_callback_lock)
    if sk_is_tcp(sk):
        if inet_csk_has_ulp(sk):
            write_unlock_bh(sk.sk_callback_lock)
            return NULL
    if sk.sk_user_data:
        write_unlock_bh(sk.sk_callback_lock)
        return NULL
    psock = kzalloc(sk_psock, GFP_ATOMIC)
    if not psock:
        write_unlock_bh(sk.sk_callback_lock)
        return NULL
    prot = READ_ONCE(sk.sk_prot)
    psock.sk = sk
    psock.sk_proto = prot
    psock.saved_unhash = prot.unhash
    psock.saved_destroy = prot.destroy
    psock.saved_close = prot.close
    psock.saved_write_space = sk.sk_write_space
    INIT_DELAYED_WORK(psock.work, sk_psock_backlog)
    set_bit(SK_PSOCK_TX_ENABLED, psock.state)
    refcount_set(psock.refcnt, 1)
    psock.temps = 1
    rcu_assign_pointer(sk.sk_user_data, psock)
    sk.user_data_writer = current()
    sock_hold(sk)
    sk.user_data_writer = NOBODY
    write_unlock_bh(sk.sk_callback_lock)
    return psock


# ---------------------------------------------------------------- references


@kernel("include/linux/skmsg.h")
def sk_psock_get(sk: Ptr[sock]) -> Ptr[sk_psock]:
    """The socket's psock with a reference; NULL when there is none or its last reference is gone."""
    rcu_read_lock()
    psock = sk_psock(sk)
    if psock:
        if refcount_inc_not_zero(psock.refcnt):
            psock.temps += 1
        else:
            psock = NULL
    rcu_read_unlock()
    return psock


@kernel("include/linux/skmsg.h")
def sk_psock_put(sk: Ptr[sock], psock: Ptr[sk_psock]) -> None:
    """Drop a reference; the last one detaches the psock."""
    psock.putter = current()
    last = refcount_dec_and_test(psock.refcnt)
    psock.putter = NOBODY
    psock.temps -= 1
    if last:
        sk_psock_drop(sk, psock)


# ---------------------------------------------------------------- detach


@kernel("include/linux/skmsg.h")
def sk_psock_restore_proto(sk: Ptr[sock], psock: Ptr[sk_psock]) -> None:
    """Give the socket its own protocol's table back."""
    if psock.psock_update_sk_prot:
        psock.psock_update_sk_prot(sk, psock, True)


@kernel("net/core/skmsg.c")
def sk_psock_stop(psock: Ptr[sk_psock]) -> None:
    """From here on nothing is queued on this psock any more. A corked message goes."""
    spin_lock_bh(psock.ingress_lock)
    clear_bit(SK_PSOCK_TX_ENABLED, psock.state)
    psock.tx_cleared = True
    psock.stopped = True
    sk_psock_cork_free(psock)
    spin_unlock_bh(psock.ingress_lock)


@kernel("net/core/skmsg.c")
def sk_psock_drop(sk: Ptr[sock], psock: Ptr[sk_psock]) -> None:
    """The last reference is gone: detach the psock from the socket and destroy it after a grace period."""
    psock.drops += 1
    sk.dropper = current()
    write_lock_bh(sk.sk_callback_lock)
    sk_psock_restore_proto(sk, psock)
    with atomic("for properties, the RCU readers at this instant are noted"):
        rcu_assign_pointer(sk.sk_user_data, NULL)
        psock.old_readers = readers()
    sk.dropper = NOBODY
    sk.user_data_writer = current()
    if psock.progs.stream_parser:
        sk.user_data_writer = NOBODY
        strp_config.sk_psock_stop_strp(sk, psock)
    elif psock.progs.stream_verdict or psock.progs.skb_verdict:
        sk.user_data_writer = NOBODY
        sk_psock_stop_verdict(sk, psock)
    sk.user_data_writer = NOBODY
    write_unlock_bh(sk.sk_callback_lock)
    sk_psock_stop(psock)
    INIT_RCU_WORK(psock.rwork, sk_psock_destroy)
    queue_rcu_work(psock.rwork)


# ---------------------------------------------------------------- destruction


@kernel("include/linux/skmsg.h")
def psock_progs_drop(progs: sk_psock_progs) -> None:
    """Forget the programs and put their references."""
    bpf_prog_put(xchg(progs.msg_parser, NULL))
    bpf_prog_put(xchg(progs.stream_parser, NULL))
    bpf_prog_put(xchg(progs.stream_verdict, NULL))
    bpf_prog_put(xchg(progs.skb_verdict, NULL))


@kernel("include/linux/skmsg.h")
def sk_psock_free_link(link: Ptr[sk_psock_link]) -> None:
    """Free a link that is on no list."""
    trace_kfree()
    kfree(link)


@kernel("net/core/skmsg.c")
def sk_psock_link_pop(psock: Ptr[sk_psock]) -> Ptr[sk_psock_link]:
    """Take the first link off, for the caller to free; NULL when there is none."""
    spin_lock_bh(psock.link_lock)
    link = list_first_entry_or_null(psock.link)
    if link:
        list_del(link, psock.link)
    spin_unlock_bh(psock.link_lock)
    return link


@kernel("net/core/skmsg.c")
def sk_psock_link_destroy(psock: Ptr[sk_psock]) -> None:
    """Free the links that are left; nobody else can reach the psock."""
    for link in psock.link:
        list_del(link, psock.link)
        sk_psock_free_link(link)


@kernel("net/core/skmsg.c")
def sk_psock_destroy(work: rcu_work) -> None:
    """Runs in a kworker at least one grace period after sk_user_data was cleared."""
    psock = container_of(work, sk_psock, "rwork")
    if strp_config.sk_psock_done_strp:
        strp_config.sk_psock_done_strp(psock)
    cancel_delayed_work_sync(psock.work)
    psock.destroyed = True
    __sk_psock_zap_ingress(psock)
    psock_progs_drop(psock.progs)
    sk_psock_link_destroy(psock)
    sk_psock_cork_free(psock)
    if psock.sk_redir:
        sock_put(psock.sk_redir)
        psock.redir_refs -= 1
    if psock.sk_pair:
        sock_put(psock.sk_pair)
    sock_put(psock.sk)
    kfree(psock)


@kernel("include/linux/skmsg.h")
def sk_psock_test_state(psock: Ptr[sk_psock]) -> bool:
    """Whether the TX bit is set; the kernel's function gets the bit as a parameter."""
    return test_bit(SK_PSOCK_TX_ENABLED, psock.state)
