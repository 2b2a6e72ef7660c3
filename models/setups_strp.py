"""How scenarios with a stream parser begin, and what programs and users do in them."""

from psockmc.lang import NULL, Ptr, choose, instance, user

from models.setups import closable, connect, receiving
from models.skbuff import alloc_skb, alloc_skb_with, sk_buff, skb_data
from models.skmsg_strp import (
    sk_psock_done_strp,
    sk_psock_init_strp,
    sk_psock_start_strp,
    sk_psock_stop_strp,
    strp_config,
)
from models.skmsg_verdict import bpf_prog
from models.sock import EPROTO, file, hash_t, int_t, sock
from models.sock_map import BPF_ANY, bpf_stab, slot_t
from models.strparser import egress0
from models.syscalls import fd0, map0, prog_pass, prog_pass_or_drop, sys_map_delete, sys_map_update
from models.syscalls_maps import egress_program_deletes
from models.tcp import tcp_queue_rcv, tcp_v4_rcv, tcp_v4_rcv_skb

map1 = instance(bpf_stab)


# ---------------------------------------------------------------- parsers


@user
def parse_one(skb: Ptr[sk_buff]) -> int_t:
    """Every unit of data is a message."""
    return 1


@user
def parse_two(skb: Ptr[sk_buff]) -> int_t:
    """Every two units of data are a message."""
    return 2


@user
def parse_as_it_likes(skb: Ptr[sk_buff]) -> int_t:
    """One unit, two, not known yet, or nonsense."""
    length = choose(4)
    return -EPROTO if length == 3 else length


prog_parse_one = instance(bpf_prog, parse=parse_one)
prog_parse_two = instance(bpf_prog, parse=parse_two)
prog_parse_any = instance(bpf_prog, parse=parse_as_it_likes)


# ---------------------------------------------------------------- setups


@user
def stream_parser() -> None:
    """A kernel with the stream parser."""
    strp_config.sk_psock_init_strp = sk_psock_init_strp
    strp_config.sk_psock_start_strp = sk_psock_start_strp
    strp_config.sk_psock_stop_strp = sk_psock_stop_strp
    strp_config.sk_psock_done_strp = sk_psock_done_strp


@user
def in_parser_map(parser: Ptr[bpf_prog], rcvtimeo: bool) -> Ptr[sock]:
    """A socket in slot 0 of a map with this parser, whose messages pass, if the map has no other verdict yet."""
    stream_parser()
    sk = connect(fd0, 0, True)
    receiving(sk)
    sk.sk_rcvtimeo = rcvtimeo
    map0.progs.stream_parser = parser
    if not map0.progs.stream_verdict:
        map0.progs.stream_verdict = prog_pass
    sys_map_update(map0, 0, fd0, BPF_ANY)
    return sk


@user
def parsed_socket() -> None:
    """Every unit of data is a message."""
    in_parser_map(prog_parse_one, False)


@user
def closable_parsed_socket() -> None:
    """The same, and it may be closed."""
    closable(fd0)
    in_parser_map(prog_parse_one, False)


@user
def socket_with_long_messages() -> None:
    """Every two units of data are a message."""
    in_parser_map(prog_parse_two, False)


@user
def socket_with_long_messages_and_little_memory() -> None:
    """The same, and the first copy of a buffer's data fails."""
    in_parser_map(prog_parse_two, False)
    skb_data.short_once = True


@user
def socket_with_a_timeout() -> None:
    """Every two units of data are a message, and the second one must come in time."""
    in_parser_map(prog_parse_two, True)


@user
def socket_with_odd_messages() -> None:
    """The parser does what it likes."""
    in_parser_map(prog_parse_any, False)


@user
def parsed_socket_with_two_in_one() -> None:
    """Every unit of data is a message, and a buffer with two of them is on the queue already."""
    sk = in_parser_map(prog_parse_one, False)
    skb = alloc_skb(1)
    skb.len = 2
    tcp_queue_rcv(sk, skb)


@user
def parsed_socket_that_may_drop() -> None:
    """Every unit of data is a message, which passes or is dropped."""
    map0.progs.stream_verdict = prog_pass_or_drop
    in_parser_map(prog_parse_one, False)


@user
def parsed_socket_in_another_map() -> None:
    """The socket has a receive timeout and is in a second map, too, which has no programs."""
    in_parser_map(prog_parse_two, True)
    sys_map_update(map1, 0, fd0, BPF_ANY)


@user
def parsed_socket_whose_map_has_no_parser() -> None:
    """The parser was detached from the map after the socket was put in; the verdict was not."""
    in_parser_map(prog_parse_one, False)
    map0.progs.stream_parser = NULL


@user
def parsed_socket_whose_map_has_no_programs() -> None:
    """Parser and verdict were detached from the map after the socket was put in."""
    in_parser_map(prog_parse_one, False)
    map0.progs.stream_parser = NULL
    map0.progs.stream_verdict = NULL


@user
def socket_with_two_maps_of_programs() -> None:
    """The socket got its parser from one map and its verdict from the other."""
    stream_parser()
    receiving(connect(fd0, 0, True))
    map0.progs.stream_parser = prog_parse_one
    sys_map_update(map0, 0, fd0, BPF_ANY)
    map1.progs.stream_verdict = prog_pass
    sys_map_update(map1, 0, fd0, BPF_ANY)


@user
def socket_without_parser() -> None:
    """A socket in a map with a verdict program and without a parser, in a kernel that has one."""
    stream_parser()
    closable(fd0)
    connect(fd0, 0, True)
    map0.progs.stream_verdict = prog_pass
    sys_map_update(map0, 0, fd0, BPF_ANY)


@user
def parsed_socket_with_a_program_on_its_acks() -> None:
    """Every unit of data is a message, and a program sees the ACKs that are sent for it."""
    in_parser_map(prog_parse_one, False)
    egress0.run = egress_program_deletes


# ---------------------------------------------------------------- users and packets


@user
def net_rx_two_in_one(hash: hash_t) -> None:
    """One packet with two units of data."""
    skb = alloc_skb_with(1, 2, False, False)
    if skb:
        tcp_v4_rcv_skb(hash, skb)


@user
def net_rx_second_half_offloaded(hash: hash_t) -> None:
    """Two packets, of which the second is one that receive offload has made of several."""
    tcp_v4_rcv(hash, 1)
    skb = alloc_skb(2)
    if skb:
        skb.frag_list = True
        tcp_v4_rcv_skb(hash, skb)


@user
def sys_map_reinsert(map: Ptr[bpf_stab], key: slot_t, fd: Ptr[file]) -> None:
    """Take a socket out of a map and put it in again."""
    sys_map_delete(map, key)
    sys_map_update(map, key, fd, BPF_ANY)
