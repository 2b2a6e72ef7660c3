"""What must hold of maps and their entries, beyond what spec/invariants_lifecycle.py says of one array map."""

from psockmc.lang import NOBODY, NULL, Ptr, at_end, count, invariant, live

from models.skmsg import sk_psock, sk_psock_link
from models.sock import sock
from models.sock_hash import bpf_shtab, bpf_shtab_elem
from models.sock_map import bpf_stab
from spec.invariants_maps import I01, I48, I50, I51, I54


@invariant("I01", "a psock is freed only when no reference and no reader from before its detach is left")
def destroyed_after_a_grace_period(psock: Ptr[sk_psock]) -> bool:
    """Readers of sk_user_data use the psock under RCU alone. Upheld by sk_psock_put(), which detaches it only for the
    last reference, and sk_psock_drop(), which has it destroyed by rcu_work after sk_user_data was cleared.
    """
    return not psock.destroyed or (psock.refcnt.refs <= 0 and psock.old_readers == 0)


@invariant("I04-hash", "each element on a chain owns exactly one reference on its socket's psock")
def element_owns_one_reference(psock: Ptr[sk_psock]) -> bool:
    """I04 of the elements of hash maps: only who takes the element off puts its reference. `taken` elements were taken
    off a moment ago. For scenarios with hash maps only. Upheld by sock_hash_update_common(),
    sock_hash_delete_from_link(), sock_hash_delete_elem() and sock_hash_free().
    """
    return (
        psock.sk.sk_user_data != psock
        or psock.entries == count(e.sk == psock.sk for e in bpf_shtab_elem if e.hashed) + psock.sk.taken
    )


@invariant("I05-hash", "a psock has at most one link for an element")
def one_link_for_an_element(psock: Ptr[sk_psock]) -> bool:
    """Each insert has an element of its own, also when the same socket takes its own place. Upheld by
    sock_hash_update_common().
    """
    return all(count(other.elem == link.elem for other in psock.link if other.elem) <= 1 for link in psock.link)


@invariant("I34-hash", "a socket that an element on a chain names is alive and has references")
def socket_of_an_element_is_alive(elem: Ptr[bpf_shtab_elem]) -> bool:
    """Programs take sockets out of elements without a reference and may call sock_hold() on them. Upheld by
    sk_psock_init() and sk_psock_destroy().
    """
    return not elem.hashed or (live(elem.sk) and elem.sk.sk_refcnt.refs > 0)


@at_end("I34-hash-closed", "in the end no element on a chain names a closed socket")
def closed_socket_is_in_no_element(elem: Ptr[bpf_shtab_elem]) -> bool:
    """Nobody takes it out any more: close() was the last to try. Upheld by sock_map_close(), and by the state of a
    closed socket, which maps refuse.
    """
    return not elem.hashed or not elem.sk.sock_dead


@invariant("I48", "nobody puts a psock while holding its ingress_lock or its socket's callback lock")
def put_without_its_locks(psock: Ptr[sk_psock]) -> bool:
    """The last put takes both; that it is not the last one is never known. Upheld by all callers of sk_psock_put()."""
    return psock.putter == NOBODY or (
        psock.ingress_lock.owner != psock.putter and psock.sk.sk_callback_lock.owner != psock.putter
    )


@invariant("I50", "a map outlives every link that names it, those included that a close has taken off")
def map_outlives_its_links(link: Ptr[sk_psock_link]) -> bool:
    """Links hold no reference on their map. Upheld by the grace period at the end of sock_map_free() and
    sock_hash_free(), and the RCU section around sock_map_remove_links().
    """
    return (link.map == NULL or live(link.map)) and (link.htab == NULL or live(link.htab))


@invariant("I51", "a socket keeps the psock that got the references of its entries until they are given back")
def removed_entry_finds_its_psock(sk: Ptr[sock]) -> bool:
    """sock_map_unref() has the socket only, and looks its psock up anew. `taken` entries are those it still has to give
    back. Upheld by the references themselves: they keep the psock attached.
    """
    return sk.taken == 0 or (sk.sk_user_data != NULL and sk.sk_user_data.entries >= sk.taken)


@invariant("I54", "a psock has a stream_verdict or a skb_verdict, not both")
def one_kind_of_verdict(psock: Ptr[sk_psock]) -> bool:
    """sk_psock_verdict_recv() would run the first and never the second. Upheld by sock_map_link(), whose test is not
    one step with its exchange: only the owner of the socket, or of slock, comes here.
    """
    return psock.progs.stream_verdict == NULL or psock.progs.skb_verdict == NULL


@at_end("I55", "in the end the program of an attached psock is that of a map it is in")
def program_of_a_map_it_is_in(psock: Ptr[sk_psock]) -> bool:
    """An update that fails should leave the socket as it was. For scenarios in which no map changes its programs.
    Would be upheld by sock_map_update_common(), if it undid what sock_map_link() has installed.
    """
    return (
        psock.sk.sk_user_data != psock
        or psock.progs.stream_verdict == NULL
        or any(
            link.map.progs.stream_verdict == psock.progs.stream_verdict
            or link.htab.progs.stream_verdict == psock.progs.stream_verdict
            for link in psock.link
        )
    )


@at_end("chain", "in the end the chain of a hash map holds its elements, each once, under one key each")
def chain_holds_the_elements(elem: Ptr[bpf_shtab_elem], htab: Ptr[bpf_shtab]) -> bool:
    """An element that is lost from the chain keeps its socket's psock for ever; one that is left on it is found after
    it was freed. For scenarios with one hash map, and at most two elements on its chain. Upheld by
    sock_hash_update_common() and sock_hash_remove_elem() under the bucket's lock.
    """
    return elem.hashed == (
        htab.bucket.first == elem or any(e.hashed and e.next == elem for e in bpf_shtab_elem)
    ) and all(e == elem or not e.hashed or not elem.hashed or e.key != elem.key for e in bpf_shtab_elem)


@at_end("htab-count", "in the end the count of a hash map is the number of its elements")
def elements_are_counted(htab: Ptr[bpf_shtab]) -> bool:
    """A count that is too high refuses updates for ever. Upheld by sock_hash_alloc_elem() and sock_hash_free_elem()."""
    return htab.count == count(link.htab == htab for link in sk_psock_link)


@invariant("noexist", "an update that wants an empty slot replaces nobody")
def noexist_keeps_the_slot(map: Ptr[bpf_stab]) -> bool:
    """BPF_NOEXIST. Upheld by sock_map_update_common(), which looks and stores under the map's lock."""
    return not map.replaced


@invariant("entered-closed", "no socket is put into a map after its TCP connection has ended")
def only_open_sockets_enter(sk: Ptr[sock]) -> bool:
    """Who owns the socket, or slock, keeps its state. Upheld by sock_map_update_elem_sys() and
    sock_map_update_elem(), which look at the state under that lock.
    """
    return not sk.entered_closed


@invariant("I62-reset", "what waits for the reader is destroyed only after a delete or a close()")
def messages_survive_a_reset(psock: Ptr[sk_psock]) -> bool:
    """The peer's RST ends the connection, not what was read from it and acknowledged. For scenarios without deletes.
    Upheld by the tables of TCP, which leave `unhash` alone.
    """
    return not psock.destroyed or psock.sk.sock_dead or all(False for msg in psock.ingress_msg)


@invariant("I32-native", "while a message is read, no older data waits on the native queue")
def older_native_data_is_read_first(psock: Ptr[sk_psock]) -> bool:
    """A sender's data may go through TCP until its peer is in the map, and past TCP from then on. For one sender, whose
    data is numbered. Would be upheld by tcp_bpf_recvmsg(), if it read the native queue first.
    """
    return not psock.rx_partial or all(
        all(q.seq > msg.seq for q in psock.sk.sk_receive_queue.list) for msg in psock.ingress_msg
    )


MAPS = [I01, I48, I50, I51, I54]
HASH = MAPS + [
    element_owns_one_reference,
    one_link_for_an_element,
    socket_of_an_element_is_alive,
    closed_socket_is_in_no_element,
    elements_are_counted,
]
