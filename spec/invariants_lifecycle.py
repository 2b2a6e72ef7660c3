"""What must hold of a psock's life: references, map entries, attaching and detaching."""

from psockmc.lang import NOBODY, NULL, Ptr, at_end, count, invariant, live

from models.skmsg import sk_psock
from models.sock import sock
from models.sock_map import bpf_stab
from models.sock_map_proto import sock_map_close, sock_map_destroy, sock_map_unhash
from spec.invariants_lifecycle import I02, I03, I04, I05, I06, I07, I08, I09, I10, I12, I13, I14, I15, I34


@invariant("I02", "a psock's reference count never leaves 0, and it is dropped at most once")
def dropped_once(psock: Ptr[sk_psock]) -> bool:
    """sk_psock_drop() runs for whoever put the last reference. sk_psock_get() refuses a count of 0 by
    refcount_inc_not_zero(), so nobody brings the psock back while it is being detached. Upheld by sk_psock_get(),
    sock_map_link() and sk_psock_put().
    """
    return psock.drops <= 1 and (psock.drops == 0 or psock.refcnt.refs <= 0)


@invariant("I03", "a psock's reference count is the number of its map entries plus the references in somebody's hands")
def references_are_accounted_for(psock: Ptr[sk_psock]) -> bool:
    """Whoever gets a psock puts that same psock. A put of another one, such as the one that is attached by now,
    makes the hands of one psock negative. Upheld by every pair of get and put, the backlog's included.
    """
    return psock.entries >= 0 and psock.temps >= 0 and psock.refcnt.refs == psock.entries + psock.temps


@invariant("I04", "each map slot that names a socket owns exactly one reference on its psock")
def slot_owns_one_reference(psock: Ptr[sk_psock]) -> bool:
    """Only who empties the slot puts its reference, and puts it to the psock that owns it. `taken` slots were
    emptied a moment ago by somebody who has not looked the psock up yet. Stated for the psock that is attached.
    Upheld by sock_map_update_common(), __sock_map_delete() and sock_map_free().
    """
    return psock.sk.sk_user_data != psock or psock.entries == psock.sk.taken + count(
        m.sks[0] == psock.sk for m in bpf_stab
    ) + count(m.sks[1] == psock.sk for m in bpf_stab)


@invariant("I05", "a psock has at most one link for a map slot, while nobody holds the map's lock")
def one_link_for_a_slot(psock: Ptr[sk_psock], map: Ptr[bpf_stab]) -> bool:
    """A slot that takes the same socket again has two links for a moment, under the lock; sock_map_del_link() then
    removes the first. Upheld by sock_map_add_link() and sock_map_del_link() under the map's lock.
    """
    return map.lock.owner != NOBODY or all(
        count(other.map == map and other.link_raw == link.link_raw for other in psock.link) <= 1 for link in psock.link
    )


@invariant("I06", "a psock without references has no links")
def no_links_without_references(psock: Ptr[sk_psock]) -> bool:
    """Each entry's link goes before its reference is put, so sk_psock_link_destroy() never finds one. Upheld by
    sock_map_unref() and sock_map_remove_links().
    """
    return psock.refcnt.refs != 0 or all(False for link in psock.link)


@invariant("I07", "sk_user_data points to a psock that is allocated")
def user_data_is_live(sk: Ptr[sock]) -> bool:
    """Readers of sk_user_data dereference it after nothing but rcu_dereference(). Upheld by sk_psock_drop(), which
    clears it a grace period before sk_psock_destroy() frees the psock.
    """
    return sk.sk_user_data == NULL or live(sk.sk_user_data)


@invariant("I08", "sk_user_data is written only by who holds sk_callback_lock for writing")
def user_data_is_written_under_the_lock(sk: Ptr[sock]) -> bool:
    """So that two sk_psock_init() cannot both find it empty. Upheld by sk_psock_init() and sk_psock_drop()."""
    return sk.user_data_writer == NOBODY or sk.sk_callback_lock.owner == sk.user_data_writer


@invariant("I09", "a detached psock has given sk_data_ready back")
def detached_psock_saved_nothing(psock: Ptr[sk_psock]) -> bool:
    """The clear of sk_user_data and the restore of the callback are one section under sk_callback_lock, so whoever
    takes the lock sees both or neither. Upheld by sk_psock_drop().
    """
    return psock.saved_data_ready == NULL or psock.sk.sk_user_data == psock or psock.sk.sk_callback_lock.owner != NOBODY


@invariant("I10", "the protocol is restored at most once, when no reference is left")
def restored_once(psock: Ptr[sk_psock]) -> bool:
    """psock_update_sk_prot(restore=true) gives things back that must not be given back twice. Upheld by
    sk_psock_drop().
    """
    return psock.restores <= 1 and (psock.restores == 0 or psock.refcnt.refs <= 0)


@invariant("I12", "a socket without psock has its own protocol, unless somebody holds sk_callback_lock for writing")
def own_protocol_without_psock(sk: Ptr[sock]) -> bool:
    """The protocol is restored before sk_user_data is cleared, in one section under sk_callback_lock; a table of
    ours comes in only while a reference keeps the psock attached. Not of a socket that is still being made as a copy
    of a listening one. Upheld by sk_psock_drop(), sock_map_init_proto(), sock_map_del_link() and tcp_bpf_clone().
    """
    return (
        sk.sk_prot.close != sock_map_close
        or sk.sk_user_data != NULL
        or sk.sk_callback_lock.owner != NOBODY
        or sk.unborn
    )


@at_end("I13", "in the end no socket is left with our protocol but without psock")
def our_protocol_without_psock_is_transient(sk: Ptr[sock]) -> bool:
    """sock_map_close(), sock_map_destroy() and sock_map_unhash() try again as long as they see this; that it goes away
    is what ends their loops. Upheld by sk_psock_drop().
    """
    return sk.sk_user_data != NULL or sk.sk_prot.close != sock_map_close


@invariant("I13-one-cpu", "no softirq tries to destroy a socket again on the CPU of the one who detaches its psock")
def nobody_spins_over_the_dropper(sk: Ptr[sock]) -> bool:
    """sock_map_destroy() tries again without a pause, also in a softirq. On the CPU of the thread that has put the
    last reference and not yet restored the protocol it tries for ever. For scenarios in which softirqs are on
    that CPU only. Would be upheld by sk_psock_put(), if nothing came in between its two parts.
    """
    return sk.dropper == NOBODY or sk.spinner == NOBODY


@invariant("I14", "a psock never saved one of our own functions")
def saved_functions_are_foreign(psock: Ptr[sk_psock]) -> bool:
    """Or close() would call itself. A psock is attached only to a socket that has its own protocol. Upheld by
    sk_psock_init(), which reads sk_prot under the lock under which it is restored.
    """
    return (
        psock.saved_close != sock_map_close
        and psock.saved_destroy != sock_map_destroy
        and psock.saved_unhash != sock_map_unhash
    )


@invariant("I15", "a psock that can be got has a close to call")
def saved_close_is_there(psock: Ptr[sk_psock]) -> bool:
    """sock_map_close() calls it without a test. Upheld by sk_psock_init()."""
    return psock.refcnt.refs <= 0 or psock.saved_close != NULL


@at_end("I15-called", "in the end a socket whose file is gone was closed by its own protocol")
def own_protocol_has_closed_it(sk: Ptr[sock]) -> bool:
    """Our close() stands in for the protocol's and has to call it in the end, or the connection stays for ever, with
    a pointer to a socket structure that is freed. Upheld by sock_map_close(): whichever way it leaves its loop.
    """
    return sk.sk_socket == NULL or live(sk.sk_socket)


@invariant("I34", "a socket in a map is alive and has references")
def socket_in_map_is_alive(map: Ptr[bpf_stab]) -> bool:
    """Programs take sockets out of slots without a reference and may call sock_hold() on them. The slot's psock
    holds one until a grace period after it was detached. Upheld by sk_psock_init() and sk_psock_destroy().
    """
    return all(s == NULL or (live(s) and s.sk_refcnt.refs > 0) for s in map.sks)


@at_end("I34-closed", "in the end a closed socket is in no map")
def closed_socket_is_in_no_map(map: Ptr[bpf_stab]) -> bool:
    """Nobody takes it out any more: close() was the last to try. Upheld by sock_map_close(), and by the state of a
    closed socket, which maps refuse.
    """
    return all(s == NULL or not s.sock_dead for s in map.sks)


IN_THE_END = [own_protocol_has_closed_it, closed_socket_is_in_no_map]

# What is said of psocks, without what is said of the slots of array maps.
PSOCKS = [I02, I03, I06, I07, I08, I09, I10, I12, I13, I14, I15]

LIFECYCLE = [I02, I03, I04, I05, I06, I07, I08, I09, I10, I12, I13, I14, I15, I34] + IN_THE_END
