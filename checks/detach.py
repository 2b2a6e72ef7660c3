"""Who takes a socket out of a map, against each other."""

from psockmc.lang import VIOLATED, process, scenario, softirq

from models.setups import (
    connected_socket,
    map_with_an_end,
    socket_and_another,
    socket_in_map,
    socket_in_two_slots,
    two_connected_sockets,
)
from models.skbuff import sk_buff
from models.skmsg import sk_msg, sk_psock, sk_psock_link
from models.sock import sock, socket
from models.sock_map import BPF_ANY, BPF_EXIST, BPF_NOEXIST, bpf_stab
from models.syscalls import (
    fd0,
    fd1,
    map0,
    mapfd0,
    net_rx_data,
    net_rx_two,
    program_updates_map,
    sys_close,
    sys_map_close,
    sys_map_delete,
    sys_map_update,
    sys_recvmsg,
)
from spec.invariants_callbacks import CALLBACKS
from spec.invariants_lifecycle import LIFECYCLE
from spec.invariants_maps import noexist_keeps_the_slot
from spec.invariants_queues import QUEUES
from spec.reasons import (
    CLOSE_LOADS_SK_PROT,
    INIT_PROTO_STORES_PLAINLY,
    LINK_LOADS_SK_PROT,
    RECVMSG_LOOKS_AT_THE_QUEUE,
    UPDATE_LOADS_SK_PROT,
    UPDATE_PROTO_READS_THE_PROGRAM,
)

close_against_delete = scenario(
    "close() while another process deletes the socket from the map",
    setup=socket_in_map,
    run=[process(sys_close, fd0), process(sys_map_delete, map0, 0)],
    pools={sock: 1, socket: 1, sk_psock: 1, sk_psock_link: 1, sk_buff: 1, sk_msg: 1},
    quick=True,
    properties=LIFECYCLE + CALLBACKS,
    expect={"data-race(sock.sk_prot)": VIOLATED},
    why={"data-race(sock.sk_prot)": CLOSE_LOADS_SK_PROT},
)

two_deletes = scenario(
    "a socket is in two slots, two processes delete one each, and a packet arrives",
    setup=socket_in_two_slots,
    run=[process(sys_map_delete, map0, 0), process(sys_map_delete, map0, 1), softirq(net_rx_data, 0)],
    pools={sock: 1, socket: 1, sk_psock: 1, sk_psock_link: 2, sk_buff: 1, sk_msg: 1},
    properties=LIFECYCLE + CALLBACKS + QUEUES,
)

one_delete_of_two = scenario(
    "a socket is in two slots, one of which is deleted while two packets arrive and a reader reads",
    setup=socket_in_two_slots,
    run=[process(sys_map_delete, map0, 0), softirq(net_rx_two, 0), process(sys_recvmsg, fd0, True)],
    pools={sock: 1, socket: 1, sk_psock: 1, sk_psock_link: 2, sk_buff: 2, sk_msg: 2},
    properties=LIFECYCLE + CALLBACKS + QUEUES,
    expect={"data-race(sock.sk_receive_queue.list)": VIOLATED},
    why={
        "data-race(sock.sk_receive_queue.list)": RECVMSG_LOOKS_AT_THE_QUEUE,
    },
)

close_against_two_deletes = scenario(
    "close() of a socket in two slots while two processes delete one each",
    setup=socket_in_two_slots,
    run=[process(sys_close, fd0), process(sys_map_delete, map0, 0), process(sys_map_delete, map0, 1)],
    pools={sock: 1, socket: 1, sk_psock: 1, sk_psock_link: 2, sk_buff: 1, sk_msg: 1},
    properties=LIFECYCLE + CALLBACKS,
    expect={"data-race(sock.sk_prot)": VIOLATED},
    why={"data-race(sock.sk_prot)": CLOSE_LOADS_SK_PROT},
)

replace_against_close = scenario(
    "another socket takes the slot while the one that is in it is closed",
    setup=socket_and_another,
    run=[process(sys_map_update, map0, 0, fd1, BPF_ANY), process(sys_close, fd0)],
    pools={sock: 2, socket: 2, sk_psock: 2, sk_psock_link: 2, sk_buff: 1, sk_msg: 1},
    properties=LIFECYCLE + CALLBACKS,
    expect={"data-race(sock.sk_prot)": VIOLATED},
    why={"data-race(sock.sk_prot)": CLOSE_LOADS_SK_PROT},
)

updates_against_close = scenario(
    "two processes put a socket into two slots of the map while another closes it",
    setup=connected_socket,
    run=[
        process(sys_map_update, map0, 0, fd0, BPF_ANY),
        process(sys_map_update, map0, 1, fd0, BPF_ANY),
        process(sys_close, fd0),
    ],
    pools={sock: 1, socket: 1, sk_psock: 2, sk_psock_link: 2, sk_buff: 1, sk_msg: 1},
    properties=LIFECYCLE + CALLBACKS,
    expect={"data-race(sock.sk_prot)": VIOLATED},
    why={"data-race(sock.sk_prot)": UPDATE_LOADS_SK_PROT},
)

updates_of_one_slot = scenario(
    "two processes put a socket each into one slot if it is empty, and a third empties it",
    setup=two_connected_sockets,
    run=[
        process(sys_map_update, map0, 0, fd0, BPF_NOEXIST),
        process(sys_map_update, map0, 0, fd1, BPF_NOEXIST),
        process(sys_map_delete, map0, 0),
    ],
    pools={sock: 2, socket: 2, sk_psock: 2, sk_psock_link: 2, sk_buff: 1, sk_msg: 1},
    may_fail=[sk_psock, sk_psock_link],
    properties=LIFECYCLE + CALLBACKS + [noexist_keeps_the_slot],
)

update_against_delete = scenario(
    "a socket is put into a second slot while it is deleted from the first",
    setup=socket_in_map,
    run=[process(sys_map_update, map0, 1, fd0, BPF_ANY), process(sys_map_delete, map0, 0)],
    pools={sock: 1, socket: 1, sk_psock: 2, sk_psock_link: 2, sk_buff: 1, sk_msg: 1},
    quick=True,
    properties=LIFECYCLE + CALLBACKS,
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

update_against_delete_and_close = scenario(
    "a socket is put into a second slot while it is deleted from the first and closed",
    setup=socket_in_map,
    run=[
        process(sys_map_update, map0, 1, fd0, BPF_ANY),
        process(sys_map_delete, map0, 0),
        process(sys_close, fd0),
    ],
    pools={sock: 1, socket: 1, sk_psock: 2, sk_psock_link: 2, sk_buff: 1, sk_msg: 1},
    properties=LIFECYCLE + CALLBACKS,
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

replace_against_close_and_delete = scenario(
    "another socket takes the slot, if it is not empty, while the one that is in it is closed and deleted",
    setup=socket_and_another,
    run=[
        process(sys_map_update, map0, 0, fd1, BPF_EXIST),
        process(sys_close, fd0),
        process(sys_map_delete, map0, 0),
    ],
    pools={sock: 2, socket: 2, sk_psock: 2, sk_psock_link: 2, sk_buff: 1, sk_msg: 1},
    properties=LIFECYCLE + CALLBACKS,
    expect={"data-race(sock.sk_prot)": VIOLATED},
    why={"data-race(sock.sk_prot)": CLOSE_LOADS_SK_PROT},
)

update_against_update_by_a_program = scenario(
    "a BPF program in a softirq puts a socket into the map while a process does the same, and another deletes it",
    setup=connected_socket,
    run=[
        process(sys_map_update, map0, 0, fd0, BPF_ANY),
        softirq(program_updates_map, 0, 1),
        process(sys_map_delete, map0, 0),
    ],
    pools={sock: 1, socket: 1, sk_psock: 2, sk_psock_link: 2, sk_buff: 1, sk_msg: 1},
    properties=LIFECYCLE + CALLBACKS,
    expect={
        "data-race(sk_psock.progs.skb_verdict)": VIOLATED,
        "data-race(sk_psock.psock_update_sk_prot)": VIOLATED,
        "data-race(sock.sk_prot)": VIOLATED,
    },
    why={
        "data-race(sk_psock.progs.skb_verdict)": UPDATE_PROTO_READS_THE_PROGRAM,
        "data-race(sk_psock.psock_update_sk_prot)": INIT_PROTO_STORES_PLAINLY,
        "data-race(sock.sk_prot)": LINK_LOADS_SK_PROT,
    },
)

map_free_against_close = scenario(
    "the map is freed while a socket in it is closed",
    setup=map_with_an_end,
    run=[process(sys_map_close, mapfd0), process(sys_close, fd0)],
    pools={sock: 1, socket: 1, sk_psock: 1, sk_psock_link: 1, bpf_stab: 1, sk_buff: 1, sk_msg: 1},
    quick=True,
    properties=LIFECYCLE + CALLBACKS,
    expect={"data-race(sock.sk_prot)": VIOLATED, "data-race(bpf_stab.sks)": VIOLATED},
    why={
        "data-race(sock.sk_prot)": "sk_prot is loaded plainly outside of the lock under which it is stored by "
        "WRITE_ONCE()",
        "data-race(bpf_stab.sks)": "__sock_map_delete() compares the slot by a plain load while sock_map_free() "
        "empties it by xchg() without the map's lock",
    },
)
