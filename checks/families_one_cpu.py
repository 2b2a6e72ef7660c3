"""UDP, AF_UNIX and AF_VSOCK sockets, TLS and listening sockets: who uses them, interrupted on the same CPU."""

from psockmc.lang import VIOLATED, process, scenario, softirq

from models.setups_families import (
    udp_closable,
    udp_closable_in_map,
    udp_in_map,
    udp_with_data_to_send,
    unix_closable_stream_in_map,
    unix_closable_stream_pair,
    unix_dgram_in_map,
    unix_stream_in_map,
    vsock_closable_in_map,
    vsock_in_map,
)
from models.setups_listener import connection_in_map, listening_socket, listening_socket_in_plain_map
from models.setups_tls import closable_receiving_socket, closable_socket_in_map, sys_tcp_ulp, tls_on_a_socket_in_map
from models.skbuff import sk_buff
from models.skmsg import sk_msg, sk_psock, sk_psock_link
from models.sock import SEND_SHUTDOWN, sock, socket
from models.sock_map import BPF_ANY
from models.syscalls import (
    fd0,
    fd1,
    map0,
    net_rx_data,
    net_rx_reset,
    program_updates_map,
    sys_close,
    sys_map_delete,
    sys_map_update,
)
from models.syscalls_families import (
    net_rx_udp,
    net_rx_udp_two,
    program_copies_socket,
    program_looks_up_socket,
    program_updates_map_with_udp,
    sys_udp_recv,
    sys_unix_dgram_send,
    sys_unix_recv,
    sys_unix_send,
    sys_unix_shutdown,
    vsock_rx_data,
)
from models.syscalls_listener import net_rx_connection, net_rx_connection_and_data, sys_accept_and_close
from models.syscalls_maps import program_deletes
from models.tls import tls_context
from spec.invariants_callbacks import CALLBACKS
from spec.invariants_families import UDP, UNIX, VSOCK
from spec.invariants_lifecycle import LIFECYCLE
from spec.invariants_listeners import LISTENERS
from spec.invariants_maps import MAPS
from spec.invariants_queues import QUEUES
from spec.invariants_tls import ULP

# ---------------------------------------------------------------- UDP

udp_packets_over_delete = scenario(
    "two datagrams arrive on the CPU that deletes their socket from the map",
    setup=udp_in_map,
    run=[process(sys_map_delete, map0, 0, cpu=0), softirq(net_rx_udp_two, 0, cpu=0)],
    workers_cpu=0,
    pools={sock: 1, socket: 1, sk_psock: 1, sk_psock_link: 1, sk_buff: 2, sk_msg: 2},
    properties=LIFECYCLE + CALLBACKS + QUEUES + UDP,
)

udp_packet_over_close = scenario(
    "a datagram arrives on the CPU of the process that closes the socket",
    setup=udp_closable_in_map,
    run=[process(sys_close, fd0, cpu=0), softirq(net_rx_udp, 0, 1, cpu=0)],
    workers_cpu=0,
    pools={sock: 1, socket: 1, sk_psock: 1, sk_psock_link: 1, sk_buff: 1, sk_msg: 1},
    properties=LIFECYCLE + CALLBACKS + QUEUES + UDP,
)

udp_packet_over_reader = scenario(
    "a datagram arrives on the CPU of its reader",
    setup=udp_in_map,
    run=[process(sys_udp_recv, fd0, True, cpu=0), softirq(net_rx_udp_two, 0, cpu=0)],
    workers_cpu=0,
    pools={sock: 1, socket: 1, sk_psock: 1, sk_psock_link: 1, sk_buff: 2, sk_msg: 2},
    properties=LIFECYCLE + CALLBACKS + QUEUES + UDP,
)

udp_program_updates_over_close = scenario(
    "a program puts a datagram's socket into the map on the CPU of the process that closes it",
    setup=udp_closable,
    run=[process(sys_close, fd0, cpu=0), softirq(program_updates_map_with_udp, 0, 0, cpu=0)],
    workers_cpu=0,
    pools={sock: 1, socket: 1, sk_psock: 1, sk_psock_link: 1, sk_buff: 1, sk_msg: 1},
    properties=LIFECYCLE + CALLBACKS + UDP,
    expect={"I34-closed": VIOLATED},
    why={
        "I34-closed": "the program comes in after udp_destroy_sock() and before the socket loses its port: it puts a "
        "closed socket into the map, and nothing in close() looks for a psock after that",
    },
)

udp_program_deletes_over_backlog = scenario(
    "a program deletes a UDP socket from the map on the CPU of its backlog",
    setup=udp_with_data_to_send,
    run=[softirq(program_deletes, 0, cpu=0), process(sys_close, fd0, cpu=0)],
    workers_cpu=0,
    pools={sock: 1, socket: 1, sk_psock: 1, sk_psock_link: 1, sk_buff: 1, sk_msg: 1},
    properties=LIFECYCLE + CALLBACKS + QUEUES + UDP,
)

udp_program_looks_up_over_close = scenario(
    "a program looks a UDP socket up in the map on the CPU of the process that closes it",
    setup=udp_closable_in_map,
    run=[process(sys_close, fd0, cpu=0), softirq(program_looks_up_socket, cpu=0)],
    workers_cpu=0,
    pools={sock: 1, socket: 1, sk_psock: 1, sk_psock_link: 1, sk_buff: 1, sk_msg: 1},
    properties=LIFECYCLE + CALLBACKS + UDP,
)

# ---------------------------------------------------------------- AF_UNIX: only programs come in over them

unix_program_deletes_over_send = scenario(
    "a program deletes a stream socket from the map on the CPU of its peer, which sends to it",
    setup=unix_stream_in_map,
    run=[process(sys_unix_send, fd1, 1, cpu=0), softirq(program_deletes, 0, cpu=0)],
    workers_cpu=0,
    pools={sock: 2, socket: 2, sk_psock: 1, sk_psock_link: 1, sk_buff: 1, sk_msg: 1},
    properties=LIFECYCLE + CALLBACKS + QUEUES + UNIX,
)

unix_program_deletes_over_shutdown = scenario(
    "a program deletes a stream socket from the map on the CPU of its peer, which shuts down",
    setup=unix_stream_in_map,
    run=[process(sys_unix_shutdown, fd1, SEND_SHUTDOWN, cpu=0), softirq(program_deletes, 0, cpu=0)],
    workers_cpu=0,
    pools={sock: 2, socket: 2, sk_psock: 1, sk_psock_link: 1, sk_buff: 1, sk_msg: 1},
    properties=LIFECYCLE + CALLBACKS + QUEUES + UNIX,
)

unix_program_deletes_over_close = scenario(
    "a program deletes a stream socket from the map on the CPU of the process that closes it",
    setup=unix_closable_stream_in_map,
    run=[process(sys_close, fd0, cpu=0), softirq(program_deletes, 0, cpu=0)],
    workers_cpu=0,
    pools={sock: 2, socket: 2, sk_psock: 1, sk_psock_link: 1, sk_buff: 1, sk_msg: 1},
    properties=LIFECYCLE + CALLBACKS + QUEUES + UNIX,
)

unix_program_deletes_over_reader = scenario(
    "a program deletes a stream socket from the map on the CPU of its reader",
    setup=unix_stream_in_map,
    run=[process(sys_unix_recv, fd0, True, cpu=0), softirq(program_deletes, 0, cpu=0)],
    workers_cpu=0,
    pools={sock: 2, socket: 2, sk_psock: 1, sk_psock_link: 1, sk_buff: 1, sk_msg: 1},
    properties=LIFECYCLE + CALLBACKS + QUEUES + UNIX,
)

unix_program_deletes_over_update = scenario(
    "a program deletes the slot on the CPU of a process that puts a stream socket into it",
    setup=unix_closable_stream_pair,
    run=[process(sys_map_update, map0, 0, fd0, BPF_ANY, cpu=0), softirq(program_deletes, 0, cpu=0)],
    workers_cpu=0,
    pools={sock: 2, socket: 2, sk_psock: 1, sk_psock_link: 1, sk_buff: 1, sk_msg: 1},
    properties=LIFECYCLE + CALLBACKS + UNIX,
)

unix_copy_over_delete = scenario(
    "a program copies a stream socket to another slot on the CPU that deletes it from the first",
    setup=unix_closable_stream_in_map,
    run=[process(sys_map_delete, map0, 0, cpu=0), softirq(program_copies_socket, cpu=0)],
    workers_cpu=0,
    pools={sock: 2, socket: 2, sk_psock: 2, sk_psock_link: 2, sk_buff: 1, sk_msg: 1},
    properties=LIFECYCLE + CALLBACKS + UNIX,
)

unix_dgram_program_deletes_over_send = scenario(
    "a program deletes a datagram socket from the map on the CPU of a sender to it",
    setup=unix_dgram_in_map,
    run=[process(sys_unix_dgram_send, fd1, 1, cpu=0), softirq(program_deletes, 0, cpu=0)],
    workers_cpu=0,
    pools={sock: 2, socket: 2, sk_psock: 1, sk_psock_link: 1, sk_buff: 1, sk_msg: 1},
    properties=LIFECYCLE + CALLBACKS + QUEUES + UNIX,
)

# ---------------------------------------------------------------- AF_VSOCK: packets come in the transport's worker

vsock_program_deletes_over_packet = scenario(
    "a program deletes a socket from the map on the CPU of the transport, which has data for it",
    setup=vsock_in_map,
    run=[process(vsock_rx_data, 0, 1, cpu=0), softirq(program_deletes, 0, cpu=0)],
    workers_cpu=0,
    pools={sock: 1, socket: 1, sk_psock: 1, sk_psock_link: 1, sk_buff: 1, sk_msg: 1},
    properties=LIFECYCLE + CALLBACKS + QUEUES + VSOCK,
)

vsock_program_deletes_over_close = scenario(
    "a program deletes a socket from the map on the CPU of the process that closes it",
    setup=vsock_closable_in_map,
    run=[process(sys_close, fd0, cpu=0), softirq(program_deletes, 0, cpu=0)],
    workers_cpu=0,
    pools={sock: 1, socket: 1, sk_psock: 1, sk_psock_link: 1, sk_buff: 1, sk_msg: 1},
    properties=LIFECYCLE + CALLBACKS + QUEUES + VSOCK,
)

# ---------------------------------------------------------------- TLS

program_updates_over_tls = scenario(
    "a program puts a socket into the map on the CPU of the process that puts TLS on it",
    setup=closable_receiving_socket,
    run=[process(sys_tcp_ulp, fd0, cpu=0), softirq(program_updates_map, 0, 0, cpu=0)],
    workers_cpu=0,
    pools={sock: 1, socket: 1, sk_psock: 1, sk_psock_link: 1, sk_buff: 1, sk_msg: 1, tls_context: 1},
    properties=ULP + CALLBACKS,
    expect={"I14-ulp": VIOLATED},
    why={
        "I14-ulp": "sock_map_update_elem() does not ask who owns the socket, and tcp_set_ulp() sets icsk_ulp_ops after "
        "TLS is in place: a program that comes in between has sk_psock_init() save TLS's table",
    },
)

program_deletes_over_tls = scenario(
    "a program deletes a socket from the map on the CPU of the process that puts TLS on it",
    setup=closable_socket_in_map,
    run=[process(sys_tcp_ulp, fd0, cpu=0), softirq(program_deletes, 0, cpu=0)],
    workers_cpu=0,
    pools={sock: 1, socket: 1, sk_psock: 1, sk_psock_link: 1, sk_buff: 1, sk_msg: 1, tls_context: 1},
    properties=ULP + CALLBACKS,
    expect={"I12-ulp": VIOLATED},
    why={
        "I12-ulp": "tcp_set_ulp() sets icsk_ulp_ops after TLS is in place: the restore of a delete in between does not "
        "see TLS, which is not told that the table below it has changed",
    },
)

program_deletes_over_close_with_tls = scenario(
    "a program deletes a socket with TLS from the map on the CPU of the process that closes it",
    setup=tls_on_a_socket_in_map,
    run=[process(sys_close, fd0, cpu=0), softirq(program_deletes, 0, cpu=0)],
    workers_cpu=0,
    pools={sock: 1, socket: 1, sk_psock: 1, sk_psock_link: 1, sk_buff: 1, sk_msg: 1, tls_context: 1},
    properties=ULP + CALLBACKS,
)

reset_over_delete_with_tls = scenario(
    "the peer resets a socket with TLS on the CPU that deletes it from the map",
    setup=tls_on_a_socket_in_map,
    run=[process(sys_map_delete, map0, 0, cpu=0), softirq(net_rx_reset, 0, cpu=0)],
    workers_cpu=0,
    pools={sock: 1, socket: 1, sk_psock: 1, sk_psock_link: 1, sk_buff: 1, sk_msg: 1, tls_context: 1},
    properties=ULP + CALLBACKS,
)

# ---------------------------------------------------------------- listening sockets

connection_over_delete = scenario(
    "a connection comes in on the CPU that deletes its listening socket from the map",
    setup=listening_socket_in_plain_map,
    run=[process(sys_map_delete, map0, 0, cpu=0), softirq(net_rx_connection, 0, 1, cpu=0)],
    workers_cpu=0,
    pools={sock: 2, socket: 2, sk_psock: 1, sk_psock_link: 1, sk_buff: 1, sk_msg: 1},
    properties=LIFECYCLE + CALLBACKS + MAPS + LISTENERS,
)

connection_over_close = scenario(
    "a connection, which a program puts into the map, comes in on the CPU of the process that closes its listener",
    setup=listening_socket,
    run=[process(sys_close, fd0, cpu=0), softirq(net_rx_connection_and_data, 0, 1, cpu=0)],
    workers_cpu=0,
    pools={sock: 2, socket: 1, sk_psock: 1, sk_psock_link: 1, sk_buff: 1, sk_msg: 1},
    properties=LIFECYCLE + CALLBACKS + QUEUES + MAPS + LISTENERS,
)

connection_over_accept = scenario(
    "a connection, which a program puts into the map, comes in on the CPU of the process that accepts and closes it",
    setup=listening_socket,
    run=[process(sys_accept_and_close, fd0, fd1, cpu=0), softirq(net_rx_connection, 0, 1, cpu=0)],
    workers_cpu=0,
    pools={sock: 2, socket: 2, sk_psock: 1, sk_psock_link: 1, sk_buff: 1, sk_msg: 1},
    properties=LIFECYCLE + CALLBACKS + MAPS + LISTENERS,
)

packet_over_close_of_its_listener = scenario(
    "a packet arrives on an unaccepted connection in the map on the CPU of the process that closes its listener",
    setup=connection_in_map,
    run=[process(sys_close, fd0, cpu=0), softirq(net_rx_data, 1, cpu=0)],
    workers_cpu=0,
    pools={sock: 2, socket: 1, sk_psock: 1, sk_psock_link: 1, sk_buff: 1, sk_msg: 1},
    properties=LIFECYCLE + CALLBACKS + QUEUES + MAPS + LISTENERS,
)
