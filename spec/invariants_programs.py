"""What must hold of programs whose references are counted."""

from psockmc.lang import NOBODY, NULL, Ptr, at_end, count, invariant, live

from models.skmsg import sk_psock
from models.skmsg_verdict import bpf_prog
from models.sock_map import bpf_stab
from models.sock_map_progs import sockmap_link, sockmap_mutex
from models.syscalls_progs import bpf_prog_fd


@at_end("program-references", "in the end references on a program are those of maps, psocks, links and descriptors")
def program_references_have_owners(prog: Ptr[bpf_prog]) -> bool:
    """A reference that nobody puts keeps the program for ever; one that is put twice frees it under who runs it. Once
    map and sockets are gone, a program has the references that it had before. Upheld by sock_map_link() and
    sock_map_put_progs(), sk_psock_stop_verdict(), sk_psock_stop_strp() and psock_progs_drop(). For array maps.
    """
    return not prog.counted or prog.refcnt.refs == (
        count(m.progs.msg_parser == prog for m in bpf_stab)
        + count(m.progs.stream_parser == prog for m in bpf_stab)
        + count(m.progs.stream_verdict == prog for m in bpf_stab)
        + count(m.progs.skb_verdict == prog for m in bpf_stab)
        + count(p.progs.msg_parser == prog for p in sk_psock)
        + count(p.progs.stream_parser == prog for p in sk_psock)
        + count(p.progs.stream_verdict == prog for p in sk_psock)
        + count(p.progs.skb_verdict == prog for p in sk_psock)
        + count(link.prog == prog for link in sockmap_link)
        + count(fd.prog == prog for fd in bpf_prog_fd)
    )


@invariant("link-program", "a map to which a link attaches a program has the link's program")
def map_has_the_program_of_its_link(map: Ptr[bpf_stab]) -> bool:
    """The end of the link detaches the program that the link has, and warns when the map has another one: the link is
    freed then, and the map keeps its address. Both are exchanged under sockmap_mutex, one after the other. Upheld by
    sock_map_prog_update() and sock_map_link_update_prog(). For array maps.
    """
    return (
        map.progs.stream_verdict_link == NULL
        or sockmap_mutex.lock.owner != NOBODY
        or map.progs.stream_verdict == map.progs.stream_verdict_link.prog
    )


@invariant("programs-allocated", "the programs of a psock are allocated")
def programs_of_a_psock_are_live(psock: Ptr[sk_psock]) -> bool:
    """Packets and senders run them with nothing but an RCU section. Upheld by sock_map_link(), which takes a reference
    on each program of the map, or fails when the map has put the last one.
    """
    return (
        (psock.progs.msg_parser == NULL or live(psock.progs.msg_parser))
        and (psock.progs.stream_parser == NULL or live(psock.progs.stream_parser))
        and (psock.progs.stream_verdict == NULL or live(psock.progs.stream_verdict))
        and (psock.progs.skb_verdict == NULL or live(psock.progs.skb_verdict))
    )


@invariant("one-verdict", "a map has a stream_verdict or a skb_verdict, or none")
def map_has_one_kind_of_verdict(map: Ptr[bpf_stab]) -> bool:
    """A socket that enters it would have to run both. Upheld by sock_map_prog_update()."""
    return map.progs.stream_verdict == NULL or map.progs.skb_verdict == NULL


PROGRAMS = [program_references_have_owners]
LINKS = [map_has_the_program_of_its_link]
