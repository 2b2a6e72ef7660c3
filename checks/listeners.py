"""Listening sockets in maps, and connections that are in a map before anybody has accepted them."""

from psockmc.lang import VIOLATED, process, scenario, softirq

from models.setups_listener import (
    connection_in_map,
    connection_in_map_with_an_end,
    connection_in_map_with_unacknowledged_data,
    listener_and_connections_in_map,
    listening_socket,
    listening_socket_in_map,
    listening_socket_in_message_map,
    listening_socket_in_plain_map,
    second_generation,
)
from models.skbuff import sk_buff
from models.skmsg import sk_msg, sk_psock, sk_psock_link
from models.sock import sock, socket
from models.sock_map import bpf_stab
from models.syscalls import fd0, fd1, map0, mapfd0, net_rx_ack, net_rx_data, sys_close, sys_map_close, sys_map_delete
from models.syscalls_listener import (
    net_rx_connection,
    net_rx_connection_and_data,
    sys_accept,
    sys_accept_and_close,
    sys_accept_and_recvmsg,
)
from spec.invariants_callbacks import CALLBACKS, I62
from spec.invariants_ends import destroyed_socket_sends_nothing
from spec.invariants_lifecycle import LIFECYCLE
from spec.invariants_listeners import LISTENERS
from spec.invariants_maps import MAPS
from spec.invariants_queues import QUEUES
from spec.invariants_receive import I60
from spec.reasons import CLONE_COPIES_CALLBACKS, DESTROY_LOADS_SK_PROT, LISTENER_WAKES_NOBODY

accept_on_a_listener_in_the_map = scenario(
    "accept() waits on a listening socket that is in a map with a verdict program",
    setup=listening_socket_in_map,
    run=[process(sys_accept, fd0, fd1), softirq(net_rx_connection, 0, 1)],
    pools={sock: 2, socket: 2, sk_psock: 1, sk_psock_link: 1, sk_buff: 1, sk_msg: 1},
    quick=True,
    properties=LIFECYCLE + CALLBACKS + MAPS + LISTENERS,
    expect={"lost-wakeup": VIOLATED, "I18": VIOLATED, "I52-callbacks": VIOLATED},
    why={
        "lost-wakeup": LISTENER_WAKES_NOBODY,
        "I18": CLONE_COPIES_CALLBACKS,
        "I52-callbacks": CLONE_COPIES_CALLBACKS,
    },
)

accept_from_a_listener_in_a_plain_map = scenario(
    "a connection to a listening socket in a map without a program is accepted and closed, and the listener deleted",
    setup=listening_socket_in_plain_map,
    run=[process(sys_accept_and_close, fd0, fd1), softirq(net_rx_connection, 0, 1), process(sys_map_delete, map0, 0)],
    pools={sock: 2, socket: 2, sk_psock: 1, sk_psock_link: 1, sk_buff: 1, sk_msg: 1},
    properties=LIFECYCLE + CALLBACKS + MAPS + LISTENERS,
    expect={
        "data-race(sock.sk_prot)": VIOLATED,
        "data-race(sock.sk_user_data)": VIOLATED,
        "data-race(sock.sk_write_space)": VIOLATED,
    },
    why={
        "data-race(sock.sk_prot)": "sk_clone() copies the listening socket by memcpy(), which is plain, while others "
        "change it by WRITE_ONCE()",
        "data-race(sock.sk_user_data)": "sk_clone() copies the listening socket by memcpy(), which is plain, while "
        "sk_psock_drop() clears the pointer",
        "data-race(sock.sk_write_space)": "sk_clone() copies the listening socket by memcpy(), which is plain, while "
        "others change it by WRITE_ONCE()",
    },
)

listener_closed_under_its_connection = scenario(
    "a listener is closed while a connection is put into the map by a program, and deleted from it",
    setup=listening_socket,
    run=[process(sys_close, fd0), softirq(net_rx_connection_and_data, 0, 1), process(sys_map_delete, map0, 1)],
    pools={sock: 2, socket: 1, sk_psock: 1, sk_psock_link: 1, sk_buff: 1, sk_msg: 1},
    properties=LIFECYCLE + CALLBACKS + QUEUES + MAPS + LISTENERS,
    expect={"data-race(sock.sk_state)": VIOLATED, "data-race(sock.sk_prot)": VIOLATED},
    why={
        "data-race(sock.sk_state)": "inet_csk_reqsk_queue_add() and others read sk_state plainly while it is stored by "
        "smp_store_release()",
        "data-race(sock.sk_prot)": DESTROY_LOADS_SK_PROT,
    },
)

data_before_accept = scenario(
    "data arrives on a connection that a program has put into the map, before or after it is accepted and read",
    setup=listening_socket,
    run=[process(sys_accept_and_recvmsg, fd0, fd1, 1, 0), softirq(net_rx_connection_and_data, 0, 1)],
    pools={sock: 2, socket: 2, sk_psock: 1, sk_psock_link: 1, sk_buff: 1, sk_msg: 1},
    quick=True,
    properties=LIFECYCLE + CALLBACKS + QUEUES + MAPS + LISTENERS + [I60, I62],
)

map_free_against_listener = scenario(
    "a map is freed while the listener is closed whose unaccepted connection is in it",
    setup=connection_in_map_with_an_end,
    run=[process(sys_map_close, mapfd0), process(sys_close, fd0)],
    pools={sock: 2, socket: 1, sk_psock: 1, sk_psock_link: 1, bpf_stab: 1, sk_buff: 1, sk_msg: 1},
    properties=LIFECYCLE + CALLBACKS + MAPS + LISTENERS,
    expect={"assert": VIOLATED, "data-race(bpf_stab.sks)": VIOLATED, "data-race(sock.sk_prot)": VIOLATED},
    why={
        "assert": "sock_map_free() owns the unaccepted connection by lock_sock() while inet_csk_listen_stop() takes "
        "slock of it and warns that it has an owner",
        "data-race(bpf_stab.sks)": "__sock_map_delete() compares the slot by a plain load while sock_map_free() "
        "empties it by xchg() without the map's lock",
        "data-race(sock.sk_prot)": DESTROY_LOADS_SK_PROT,
    },
)

delete_of_an_unaccepted_connection = scenario(
    "a connection in a map is deleted from it while its listener is closed and a packet arrives on it",
    setup=connection_in_map,
    run=[process(sys_close, fd0), process(sys_map_delete, map0, 1), softirq(net_rx_data, 1)],
    pools={sock: 2, socket: 1, sk_psock: 1, sk_psock_link: 1, sk_buff: 1, sk_msg: 1},
    properties=LIFECYCLE + CALLBACKS + QUEUES + MAPS + LISTENERS,
    expect={"data-race(sock.sk_prot)": VIOLATED},
    why={"data-race(sock.sk_prot)": DESTROY_LOADS_SK_PROT},
)

unaccepted_connection_with_unacknowledged_data = scenario(
    "a listener is closed whose unaccepted connection is in a map, and has sent what another socket redirected to it",
    setup=connection_in_map_with_unacknowledged_data,
    run=[process(sys_close, fd0)],
    pools={sock: 2, socket: 1, sk_psock: 1, sk_psock_link: 1, sk_buff: 1, sk_msg: 1},
    quick=True,
    properties=LIFECYCLE + CALLBACKS + MAPS + LISTENERS + [destroyed_socket_sends_nothing],
)

data_for_a_child_of_a_listener_in_the_map = scenario(
    "data arrives on a connection whose listener is in a map with a verdict program; it is in no map itself",
    setup=listening_socket_in_map,
    run=[softirq(net_rx_connection_and_data, 0, 1), process(sys_accept_and_recvmsg, fd0, fd1, 1, 0)],
    pools={sock: 2, socket: 2, sk_psock: 1, sk_psock_link: 1, sk_buff: 1, sk_msg: 1},
    properties=LIFECYCLE + CALLBACKS + QUEUES + MAPS + LISTENERS + [I62],
    expect={"lost-wakeup": VIOLATED, "I18": VIOLATED, "I52-callbacks": VIOLATED, "I62": VIOLATED},
    why={
        "lost-wakeup": LISTENER_WAKES_NOBODY,
        "I18": CLONE_COPIES_CALLBACKS,
        "I52-callbacks": CLONE_COPIES_CALLBACKS,
        "I62": "the connection has its listener's sk_psock_verdict_data_ready(), finds no psock, and "
        "sk_psock_verdict_recv() drops what arrives",
    },
)

room_to_send_on_a_child_in_the_map = scenario(
    "an ACK makes room on a connection in the map, which is accepted, and whose listener is in the map, too",
    setup=listener_and_connections_in_map,
    run=[softirq(net_rx_connection, 0, 1), process(sys_accept, fd0, fd1), softirq(net_rx_ack, 1, cpu=2)],
    pools={sock: 2, socket: 2, sk_psock: 2, sk_psock_link: 2, sk_buff: 1, sk_msg: 1},
    properties=LIFECYCLE + CALLBACKS + MAPS + LISTENERS,
    expect={
        "recursion": VIOLATED,
        "lost-wakeup": VIOLATED,
        "I16": VIOLATED,
        "I18": VIOLATED,
        "I52-callbacks": VIOLATED,
        "I14-callbacks": VIOLATED,
    },
    why={
        "recursion": "sk_clone() has copied the listener's sk_psock_write_space(), which sk_psock_init() then saves "
        "for the connection's psock: the psock's saved function is the one that calls it",
        "lost-wakeup": LISTENER_WAKES_NOBODY,
        "I16": "sk_clone() has copied the listener's sk_psock_write_space(), which sk_psock_init() then saves for the "
        "connection's psock; sk_psock_start_verdict() saves the copied sk_psock_verdict_data_ready() in the same way",
        "I18": CLONE_COPIES_CALLBACKS,
        "I52-callbacks": CLONE_COPIES_CALLBACKS,
        "I14-callbacks": "sk_clone() has copied the listener's sk_psock_write_space(), which sk_psock_init() then "
        "saves for the connection's psock",
    },
)

connection_of_a_second_generation = scenario(
    "a connection that came from a listener in the map listens itself; a connection to it is accepted",
    setup=second_generation,
    run=[softirq(net_rx_connection, 1, 0), process(sys_accept, fd1, fd0)],
    pools={sock: 3, socket: 3, sk_psock: 2, sk_psock_link: 2, sk_buff: 1, sk_msg: 1},
    properties=LIFECYCLE + CALLBACKS + MAPS + LISTENERS,
    expect={"I12": VIOLATED, "I13": VIOLATED},
    why={
        "I12": "tcp_bpf_clone() takes the listener's sk_prot_creator, which is a table of ours when sk_clone() made "
        "that listener of one in a map",
        "I13": "tcp_bpf_clone() takes the listener's sk_prot_creator, which is a table of ours: sock_map_close() of "
        "the connection would try again for ever",
    },
)

accept_from_a_listener_in_a_message_map = scenario(
    "a connection to a listening socket in a map with a program for sent messages is accepted and closed",
    setup=listening_socket_in_message_map,
    run=[process(sys_accept_and_close, fd0, fd1), softirq(net_rx_connection, 0, 1)],
    pools={sock: 2, socket: 2, sk_psock: 1, sk_psock_link: 1, sk_buff: 1, sk_msg: 1},
    properties=LIFECYCLE + CALLBACKS + MAPS + LISTENERS,
)
