"""What must be given back, and what must be left, when everybody is done.

References that are lost keep things for ever without any harm that a run would show: nobody reads a psock that stays,
or misses a socket that a map has lost.
"""

from psockmc.lang import NOBODY, NULL, Ptr, at_end, count, invariant

from models.skmsg import sk_psock
from models.sock import TCP_CLOSE, file, sock
from models.sock_map import bpf_stab


@at_end("I03-end", "in the end all references on a psock are those of its map entries")
def nobody_has_a_psock_in_hand(psock: Ptr[sk_psock]) -> bool:
    """A reference that somebody took and did not put keeps the psock attached for ever. For scenarios in which nobody
    sleeps in the end: who sleeps holds one. Upheld by every pair of get and put, on every way out.
    """
    return psock.temps == 0


@at_end("I05-entry", "in the end each link of a psock stands for an entry that holds its socket")
def links_stand_for_entries(psock: Ptr[sk_psock]) -> bool:
    """By its links, and by nothing else, close() finds the entries to remove. Upheld by sock_map_del_link(), which
    removes the link of the entry that was removed and no other one.
    """
    return all(
        (link.elem.hashed and link.elem.sk == psock.sk)
        if link.elem != NULL
        else link.map.sks[link.link_raw] == psock.sk
        for link in psock.link
    )


@at_end("I55-kept", "in the end a socket in a map has a program of each kind that the map has")
def socket_has_the_programs_of_its_map(map: Ptr[bpf_stab]) -> bool:
    """Whatever other maps it enters or leaves. For array maps that do not change their programs. Upheld by
    sock_map_link(), which installs what the new map has and no more, and sock_map_del_link(), which stops what the map
    has that is left.
    """
    return all(
        s == NULL
        or (
            (map.progs.msg_parser == NULL or s.sk_user_data.progs.msg_parser != NULL)
            and (map.progs.stream_parser == NULL or s.sk_user_data.progs.stream_parser != NULL)
            and (map.progs.stream_verdict == NULL or s.sk_user_data.progs.stream_verdict != NULL)
            and (map.progs.skb_verdict == NULL or s.sk_user_data.progs.skb_verdict != NULL)
        )
        for s in map.sks
    )


@at_end("own-entries", "in the end every open socket is in the map")
def open_sockets_stay_in_the_map(sk: Ptr[sock]) -> bool:
    """The end of a socket takes its own entries out, and not that of another one which has come into its slot. For
    scenarios in which all sockets are put into an array map, and nobody deletes. Upheld by __sock_map_delete(), which
    compares the socket under the map's lock.
    """
    return sk.sock_dead or count(m.sks[0] == sk for m in bpf_stab) + count(m.sks[1] == sk for m in bpf_stab) > 0


@at_end("file-references", "in the end the references on a file are those of its descriptors")
def files_are_given_back(f: Ptr[file]) -> bool:
    """Or close() of the last descriptor does not close the socket. For scenarios in which nobody sleeps in the end.
    Upheld by sock_map_update_elem_sys() and sock_hash_update_elem_sys().
    """
    return f.f_count.refs == (1 if f.installed else 0)


@invariant("I38-purged", "a socket without a user whose connection is over has nothing left to send")
def destroyed_socket_sends_nothing(sk: Ptr[sock]) -> bool:
    """Its memory is counted until then, and the kernel warns when the socket is freed. While somebody owns the socket
    or holds its slock, this may be under way. Upheld by sock_map_destroy(), which calls the protocol's own.
    """
    return (
        sk.sk_wmem_queued == 0
        or not sk.sock_dead
        or sk.sk_state != TCP_CLOSE
        or sk.sk_lock.slock.owner != NOBODY
        or sk.sk_lock.owned.owner != NOBODY
    )


ENDS = [nobody_has_a_psock_in_hand, links_stand_for_entries, files_are_given_back]
