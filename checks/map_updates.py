"""Updates that are refused half-way, and entries that go while others stay: what must be given back, and what be left.

The programs of these maps are held by nobody else, so each reference that is lost, or put twice, can be seen.
"""

from psockmc.lang import VIOLATED, process, scenario, softirq

from models.setups import socket_and_another, socket_in_map
from models.setups_maps import socket_in_both_kinds
from models.setups_programs import (
    occupied_map_with_stream_programs,
    plain_socket_and_two_maps_with_parsers,
    plain_socket_and_two_maps_with_programs,
    plain_socket_and_two_maps_with_skb_programs,
    skb_programs_of_two_maps,
    socket_and_map_with_skb_programs,
    socket_and_map_with_stream_programs,
    socket_with_skb_programs,
    socket_with_stream_programs,
    stream_of_unix_and_map_with_parser,
    stream_programs_of_two_maps,
)
from models.skbuff import sk_buff
from models.skmsg import sk_msg, sk_psock, sk_psock_link
from models.skmsg_verdict import bpf_prog
from models.sock import sock, socket
from models.sock_hash import bpf_shtab_elem
from models.sock_map import BPF_ANY, BPF_EXIST, BPF_NOEXIST
from models.syscalls import fd0, fd1, map0, net_rx_data, program_updates_map, sys_close, sys_map_delete, sys_map_update
from models.syscalls_families import sys_unix_send
from models.syscalls_maps import htab0, iterator_copies_entry, map2, sys_hash_delete
from models.syscalls_progs import sys_map_close_while_used
from spec.invariants_callbacks import CALLBACKS
from spec.invariants_ends import ENDS, open_sockets_stay_in_the_map, socket_has_the_programs_of_its_map
from spec.invariants_lifecycle import LIFECYCLE, PSOCKS
from spec.invariants_maps import MAPS
from spec.invariants_programs import PROGRAMS, programs_of_a_psock_are_live
from spec.invariants_strp import PARSER
from spec.reasons import (
    DEL_LINK_LOOKS_AT_SAVED_DATA_READY,
    INIT_PROTO_STORES_PLAINLY,
    LINK_LOADS_SK_PROT,
    UPDATE_LOADS_SK_PROT_OVER_DETACH,
    UPDATE_PROTO_READS_THE_PROGRAM,
)

UPDATE_PROTO_READS_WHAT_IS_STOPPED = (
    "tcp_bpf_update_proto() reads the program plainly while sk_psock_stop_verdict() takes it away"
)

# ---------------------------------------------------------------- programs of two maps

second_skb_programs_against_delete = scenario(
    "a socket with an SK_MSG program and a skb_verdict is put into a map that has both, while it leaves its own",
    setup=skb_programs_of_two_maps,
    run=[process(sys_map_update, map2, 0, fd0, BPF_ANY), process(sys_map_delete, map0, 0)],
    pools={sock: 1, socket: 1, sk_psock: 2, sk_psock_link: 2, bpf_prog: 4, sk_buff: 1, sk_msg: 1},
    may_fail=[sk_psock],
    properties=LIFECYCLE + CALLBACKS + MAPS + PROGRAMS + ENDS,
    expect={"data-race(sock.sk_prot)": VIOLATED},
    why={"data-race(sock.sk_prot)": UPDATE_LOADS_SK_PROT_OVER_DETACH},
)

second_stream_programs_against_delete = scenario(
    "a socket with an SK_MSG program, a parser and a verdict is put into a map that has all three, while it leaves "
    "its own",
    setup=stream_programs_of_two_maps,
    run=[process(sys_map_update, map2, 0, fd0, BPF_ANY), process(sys_map_delete, map0, 0)],
    pools={sock: 1, socket: 1, sk_psock: 2, sk_psock_link: 2, bpf_prog: 6, sk_buff: 1, sk_msg: 1},
    may_fail=[sk_psock],
    properties=LIFECYCLE + PARSER + MAPS + PROGRAMS + ENDS,
    expect={"data-race(sock.sk_prot)": VIOLATED},
    why={"data-race(sock.sk_prot)": UPDATE_LOADS_SK_PROT_OVER_DETACH},
)

second_map_without_skb_programs = scenario(
    "a program that walks a map puts a socket with an SK_MSG program and a skb_verdict into a second map, interrupted "
    "by a packet",
    setup=socket_with_skb_programs,
    run=[process(iterator_copies_entry, cpu=0), softirq(net_rx_data, 0, cpu=0)],
    workers_cpu=0,
    pools={sock: 1, socket: 1, sk_psock: 1, sk_psock_link: 2, bpf_prog: 2, sk_buff: 1, sk_msg: 1},
    quick=True,
    properties=LIFECYCLE + CALLBACKS + MAPS + PROGRAMS + ENDS + [socket_has_the_programs_of_its_map],
)

second_map_without_stream_programs = scenario(
    "a socket with an SK_MSG program, a parser and a verdict is put into a second map",
    setup=socket_with_stream_programs,
    run=[process(sys_map_update, map2, 0, fd0, BPF_ANY)],
    pools={sock: 1, socket: 1, sk_psock: 1, sk_psock_link: 2, bpf_prog: 3, sk_buff: 1, sk_msg: 1},
    quick=True,
    properties=LIFECYCLE + PARSER + MAPS + PROGRAMS + ENDS + [socket_has_the_programs_of_its_map],
)

updates_by_a_process_and_a_program = scenario(
    "a process puts a socket into a map with programs while a program puts it into another one, which has some, too",
    setup=plain_socket_and_two_maps_with_programs,
    run=[process(sys_map_update, map2, 0, fd0, BPF_ANY), softirq(program_updates_map, 0, 0)],
    pools={
        sock: 1,
        socket: 1,
        sk_psock: 1,
        sk_psock_link: 3,
        bpf_shtab_elem: 1,
        bpf_prog: 4,
        sk_buff: 1,
        sk_msg: 1,
    },
    properties=PSOCKS + CALLBACKS + MAPS + PROGRAMS + ENDS,
    expect={
        "data-race(sk_psock.progs.msg_parser)": VIOLATED,
        "data-race(sk_psock.progs.stream_verdict)": VIOLATED,
        "data-race(sk_psock.psock_update_sk_prot)": VIOLATED,
        "data-race(sock.sk_prot)": VIOLATED,
    },
    why={
        "data-race(sk_psock.progs.msg_parser)": UPDATE_PROTO_READS_THE_PROGRAM,
        "data-race(sk_psock.progs.stream_verdict)": UPDATE_PROTO_READS_THE_PROGRAM,
        "data-race(sk_psock.psock_update_sk_prot)": INIT_PROTO_STORES_PLAINLY,
        "data-race(sock.sk_prot)": LINK_LOADS_SK_PROT,
    },
)

updates_by_a_process_and_a_program_with_skb_verdicts = scenario(
    "a process and a program put a socket into a map each, both with an SK_MSG program and a skb_verdict",
    setup=plain_socket_and_two_maps_with_skb_programs,
    run=[process(sys_map_update, map2, 0, fd0, BPF_ANY), softirq(program_updates_map, 0, 0)],
    pools={
        sock: 1,
        socket: 1,
        sk_psock: 1,
        sk_psock_link: 3,
        bpf_shtab_elem: 1,
        bpf_prog: 4,
        sk_buff: 1,
        sk_msg: 1,
    },
    properties=PSOCKS + CALLBACKS + MAPS + PROGRAMS + ENDS,
    expect={
        "data-race(sk_psock.progs.msg_parser)": VIOLATED,
        "data-race(sk_psock.progs.skb_verdict)": VIOLATED,
        "data-race(sk_psock.psock_update_sk_prot)": VIOLATED,
        "data-race(sock.sk_prot)": VIOLATED,
    },
    why={
        "data-race(sk_psock.progs.msg_parser)": UPDATE_PROTO_READS_THE_PROGRAM,
        "data-race(sk_psock.progs.skb_verdict)": UPDATE_PROTO_READS_THE_PROGRAM,
        "data-race(sk_psock.psock_update_sk_prot)": INIT_PROTO_STORES_PLAINLY,
        "data-race(sock.sk_prot)": LINK_LOADS_SK_PROT,
    },
)

updates_by_a_process_and_a_program_with_parsers = scenario(
    "a process and a program put a socket into a map each, both with a parser and a verdict",
    setup=plain_socket_and_two_maps_with_parsers,
    run=[process(sys_map_update, map2, 0, fd0, BPF_ANY), softirq(program_updates_map, 0, 0)],
    pools={
        sock: 1,
        socket: 1,
        sk_psock: 1,
        sk_psock_link: 3,
        bpf_shtab_elem: 1,
        bpf_prog: 4,
        sk_buff: 1,
        sk_msg: 1,
    },
    properties=PSOCKS + PARSER + MAPS + PROGRAMS + ENDS,
    expect={
        "data-race(sk_psock.progs.stream_verdict)": VIOLATED,
        "data-race(sk_psock.psock_update_sk_prot)": VIOLATED,
        "data-race(sock.sk_prot)": VIOLATED,
    },
    why={
        "data-race(sk_psock.progs.stream_verdict)": UPDATE_PROTO_READS_THE_PROGRAM,
        "data-race(sk_psock.psock_update_sk_prot)": INIT_PROTO_STORES_PLAINLY,
        "data-race(sock.sk_prot)": LINK_LOADS_SK_PROT,
    },
)

updates_and_a_delete_with_skb_verdicts = scenario(
    "a process and a program put a socket into a map each, both with the same programs, and another process deletes it",
    setup=plain_socket_and_two_maps_with_skb_programs,
    run=[
        process(sys_map_update, map2, 0, fd0, BPF_ANY),
        softirq(program_updates_map, 0, 0),
        process(sys_map_delete, map2, 0),
    ],
    pools={
        sock: 1,
        socket: 1,
        sk_psock: 1,
        sk_psock_link: 3,
        bpf_shtab_elem: 1,
        bpf_prog: 4,
        sk_buff: 1,
        sk_msg: 1,
    },
    properties=PSOCKS + CALLBACKS + MAPS + PROGRAMS + ENDS,
    expect={
        "I18": VIOLATED,
        "data-race(sk_psock.progs.msg_parser)": VIOLATED,
        "data-race(sk_psock.progs.skb_verdict)": VIOLATED,
        "data-race(sk_psock.progs.stream_verdict)": VIOLATED,
        "data-race(sk_psock.psock_update_sk_prot)": VIOLATED,
        "data-race(sock.sk_prot)": VIOLATED,
    },
    why={
        "I18": "sock_map_link() installs the callback for the program that it has put into the psock before, which the "
        "delete of another entry has taken away meanwhile",
        "data-race(sk_psock.progs.msg_parser)": UPDATE_PROTO_READS_THE_PROGRAM,
        "data-race(sk_psock.progs.skb_verdict)": UPDATE_PROTO_READS_THE_PROGRAM,
        "data-race(sk_psock.progs.stream_verdict)": UPDATE_PROTO_READS_WHAT_IS_STOPPED,
        "data-race(sk_psock.psock_update_sk_prot)": INIT_PROTO_STORES_PLAINLY,
        "data-race(sock.sk_prot)": LINK_LOADS_SK_PROT,
    },
)

# ---------------------------------------------------------------- programs that go

skb_programs_go_while_a_program_updates = scenario(
    "a program puts a socket into a map that loses its SK_MSG program and its skb_verdict",
    setup=socket_and_map_with_skb_programs,
    run=[process(sys_map_close_while_used, map0), softirq(program_updates_map, 0, 0)],
    pools={sock: 1, socket: 1, sk_psock: 1, sk_psock_link: 1, bpf_prog: 2, sk_buff: 1, sk_msg: 1},
    quick=True,
    properties=LIFECYCLE + CALLBACKS + MAPS + PROGRAMS + ENDS + [programs_of_a_psock_are_live],
)

stream_programs_go_while_a_program_updates = scenario(
    "a program puts a socket into a map that loses its SK_MSG program, its parser and its verdict",
    setup=socket_and_map_with_stream_programs,
    run=[process(sys_map_close_while_used, map0), softirq(program_updates_map, 0, 0)],
    pools={sock: 1, socket: 1, sk_psock: 1, sk_psock_link: 1, bpf_prog: 3, sk_buff: 1, sk_msg: 1},
    quick=True,
    properties=LIFECYCLE + PARSER + MAPS + PROGRAMS + ENDS + [programs_of_a_psock_are_live],
)

# ---------------------------------------------------------------- refused by the slot

occupied_slot_against_delete = scenario(
    "an update wants an empty slot of a map with programs, whose socket is deleted",
    setup=occupied_map_with_stream_programs,
    run=[process(sys_map_update, map0, 0, fd0, BPF_NOEXIST), process(sys_map_delete, map0, 0)],
    pools={sock: 2, socket: 2, sk_psock: 2, sk_psock_link: 2, bpf_prog: 3, sk_buff: 1, sk_msg: 1},
    properties=LIFECYCLE + PARSER + MAPS + PROGRAMS + ENDS,
)

replacement_against_delete = scenario(
    "an update wants an occupied slot of a map with programs, whose socket is deleted",
    setup=occupied_map_with_stream_programs,
    run=[process(sys_map_update, map0, 0, fd0, BPF_EXIST), process(sys_map_delete, map0, 0)],
    pools={sock: 2, socket: 2, sk_psock: 2, sk_psock_link: 2, bpf_prog: 3, sk_buff: 1, sk_msg: 1},
    properties=LIFECYCLE + PARSER + MAPS + PROGRAMS + ENDS,
)

parser_for_a_stream_of_unix = scenario(
    "a map with a parser refuses an AF_UNIX stream, which it cannot parse, while data arrives on it",
    setup=stream_of_unix_and_map_with_parser,
    run=[process(sys_map_update, map0, 0, fd0, BPF_ANY), process(sys_unix_send, fd1, 1)],
    pools={sock: 2, socket: 2, sk_psock: 1, sk_psock_link: 1, bpf_prog: 2, sk_buff: 1, sk_msg: 1},
    quick=True,
    properties=LIFECYCLE + MAPS + PROGRAMS + ENDS,
)

# ---------------------------------------------------------------- one entry of two

deletes_from_both_kinds = scenario(
    "a socket is deleted from an array map with a program and from a hash map without, by a process each",
    setup=socket_in_both_kinds,
    run=[process(sys_map_delete, map0, 0), process(sys_hash_delete, htab0, 0)],
    pools={sock: 1, socket: 1, sk_psock: 1, sk_psock_link: 2, bpf_shtab_elem: 1, sk_buff: 1, sk_msg: 1},
    properties=PSOCKS + CALLBACKS + MAPS + ENDS,
    expect={"data-race(sk_psock.saved_data_ready)": VIOLATED},
    why={"data-race(sk_psock.saved_data_ready)": DEL_LINK_LOOKS_AT_SAVED_DATA_READY},
)

delete_from_the_map_without_a_program = scenario(
    "a socket is deleted from a hash map without a program; it stays in an array map with one",
    setup=socket_in_both_kinds,
    run=[process(sys_hash_delete, htab0, 0)],
    pools={sock: 1, socket: 1, sk_psock: 1, sk_psock_link: 2, bpf_shtab_elem: 1, sk_buff: 1, sk_msg: 1},
    quick=True,
    properties=PSOCKS + CALLBACKS + MAPS + ENDS + [socket_has_the_programs_of_its_map],
)

delete_from_the_map_with_a_program = scenario(
    "a socket is deleted from an array map with a program; it stays in a hash map without one",
    setup=socket_in_both_kinds,
    run=[process(sys_map_delete, map0, 0)],
    pools={sock: 1, socket: 1, sk_psock: 1, sk_psock_link: 2, bpf_shtab_elem: 1, sk_buff: 1, sk_msg: 1},
    quick=True,
    properties=PSOCKS + CALLBACKS + MAPS + ENDS,
)

program_replaces_over_close = scenario(
    "a program puts another socket into the slot on the CPU of the process that closes the one in it",
    setup=socket_and_another,
    run=[process(sys_close, fd0, cpu=0), softirq(program_updates_map, 1, 0, cpu=0)],
    workers_cpu=0,
    pools={sock: 2, socket: 2, sk_psock: 2, sk_psock_link: 2, sk_buff: 1, sk_msg: 1},
    quick=True,
    properties=LIFECYCLE + CALLBACKS + MAPS + ENDS + [open_sockets_stay_in_the_map],
)

update_of_a_second_map_against_close = scenario(
    "a socket in a map with a program is put into one without while it is closed",
    setup=socket_in_map,
    run=[process(sys_map_update, map2, 0, fd0, BPF_ANY), process(sys_close, fd0)],
    pools={sock: 1, socket: 1, sk_psock: 2, sk_psock_link: 2, sk_buff: 1, sk_msg: 1},
    properties=LIFECYCLE + CALLBACKS + MAPS + ENDS,
)

update_of_a_second_map_against_delete = scenario(
    "a socket in a map with a program is put into one without while it is deleted from its own",
    setup=socket_in_map,
    run=[process(sys_map_update, map2, 0, fd0, BPF_ANY), process(sys_map_delete, map0, 0)],
    pools={sock: 1, socket: 1, sk_psock: 2, sk_psock_link: 2, sk_buff: 1, sk_msg: 1},
    properties=LIFECYCLE + CALLBACKS + MAPS + ENDS,
    expect={
        "I19": VIOLATED,
        "data-race(sk_psock.progs.skb_verdict)": VIOLATED,
        "data-race(sk_psock.progs.stream_verdict)": VIOLATED,
        "data-race(sk_psock.psock_update_sk_prot)": VIOLATED,
        "data-race(sock.sk_prot)": VIOLATED,
    },
    why={
        "I19": "tcp_bpf_update_proto(), which sock_map_init_proto() calls without sk_callback_lock, chooses the table "
        "by a program that the delete takes away before the table is stored",
        "data-race(sk_psock.progs.skb_verdict)": UPDATE_PROTO_READS_WHAT_IS_STOPPED,
        "data-race(sk_psock.progs.stream_verdict)": UPDATE_PROTO_READS_WHAT_IS_STOPPED,
        "data-race(sk_psock.psock_update_sk_prot)": INIT_PROTO_STORES_PLAINLY,
        "data-race(sock.sk_prot)": UPDATE_LOADS_SK_PROT_OVER_DETACH,
    },
)
