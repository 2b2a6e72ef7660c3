"""How scenarios begin in which nobody but a map and its sockets holds the programs."""

from psockmc.lang import GFP_KERNEL, NULL, Ptr, kzalloc, user

from models.setups import connect
from models.setups_strp import parse_one, stream_parser
from models.skmsg_verdict import bpf_prog
from models.sock_map import BPF_ANY, bpf_stab
from models.syscalls import fd0, mapfd0, sys_map_update
from models.syscalls_progs import progfd0, sys_prog_load


@user
def loaded() -> Ptr[bpf_prog]:
    """A program whose only reference is its finder's."""
    prog = sys_prog_load(progfd0)
    progfd0.prog = NULL
    return prog


@user
def map_with_message_and_skb_programs() -> None:
    """A socket in slot 0 of a map that can be freed, which has an SK_MSG program and a skb_verdict."""
    connect(fd0, 0, True)
    map = kzalloc(bpf_stab, GFP_KERNEL)
    mapfd0.map = map
    map.progs.msg_parser = loaded()
    map.progs.skb_verdict = loaded()
    sys_map_update(map, 0, fd0, BPF_ANY)


@user
def map_with_parser_and_verdict() -> None:
    """A socket in slot 0 of a map that can be freed, which has a stream parser and a stream_verdict."""
    stream_parser()
    connect(fd0, 0, True)
    map = kzalloc(bpf_stab, GFP_KERNEL)
    mapfd0.map = map
    parser = loaded()
    parser.parse = parse_one
    map.progs.stream_parser = parser
    map.progs.stream_verdict = loaded()
    sys_map_update(map, 0, fd0, BPF_ANY)
