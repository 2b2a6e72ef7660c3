"""Readers, backlogs, deletes and closes, interrupted on their own CPU by packets, ACKs and the end of the connection.

The workers are on that CPU, too, so softirqs come in over the backlog and over the destruction of a psock.
"""

from psockmc.lang import VIOLATED, process, scenario, softirq

from models.setups import (
    choosy_socket_in_map,
    data_to_send_in_backlog,
    full_send_buffer,
    receiving_closable_socket_in_map,
    receiving_socket_in_map,
    socket_redirecting_to_an_empty_slot,
    two_sockets_redirecting_to_the_reader,
    two_sockets_redirecting_to_the_wire,
)
from models.setups_maps import socket_redirecting_to_a_key
from models.setups_receive import (
    native_data_outside_and_more_to_come,
    redirecting_to_itself,
    target_of_a_peer,
    unread_own_data,
)
from models.skbuff import sk_buff
from models.skmsg import sk_msg, sk_psock, sk_psock_link
from models.sock import MSG_DONTWAIT, sock, socket
from models.sock_hash import bpf_shtab_elem
from models.sock_map import BPF_ANY
from models.syscalls import (
    fd0,
    fd1,
    map0,
    net_rx_ack,
    net_rx_data,
    net_rx_reset,
    net_rx_two,
    net_rx_urgent,
    program_updates_map_and_redirects,
    sender0,
    sys_close,
    sys_map_delete,
    sys_map_update,
    sys_recvmsg,
    sys_sendmsg,
)
from models.syscalls_maps import htab0, sys_hash_delete
from models.syscalls_receive import net_rx_data_and_fin, net_rx_next, sys_ioctl_siocinq, sys_peek_and_recv, sys_recv
from spec.invariants_callbacks import CALLBACKS, I62
from spec.invariants_lifecycle import LIFECYCLE
from spec.invariants_maps import MAPS
from spec.invariants_queues import QUEUES
from spec.invariants_receive import RECEIVE, every_byte_is_counted, nothing_is_left_before_the_end, reader_is_told

packets_over_delete = scenario(
    "two packets arrive on the CPU that deletes the socket from the map",
    setup=receiving_socket_in_map,
    run=[process(sys_map_delete, map0, 0, cpu=0), softirq(net_rx_two, 0, cpu=0)],
    workers_cpu=0,
    pools={sock: 1, socket: 1, sk_psock: 1, sk_psock_link: 1, sk_buff: 2, sk_msg: 2},
    may_fail=[sk_msg],
    properties=LIFECYCLE + CALLBACKS + QUEUES + MAPS + [I62],
)

packet_over_close = scenario(
    "a packet arrives on the CPU of the process that closes the socket",
    setup=receiving_closable_socket_in_map,
    run=[process(sys_close, fd0, cpu=0), softirq(net_rx_data, 0, cpu=0)],
    workers_cpu=0,
    pools={sock: 1, socket: 1, sk_psock: 1, sk_psock_link: 1, sk_buff: 1, sk_msg: 1},
    properties=LIFECYCLE + CALLBACKS + QUEUES,
)

packets_over_reader = scenario(
    "two packets, which may have to go through the backlog for want of memory, arrive on the reader's CPU",
    setup=receiving_socket_in_map,
    run=[process(sys_recv, fd0, 1, 0, cpu=0), softirq(net_rx_two, 0, cpu=0)],
    workers_cpu=0,
    pools={sock: 1, socket: 1, sk_psock: 1, sk_psock_link: 1, sk_buff: 2, sk_msg: 2},
    may_fail=[sk_msg],
    quick=True,
    properties=LIFECYCLE + CALLBACKS + QUEUES + RECEIVE,
)

packet_over_peek = scenario(
    "a packet arrives on the CPU of a reader that peeks, and then reads",
    setup=unread_own_data,
    run=[process(sys_peek_and_recv, fd0, 2, cpu=0), softirq(net_rx_next, 0, cpu=0)],
    workers_cpu=0,
    pools={sock: 1, socket: 1, sk_psock: 1, sk_psock_link: 1, sk_buff: 2, sk_msg: 2},
    properties=LIFECYCLE + CALLBACKS + QUEUES + RECEIVE + [every_byte_is_counted],
)

fin_over_reader = scenario(
    "a packet and the FIN arrive on the reader's CPU",
    setup=receiving_socket_in_map,
    run=[process(sys_recv, fd0, 1, 0, cpu=0), softirq(net_rx_data_and_fin, 0, cpu=0)],
    workers_cpu=0,
    pools={sock: 1, socket: 1, sk_psock: 1, sk_psock_link: 1, sk_buff: 2, sk_msg: 2},
    properties=LIFECYCLE + CALLBACKS + QUEUES + RECEIVE + [reader_is_told, nothing_is_left_before_the_end],
)

packet_over_ioctl = scenario(
    "a packet arrives on the CPU of a process that asks how much there is to read",
    setup=unread_own_data,
    run=[process(sys_ioctl_siocinq, fd0, cpu=0), softirq(net_rx_next, 0, cpu=0)],
    workers_cpu=0,
    pools={sock: 1, socket: 1, sk_psock: 1, sk_psock_link: 1, sk_buff: 2, sk_msg: 2},
    properties=LIFECYCLE + CALLBACKS + QUEUES + RECEIVE,
)

packet_over_insert = scenario(
    "a packet arrives on the CPU of the process that puts the socket, which has data, into a map that redirects",
    setup=native_data_outside_and_more_to_come,
    run=[process(sys_map_update, map0, 0, fd0, BPF_ANY, cpu=0), softirq(net_rx_next, 0, cpu=0)],
    workers_cpu=0,
    pools={sock: 2, socket: 2, sk_psock: 2, sk_psock_link: 2, sk_buff: 2, sk_msg: 2},
    properties=LIFECYCLE + CALLBACKS + QUEUES,
)

ack_over_delete = scenario(
    "an ACK makes room for a backlog on the CPU that deletes its socket from the map",
    setup=full_send_buffer,
    run=[process(sys_map_delete, map0, 0, cpu=0), softirq(net_rx_ack, 0, cpu=0)],
    workers_cpu=0,
    pools={sock: 1, socket: 1, sk_psock: 1, sk_psock_link: 1, sk_buff: 1, sk_msg: 1},
    properties=LIFECYCLE + CALLBACKS + QUEUES,
)

reset_over_backlog = scenario(
    "the connection is reset on the CPU of the backlog that sends on it",
    setup=data_to_send_in_backlog,
    run=[softirq(net_rx_reset, 0, cpu=0)],
    workers_cpu=0,
    pools={sock: 1, socket: 1, sk_psock: 1, sk_psock_link: 1, sk_buff: 1, sk_msg: 1},
    quick=True,
    properties=LIFECYCLE + CALLBACKS + QUEUES,
)

redirect_over_backlog = scenario(
    "two packets are redirected on the CPU of the backlog that delivers them",
    setup=two_sockets_redirecting_to_the_reader,
    run=[softirq(net_rx_two, 0, cpu=0), process(sys_recvmsg, fd1, True, cpu=0)],
    workers_cpu=0,
    pools={sock: 2, socket: 2, sk_psock: 2, sk_psock_link: 2, sk_buff: 2, sk_msg: 2},
    properties=LIFECYCLE + CALLBACKS + QUEUES,
)

redirect_over_close = scenario(
    "a packet is redirected to a socket on the CPU of the process that closes it",
    setup=two_sockets_redirecting_to_the_wire,
    run=[softirq(net_rx_data, 0, cpu=0), process(sys_close, fd1, cpu=0)],
    workers_cpu=0,
    pools={sock: 2, socket: 2, sk_psock: 2, sk_psock_link: 2, sk_buff: 1, sk_msg: 1},
    properties=LIFECYCLE + CALLBACKS + QUEUES,
)

redirect_over_delete = scenario(
    "a packet is redirected to a socket on the CPU that deletes it from the map",
    setup=two_sockets_redirecting_to_the_reader,
    run=[softirq(net_rx_data, 0, cpu=0), process(sys_map_delete, map0, 1, cpu=0)],
    workers_cpu=0,
    pools={sock: 2, socket: 2, sk_psock: 2, sk_psock_link: 2, sk_buff: 1, sk_msg: 1},
    properties=LIFECYCLE + CALLBACKS + QUEUES + MAPS,
)

redirect_over_hash_delete = scenario(
    "a packet is redirected to the socket under a key on the CPU that deletes the key",
    setup=socket_redirecting_to_a_key,
    run=[softirq(net_rx_data, 0, cpu=0), process(sys_hash_delete, htab0, 1, cpu=0)],
    workers_cpu=0,
    pools={sock: 2, socket: 2, sk_psock: 2, sk_psock_link: 2, bpf_shtab_elem: 1, sk_buff: 1, sk_msg: 1},
    properties=CALLBACKS + QUEUES,
)

redirect_to_itself_over_reader = scenario(
    "a packet is redirected to the socket's own reader, on that reader's CPU",
    setup=redirecting_to_itself,
    run=[softirq(net_rx_data, 0, cpu=0), process(sys_recv, fd0, 1, MSG_DONTWAIT, cpu=0)],
    workers_cpu=0,
    pools={sock: 1, socket: 1, sk_psock: 1, sk_psock_link: 1, sk_buff: 1, sk_msg: 1},
    properties=LIFECYCLE + CALLBACKS + QUEUES + RECEIVE + [every_byte_is_counted],
)

urgent_packet_over_reader = scenario(
    "a packet with urgent data, which the program may drop, arrives on the reader's CPU",
    setup=choosy_socket_in_map,
    run=[softirq(net_rx_urgent, 0, cpu=0), process(sys_recvmsg, fd0, True, cpu=0)],
    workers_cpu=0,
    pools={sock: 1, socket: 1, sk_psock: 1, sk_psock_link: 1, sk_buff: 1, sk_msg: 1},
    properties=LIFECYCLE + CALLBACKS + QUEUES,
)

packet_over_sender_to_its_reader = scenario(
    "a packet arrives at a socket on the CPU of another one's sender, whose message goes to the same reader",
    setup=target_of_a_peer,
    run=[process(sys_sendmsg, sender0, cpu=0), softirq(net_rx_data, 0, cpu=0)],
    workers_cpu=0,
    pools={sock: 1, socket: 1, sk_psock: 1, sk_psock_link: 1, sk_buff: 1, sk_msg: 1},
    properties=LIFECYCLE + CALLBACKS + QUEUES,
)

insert_and_redirect_over_close = scenario(
    "a BPF program puts a socket into the map on the CPU of the process that closes it, and data is redirected to it",
    setup=socket_redirecting_to_an_empty_slot,
    run=[softirq(program_updates_map_and_redirects, 1, 1, 0, cpu=0), process(sys_close, fd1, cpu=0)],
    workers_cpu=0,
    pools={sock: 2, socket: 2, sk_psock: 2, sk_psock_link: 2, sk_buff: 1, sk_msg: 1},
    properties=LIFECYCLE + CALLBACKS + QUEUES,
    expect={
        "null-deref": VIOLATED,
        "use-after-free": VIOLATED,
        "I30": VIOLATED,
        "data-race(socket.sk)": VIOLATED,
        "data-race(socket.ops)": VIOLATED,
    },
    why={
        "null-deref": "sock_map_update_elem() does not ask who owns the socket, so the psock comes after close() chose "
        "tcp_close(), which does not wait for the backlog",
        "use-after-free": "sock_map_update_elem() does not ask who owns the socket, so the psock comes after close() "
        "chose tcp_close(), which does not wait for the backlog",
        "I30": "sock_map_update_elem() does not ask who owns the socket, so the psock comes after close() chose "
        "tcp_close(), which does not wait for the backlog",
        "data-race(socket.sk)": "close() should have waited for the backlog, see null-deref",
        "data-race(socket.ops)": "close() should have waited for the backlog, see null-deref",
    },
)
