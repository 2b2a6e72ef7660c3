"""What must be given back, and what must be left, when everybody is done.

References that are lost keep things for ever without any harm that a run would show: nobody reads a psock that stays,
or misses a socket that a map has lost.
"""

from psockmc.lang import NOBODY, NULL, Ptr, at_end, count, invariant

from models.skbuff import sk_buff
from models.skmsg import sk_msg, sk_psock
from models.skmsg_verdict import sk_psock_verdict_data_ready, sk_psock_write_space
from models.sock import AF_INET, AF_UNIX, AF_VSOCK, SOCK_STREAM, TCP_CLOSE, file, sock
from models.sock_map import bpf_stab
from models.sock_map_proto import sock_map_close
from models.tcp_bpf import tcp_bpf_prots_rx, tcp_bpf_prots_tx, tcp_bpf_prots_txrx
from models.tls import tls_sk_proto_close


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


@at_end("closed-freed", "in the end a socket that is closed, and whose connection is over, is freed")
def closed_socket_is_freed(sk: Ptr[sock]) -> bool:
    """A reference on it that nobody puts keeps it, and all that it holds, for ever. For scenarios in which no open
    socket of AF_UNIX has it for its peer. Upheld by sk_psock_destroy(), which puts the references of the psock: on its
    own socket, its peer and the target of its last verdict.
    """
    return not sk.sock_dead or sk.sk_state != TCP_CLOSE


@at_end("buffers-freed", "in the end every buffer is freed")
def buffers_are_freed(skb: Ptr[sk_buff]) -> bool:
    """For scenarios in which all that comes is read, sent or dropped. Upheld by who takes a buffer off a queue: the
    readers, the verdict and the backlog.
    """
    return skb.users.refs == 0


@at_end("messages-freed", "in the end every message that was allocated is freed")
def messages_are_freed(msg: Ptr[sk_msg]) -> bool:
    """For scenarios in which all messages are read. Upheld by the readers."""
    return msg.on_stack


@at_end("own-callbacks", "in the end a socket without psock has callbacks of its own")
def callbacks_are_given_back(sk: Ptr[sock]) -> bool:
    """It had both of them before. Upheld by the restore of each protocol, sk_psock_stop_verdict() and
    sk_psock_stop_strp().
    """
    return sk.sk_user_data != NULL or (
        sk.sk_write_space != NULL
        and sk.sk_write_space != sk_psock_write_space
        and sk.sk_data_ready != NULL
        and sk.sk_data_ready != sk_psock_verdict_data_ready
    )


@at_end("own-functions", "in the end a socket in a map closes by our function, unless TLS is on top of it")
def socket_in_map_has_our_table(map: Ptr[bpf_stab]) -> bool:
    """Else its end leaves it in the map. TLS has its own function, which calls ours. Upheld by the update of each
    protocol, and by sock_map_psock_busy(), which leaves a socket with TLS alone.
    """
    return all(
        s == NULL or s.sk_prot.close == (tls_sk_proto_close if s.icsk_ulp_ops != NULL else sock_map_close)
        for s in map.sks
    )


@at_end("own-table", "in the end a TCP socket in a map has the table that fits its psock's programs")
def table_fits_the_programs(map: Ptr[bpf_stab]) -> bool:
    """Sending asks an SK_MSG program only in two of the four tables, and reading knows only in two of them that native
    data goes through a verdict. For sockets without TLS. Upheld by tcp_bpf_update_proto(), which is called again when
    programs come or go.
    """
    return all(
        s == NULL
        or (
            (s.sk_prot == tcp_bpf_prots_tx or s.sk_prot == tcp_bpf_prots_txrx)
            == (s.sk_user_data.progs.msg_parser != NULL)
            and (s.sk_prot == tcp_bpf_prots_rx or s.sk_prot == tcp_bpf_prots_txrx)
            == (s.sk_user_data.progs.stream_verdict != NULL or s.sk_user_data.progs.skb_verdict != NULL)
        )
        for s in map.sks
    )


@invariant("redirect-target", "what is redirected goes to a socket that can take it")
def target_can_take_it(skb: Ptr[sk_buff], psock: Ptr[sk_psock]) -> bool:
    """The reader of an AF_VSOCK socket cannot, nor can anything but TCP send a message. Upheld by
    bpf_sk_redirect_map() and bpf_msg_redirect_map().
    """
    return (skb._sk_redir == NULL or not skb._sk_redir_ingress or skb._sk_redir.sk_family != AF_VSOCK) and (
        psock.sk_redir == NULL
        or (psock.sk_redir.sk_family == AF_INET and psock.sk_redir.sk_type == SOCK_STREAM)
        or (psock.redir_ingress and psock.sk_redir.sk_family != AF_VSOCK)
    )


@at_end("pair-held", "in the end the psock of a connected AF_UNIX stream holds the peer")
def psock_holds_the_peer(psock: Ptr[sk_psock]) -> bool:
    """For its backlog, which sends to the peer without looking whether it is still there. Upheld by
    unix_stream_bpf_update_proto().
    """
    return psock.sk.sk_family != AF_UNIX or psock.sk.sk_type != SOCK_STREAM or psock.sk_pair != NULL


ENDS = [nobody_has_a_psock_in_hand, links_stand_for_entries, files_are_given_back]
OWN = [callbacks_are_given_back, socket_in_map_has_our_table]
GIVEN_BACK = ENDS + OWN + [closed_socket_is_freed]
