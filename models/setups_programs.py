"""How scenarios begin in which nobody but a map and its sockets holds the programs."""

from psockmc.lang import GFP_KERNEL, NULL, Ptr, kzalloc, user

from models.setups import connect, receiving
from models.setups_families import unix_stream_pair
from models.setups_strp import parse_one, stream_parser
from models.skmsg_verdict import bpf_prog
from models.sock_map import BPF_ANY, bpf_stab
from models.syscalls import fd0, fd1, map0, mapfd0, sys_map_update
from models.syscalls_maps import htab0, map2, sys_hash_update
from models.syscalls_progs import progfd0, sys_prog_load


@user
def loaded() -> Ptr[bpf_prog]:
    """A program whose only reference is its finder's."""
    prog = sys_prog_load(progfd0)
    progfd0.prog = NULL
    return prog


@user
def loaded_parser() -> Ptr[bpf_prog]:
    """The same of a stream parser, for which every unit of data is a message."""
    parser = loaded()
    parser.parse = parse_one
    return parser


@user
def message_and_skb_programs(map: Ptr[bpf_stab]) -> None:
    """Give a map an SK_MSG program and a skb_verdict."""
    map.progs.msg_parser = loaded()
    map.progs.skb_verdict = loaded()


@user
def message_and_stream_programs(map: Ptr[bpf_stab]) -> None:
    """Give a map an SK_MSG program, a stream parser and a stream_verdict."""
    map.progs.msg_parser = loaded()
    parser_and_verdict(map)


@user
def parser_and_verdict(map: Ptr[bpf_stab]) -> None:
    """Give a map a stream parser and a stream_verdict."""
    map.progs.stream_parser = loaded_parser()
    map.progs.stream_verdict = loaded()


@user
def map_with_message_and_skb_programs() -> None:
    """A socket in slot 0 of a map that can be freed, which has an SK_MSG program and a skb_verdict."""
    connect(fd0, 0, True)
    map = kzalloc(bpf_stab, GFP_KERNEL)
    mapfd0.map = map
    message_and_skb_programs(map)
    sys_map_update(map, 0, fd0, BPF_ANY)


@user
def map_with_parser_and_verdict() -> None:
    """A socket in slot 0 of a map that can be freed, which has a stream parser and a stream_verdict."""
    stream_parser()
    connect(fd0, 0, True)
    map = kzalloc(bpf_stab, GFP_KERNEL)
    mapfd0.map = map
    parser_and_verdict(map)
    sys_map_update(map, 0, fd0, BPF_ANY)


@user
def socket_with_skb_programs() -> None:
    """A socket in slot 0 of a map with an SK_MSG program and a skb_verdict."""
    receiving(connect(fd0, 0, True))
    message_and_skb_programs(map0)
    sys_map_update(map0, 0, fd0, BPF_ANY)


@user
def skb_programs_of_two_maps() -> None:
    """The same; another map has both kinds, too."""
    connect(fd0, 0, True)
    message_and_skb_programs(map0)
    sys_map_update(map0, 0, fd0, BPF_ANY)
    message_and_skb_programs(map2)


@user
def socket_with_stream_programs() -> None:
    """A socket in slot 0 of a map with an SK_MSG program, a parser and a stream_verdict."""
    stream_parser()
    connect(fd0, 0, True)
    message_and_stream_programs(map0)
    sys_map_update(map0, 0, fd0, BPF_ANY)


@user
def stream_programs_of_two_maps() -> None:
    """The same; another map has all three kinds, too."""
    socket_with_stream_programs()
    message_and_stream_programs(map2)


@user
def plain_socket_and_two_maps_with_programs() -> None:
    """A socket in a hash map without programs, and two array maps, each with an SK_MSG program and a stream_verdict."""
    connect(fd0, 0, True)
    sys_hash_update(htab0, 0, fd0, BPF_ANY)
    map0.progs.msg_parser = loaded()
    map0.progs.stream_verdict = loaded()
    map2.progs.msg_parser = loaded()
    map2.progs.stream_verdict = loaded()


@user
def plain_socket_and_two_maps_with_skb_programs() -> None:
    """A socket in a hash map without programs, and two array maps, each with an SK_MSG program and a skb_verdict."""
    connect(fd0, 0, True)
    sys_hash_update(htab0, 0, fd0, BPF_ANY)
    message_and_skb_programs(map0)
    message_and_skb_programs(map2)


@user
def plain_socket_and_two_maps_with_parsers() -> None:
    """A socket in a hash map without programs, and two array maps, each with a stream parser and a stream_verdict."""
    stream_parser()
    connect(fd0, 0, True)
    sys_hash_update(htab0, 0, fd0, BPF_ANY)
    parser_and_verdict(map0)
    parser_and_verdict(map2)


@user
def socket_and_map_with_skb_programs() -> None:
    """A socket in no map, and a map with an SK_MSG program and a skb_verdict."""
    connect(fd0, 0, True)
    message_and_skb_programs(map0)


@user
def socket_and_map_with_stream_programs() -> None:
    """A socket in no map, and a map with an SK_MSG program, a parser and a stream_verdict."""
    stream_parser()
    connect(fd0, 0, True)
    message_and_stream_programs(map0)


@user
def stream_of_unix_and_map_with_parser() -> None:
    """Two ends of an AF_UNIX stream in no map, and a map with a stream parser and a stream_verdict."""
    stream_parser()
    unix_stream_pair()
    parser_and_verdict(map0)


@user
def occupied_map_with_stream_programs() -> None:
    """The same; another socket has come into slot 0 before the programs."""
    connect(fd1, 1, True)
    sys_map_update(map0, 0, fd1, BPF_ANY)
    socket_and_map_with_stream_programs()
