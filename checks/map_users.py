"""Array maps and those who use them: programs, connections that end, programs on tracepoints."""

from psockmc.lang import VIOLATED, hardirq, process, scenario, softirq

from models.setups import connected_socket, socket_in_map
from models.setups_maps import (
    data_before_and_after_the_map,
    message_for_the_reader,
    occupied_slot_and_another_socket,
    traced_socket_and_another,
)
from models.skbuff import sk_buff
from models.skmsg import sk_msg, sk_psock, sk_psock_link
from models.sock import sock, socket
from models.sock_map import BPF_ANY, BPF_NOEXIST
from models.syscalls import (
    fd0,
    fd1,
    map0,
    net_rx_reset,
    program_updates_map,
    sys_close,
    sys_map_delete,
    sys_map_update,
    sys_recvmsg,
    sys_recvmsg_twice,
)
from models.syscalls_maps import pass_a_tracepoint, timer_interrupt
from spec.invariants_callbacks import CALLBACKS
from spec.invariants_lifecycle import LIFECYCLE
from spec.invariants_listeners import closed_socket_has_no_psock
from spec.invariants_maps import (
    MAPS,
    messages_survive_a_reset,
    older_native_data_is_read_first,
    only_open_sockets_enter,
    program_of_a_map_it_is_in,
)
from spec.invariants_queues import QUEUES

program_inserts_socket_being_closed = scenario(
    "a BPF program puts a socket into the map that a process is closing",
    setup=connected_socket,
    run=[process(sys_close, fd0), softirq(program_updates_map, 0, 0)],
    pools={sock: 1, socket: 1, sk_psock: 1, sk_psock_link: 1, sk_buff: 1, sk_msg: 1},
    properties=LIFECYCLE + CALLBACKS + MAPS + [closed_socket_has_no_psock, only_open_sockets_enter],
    expect={
        "data-race(sock.sk_state)": VIOLATED,
        "entered-closed": VIOLATED,
        "data-race(sock.sk_prot)": VIOLATED,
    },
    why={
        "data-race(sock.sk_state)": "sock_map_sk_state_allowed() reads sk_state plainly while close() stores it by "
        "smp_store_release()",
        "entered-closed": "sock_map_update_elem() looks at the state under slock and does not ask who owns the socket; "
        "close() owns it and changes the state without slock",
        "data-race(sock.sk_prot)": "inet_csk_destroy_sock() and inet_release() load sk_prot plainly while "
        "sock_map_init_proto() has it stored by WRITE_ONCE()",
    },
)

update_against_reset = scenario(
    "a socket is put into the map while its connection is reset",
    setup=connected_socket,
    run=[process(sys_map_update, map0, 0, fd0, BPF_ANY), softirq(net_rx_reset, 0)],
    pools={sock: 1, socket: 1, sk_psock: 1, sk_psock_link: 1, sk_buff: 1, sk_msg: 1},
    properties=LIFECYCLE + CALLBACKS + MAPS + [only_open_sockets_enter],
)

reset_before_it_is_read = scenario(
    "the connection of a socket in the map is reset before its reader has read",
    setup=message_for_the_reader,
    run=[softirq(net_rx_reset, 0), process(sys_recvmsg, fd0, True)],
    pools={sock: 1, socket: 1, sk_psock: 1, sk_psock_link: 1, sk_buff: 1, sk_msg: 1},
    properties=LIFECYCLE + CALLBACKS + QUEUES + MAPS + [messages_survive_a_reset],
)

delete_under_a_tracepoint = scenario(
    "a delete, while a tracepoint is passed with interrupts off and a lock held that the timer's interrupt takes",
    setup=socket_in_map,
    run=[process(sys_map_delete, map0, 0, cpu=0), hardirq(timer_interrupt, cpu=0), process(pass_a_tracepoint, cpu=1)],
    pools={sock: 1, socket: 1, sk_psock: 1, sk_psock_link: 1, sk_buff: 1, sk_msg: 1},
    properties=LIFECYCLE + CALLBACKS + MAPS,
)

replace_under_a_tracepoint = scenario(
    "a socket takes the slot of another one, while a program on the tracepoint of kfree() deletes from maps",
    setup=traced_socket_and_another,
    run=[process(sys_map_update, map0, 0, fd1, BPF_ANY)],
    pools={sock: 2, socket: 2, sk_psock: 2, sk_psock_link: 2, sk_buff: 1, sk_msg: 1},
    properties=LIFECYCLE + CALLBACKS + MAPS,
)

failed_update_of_a_socket_in_another_map = scenario(
    "a socket that is in a map without a program is refused by an occupied slot of one with a program",
    setup=occupied_slot_and_another_socket,
    run=[process(sys_map_update, map0, 0, fd0, BPF_NOEXIST)],
    pools={sock: 2, socket: 2, sk_psock: 2, sk_psock_link: 3, sk_buff: 1, sk_msg: 1},
    properties=CALLBACKS + MAPS + [program_of_a_map_it_is_in],
    expect={"I55": VIOLATED},
    why={
        "I55": "sock_map_update_common() puts its reference only; the programs, the callback and the table that "
        "sock_map_link() has installed on the psock stay",
    },
)

data_sent_while_the_peer_joins = scenario(
    "data of one sender has come through TCP before the socket was in the map, and past TCP since then; it is read",
    setup=data_before_and_after_the_map,
    run=[process(sys_recvmsg_twice, fd0, True)],
    pools={sock: 1, socket: 1, sk_psock: 1, sk_psock_link: 1, sk_buff: 2, sk_msg: 1},
    properties=LIFECYCLE + CALLBACKS + QUEUES + MAPS + [older_native_data_is_read_first],
    expect={"I32-native": VIOLATED},
    why={
        "I32-native": "tcp_bpf_recvmsg() reads a message first, although the native queue has older data",
    },
)
