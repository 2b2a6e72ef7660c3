"""Programs of a map that are attached and detached while sockets come, go and run them."""

from psockmc.lang import VIOLATED, process, scenario, softirq

from models.setups_maps import verdicts_of_two_kinds
from models.skbuff import sk_buff
from models.skmsg import sk_msg, sk_psock, sk_psock_link
from models.skmsg_verdict import bpf_prog
from models.sock import sock, socket
from models.sock_map import BPF_ANY
from models.sock_map_progs import sockmap_link
from models.syscalls import fd0, map0, net_rx_data, sys_map_delete, sys_map_update
from models.syscalls_maps import map2
from models.syscalls_progs import (
    link_and_three_programs,
    link_and_two_programs,
    link_in_use,
    linkfd0,
    map_with_a_loaded_program,
    progfd0,
    progfd1,
    progfd2,
    socket_and_a_link,
    socket_and_two_programs,
    socket_in_map_with_a_loaded_program,
    sys_link_close,
    sys_link_detach,
    sys_link_detach_and_close,
    sys_link_info,
    sys_link_replace,
    sys_link_update,
    sys_prog_attach,
    sys_prog_detach,
    sys_prog_query,
)
from spec.invariants_callbacks import CALLBACKS
from spec.invariants_lifecycle import LIFECYCLE
from spec.invariants_maps import MAPS
from spec.invariants_programs import LINKS, PROGRAMS
from spec.invariants_queues import QUEUES
from spec.reasons import INIT_PROTO_STORES_PLAINLY, UPDATE_LOADS_SK_PROT_OVER_DETACH

detach_of_a_program_that_runs = scenario(
    "a program is detached from its map and its socket deleted, while it runs for a packet",
    setup=socket_in_map_with_a_loaded_program,
    run=[process(sys_prog_detach, map0, progfd0), process(sys_map_delete, map0, 0), softirq(net_rx_data, 0)],
    pools={sock: 1, socket: 1, sk_psock: 1, sk_psock_link: 1, bpf_prog: 1, sk_buff: 1, sk_msg: 1},
    properties=LIFECYCLE + CALLBACKS + QUEUES + MAPS + PROGRAMS,
    expect={"data-race(bpf_stab.progs.stream_verdict)": VIOLATED},
    why={
        "data-race(bpf_stab.progs.stream_verdict)": "sock_map_del_link() looks at the map's programs plainly and "
        "without sockmap_mutex, while a detach exchanges them by cmpxchg()",
    },
)

exchange_of_a_program_against_update = scenario(
    "a program takes the place of another one, which is detached, while a socket is put into the map",
    setup=socket_and_two_programs,
    run=[
        process(sys_prog_attach, map0, progfd1),
        process(sys_prog_detach, map0, progfd0),
        process(sys_map_update, map0, 0, fd0, BPF_ANY),
    ],
    pools={sock: 1, socket: 1, sk_psock: 1, sk_psock_link: 1, bpf_prog: 2, sk_buff: 1, sk_msg: 1},
    properties=LIFECYCLE + CALLBACKS + MAPS + PROGRAMS,
)

end_of_a_link_against_update = scenario(
    "a link is closed while a program is attached past it and a socket is put into the map",
    setup=socket_and_a_link,
    run=[
        process(sys_link_close, linkfd0),
        process(sys_prog_attach, map0, progfd1),
        process(sys_map_update, map0, 0, fd0, BPF_ANY),
    ],
    pools={sock: 1, socket: 1, sk_psock: 1, sk_psock_link: 1, bpf_prog: 2, sockmap_link: 1, sk_buff: 1, sk_msg: 1},
    properties=LIFECYCLE + CALLBACKS + MAPS + PROGRAMS,
)

detach_of_a_link_against_update = scenario(
    "a link is detached, then closed, while a program is attached past it and a socket is put into the map",
    setup=socket_and_a_link,
    run=[
        process(sys_link_detach_and_close, linkfd0),
        process(sys_prog_attach, map0, progfd1),
        process(sys_map_update, map0, 0, fd0, BPF_ANY),
    ],
    pools={sock: 1, socket: 1, sk_psock: 1, sk_psock_link: 1, bpf_prog: 2, sockmap_link: 1, sk_buff: 1, sk_msg: 1},
    properties=LIFECYCLE + CALLBACKS + MAPS,
)

update_of_a_link_against_detach = scenario(
    "a link gets another program while it is detached and a socket is put into the map",
    setup=socket_and_a_link,
    run=[
        process(sys_link_update, linkfd0, progfd1),
        process(sys_link_detach, linkfd0),
        process(sys_map_update, map0, 0, fd0, BPF_ANY),
    ],
    pools={sock: 1, socket: 1, sk_psock: 1, sk_psock_link: 1, bpf_prog: 2, sockmap_link: 1, sk_buff: 1, sk_msg: 1},
    properties=LIFECYCLE + CALLBACKS + MAPS + PROGRAMS + LINKS,
)

update_of_a_link_whose_program_runs = scenario(
    "a link gets another program and the socket is deleted from the map, while the first one runs for a packet",
    setup=link_in_use,
    run=[
        process(sys_link_update, linkfd0, progfd1),
        process(sys_map_delete, map0, 0),
        softirq(net_rx_data, 0),
    ],
    pools={sock: 1, socket: 1, sk_psock: 1, sk_psock_link: 1, bpf_prog: 2, sockmap_link: 1, sk_buff: 1, sk_msg: 1},
    properties=LIFECYCLE + CALLBACKS + QUEUES + MAPS + PROGRAMS + LINKS,
    expect={"data-race(bpf_stab.progs.stream_verdict)": VIOLATED},
    why={
        "data-race(bpf_stab.progs.stream_verdict)": "sock_map_del_link() looks at the map's programs plainly and "
        "without sockmap_mutex, while an update of the link exchanges them by xchg()",
    },
)

replacements_of_a_link = scenario(
    "two processes replace the same program of a link, each by its own, and a third asks which one the map has",
    setup=link_and_three_programs,
    run=[
        process(sys_link_replace, linkfd0, progfd1, progfd0),
        process(sys_link_replace, linkfd0, progfd2, progfd0),
        process(sys_prog_query, map0),
    ],
    pools={bpf_prog: 3, sockmap_link: 1},
    quick=True,
    properties=PROGRAMS + LINKS,
    expect={"data-race(bpf_stab.progs.stream_verdict)": VIOLATED},
    why={
        "data-race(bpf_stab.progs.stream_verdict)": "sock_map_bpf_prog_query() loads the program plainly and without "
        "sockmap_mutex, while an update of the link exchanges it by cmpxchg()",
    },
)

query_against_detach = scenario(
    "a program is detached and its descriptor closed while user space asks which one the map has",
    setup=map_with_a_loaded_program,
    run=[process(sys_prog_query, map0), process(sys_prog_detach, map0, progfd0)],
    pools={bpf_prog: 1},
    quick=True,
    properties=PROGRAMS,
    expect={"data-race(bpf_stab.progs.stream_verdict)": VIOLATED},
    why={
        "data-race(bpf_stab.progs.stream_verdict)": "sock_map_bpf_prog_query() loads the program plainly and without "
        "sockmap_mutex, while a detach exchanges it by cmpxchg()",
    },
)

info_of_a_link_against_update = scenario(
    "a link gets another program while user space asks which one it has",
    setup=link_and_two_programs,
    run=[process(sys_link_info, linkfd0), process(sys_link_update, linkfd0, progfd1)],
    pools={bpf_prog: 2, sockmap_link: 1},
    quick=True,
    properties=PROGRAMS + LINKS,
    expect={"use-after-free": VIOLATED, "data-race(sockmap_link.prog)": VIOLATED},
    why={
        "use-after-free": "bpf_link_get_info_by_fd() reads the ID of the link's program without a reference on it and "
        "outside of RCU, while the update exchanges the program and puts the last reference",
        "data-race(sockmap_link.prog)": "bpf_link_get_info_by_fd() loads the program plainly and without "
        "sockmap_mutex, while the update exchanges it by xchg()",
    },
)

second_verdict_against_delete = scenario(
    "a socket with a skb_verdict is put into a map with a stream_verdict while it is deleted from its own",
    setup=verdicts_of_two_kinds,
    run=[process(sys_map_update, map2, 0, fd0, BPF_ANY), process(sys_map_delete, map0, 0)],
    pools={sock: 1, socket: 1, sk_psock: 2, sk_psock_link: 2, sk_buff: 1, sk_msg: 1},
    quick=True,
    properties=LIFECYCLE + CALLBACKS + MAPS,
    expect={
        "data-race(sk_psock.progs.stream_verdict)": VIOLATED,
        "data-race(sk_psock.psock_update_sk_prot)": VIOLATED,
        "data-race(sock.sk_prot)": VIOLATED,
    },
    why={
        "data-race(sk_psock.progs.stream_verdict)": "tcp_bpf_update_proto() reads the program plainly while "
        "sock_map_link() exchanges it",
        "data-race(sk_psock.psock_update_sk_prot)": INIT_PROTO_STORES_PLAINLY,
        "data-race(sock.sk_prot)": UPDATE_LOADS_SK_PROT_OVER_DETACH,
    },
)
