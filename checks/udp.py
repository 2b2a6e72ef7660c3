"""UDP sockets in maps."""

from psockmc.lang import VIOLATED, process, scenario, softirq

from models.setups_families import (
    udp_closable,
    udp_closable_in_map,
    udp_in_map,
    udp_with_data_in_backlog,
    udp_with_data_to_send,
    udp_with_messages,
    udp_without_port,
)
from models.skbuff import sk_buff
from models.skmsg import sk_msg, sk_psock, sk_psock_link
from models.sock import sock, socket
from models.syscalls import fd0, map0, sys_close, sys_map_delete
from models.syscalls_families import (
    net_rx_udp,
    net_rx_udp_two,
    program_looks_up_socket,
    program_updates_map_with_udp,
    sys_bind_and_close,
    sys_udp_inq,
    sys_udp_recv,
)
from spec.invariants_callbacks import CALLBACKS
from spec.invariants_families import UDP
from spec.invariants_lifecycle import LIFECYCLE
from spec.invariants_queues import QUEUES
from spec.reasons import (
    ORPHAN_CLEARS_SK_WQ,
    ORPHAN_SETS_SOCK_DEAD,
    RELEASE_LOADS_SK_PROT,
    SOCK_CLOSE_CLEARS_OPS,
    UDP_LEAVES_IT_TO_THE_NATIVE_READ,
)

udp_packet_against_close_and_delete = scenario(
    "a datagram arrives at a socket that is deleted from the map and closed",
    setup=udp_closable_in_map,
    run=[softirq(net_rx_udp, 0, 1), process(sys_map_delete, map0, 0), process(sys_close, fd0)],
    pools={sock: 1, socket: 1, sk_psock: 1, sk_psock_link: 1, sk_buff: 1, sk_msg: 1},
    properties=LIFECYCLE + CALLBACKS + QUEUES + UDP,
    expect={
        "data-race(sock.sk_prot)": VIOLATED,
        "data-race(sock.sk_wq)": VIOLATED,
        "data-race(sock.sock_dead)": VIOLATED,
        "data-race(socket.ops)": VIOLATED,
    },
    why={
        "data-race(sock.sk_prot)": RELEASE_LOADS_SK_PROT,
        "data-race(sock.sk_wq)": ORPHAN_CLEARS_SK_WQ,
        "data-race(sock.sock_dead)": ORPHAN_SETS_SOCK_DEAD,
        "data-race(socket.ops)": SOCK_CLOSE_CLEARS_OPS,
    },
)

udp_packets_on_two_cpus = scenario(
    "datagrams arrive at one socket on two CPUs",
    setup=udp_in_map,
    run=[softirq(net_rx_udp, 0, 0), softirq(net_rx_udp_two, 0)],
    pools={sock: 1, socket: 1, sk_psock: 1, sk_psock_link: 1, sk_buff: 3, sk_msg: 3},
    properties=LIFECYCLE + CALLBACKS + QUEUES + UDP,
    expect={"I32": VIOLATED},
    why={
        "I32": "udp_read_skb() runs in several softirqs at once: one that took an older datagram off may queue it "
        "after another has queued a younger one. UDP promises no order, but its own queue keeps that of one sender",
    },
)

udp_packets_against_delete = scenario(
    "datagrams arrive at one socket on two CPUs while it is deleted from the map",
    setup=udp_in_map,
    run=[softirq(net_rx_udp, 0, 0), softirq(net_rx_udp, 0, 0), process(sys_map_delete, map0, 0)],
    pools={sock: 1, socket: 1, sk_psock: 1, sk_psock_link: 1, sk_buff: 2, sk_msg: 2},
    quick=True,
    properties=LIFECYCLE + CALLBACKS + QUEUES + UDP,
)

udp_reader_while_a_packet_arrives = scenario(
    "a reader waits on a socket in the map while a datagram arrives",
    setup=udp_in_map,
    run=[process(sys_udp_recv, fd0, False), softirq(net_rx_udp, 0, 1)],
    pools={sock: 1, socket: 1, sk_psock: 1, sk_psock_link: 1, sk_buff: 1, sk_msg: 1},
    properties=LIFECYCLE + CALLBACKS + QUEUES + UDP,
    expect={"I59-native": VIOLATED},
    why={
        "I59-native": UDP_LEAVES_IT_TO_THE_NATIVE_READ,
    },
)

udp_two_readers = scenario(
    "two processes read from one socket, and a third asks how much there is",
    setup=udp_with_messages,
    run=[process(sys_udp_recv, fd0, True), process(sys_udp_recv, fd0, True), process(sys_udp_inq, fd0)],
    pools={sock: 1, socket: 1, sk_psock: 1, sk_psock_link: 1, sk_buff: 2, sk_msg: 2},
    properties=LIFECYCLE + CALLBACKS + QUEUES + UDP,
    expect={"data-race(sk_msg.sg.size)": VIOLATED},
    why={
        "data-race(sk_msg.sg.size)": "sk_msg_first_len() reads the size of a message under ingress_lock, "
        "__sk_msg_recvmsg() stores it as the owner of the socket",
    },
)

udp_reader_and_backlog_on_one_cpu = scenario(
    "a reader waits on the CPU of the backlog that is to deliver to it",
    setup=udp_with_data_in_backlog,
    run=[process(sys_udp_recv, fd0, False, cpu=0)],
    workers_cpu=0,
    pools={sock: 1, socket: 1, sk_psock: 1, sk_psock_link: 1, sk_buff: 1, sk_msg: 1},
    properties=LIFECYCLE + CALLBACKS + QUEUES + UDP,
    expect={"I59-spin": VIOLATED},
    why={
        "I59-spin": "udp_msg_wait_data() takes an skb on the backlog's queue for data and does not sleep, "
        "udp_bpf_recvmsg() finds no message and asks it again",
    },
)

udp_lookup_against_bind = scenario(
    "a program looks a socket up while it is given a port, which it had not when it was to be put into the map",
    setup=udp_without_port,
    run=[softirq(program_looks_up_socket), process(sys_bind_and_close, fd0)],
    pools={sock: 1, socket: 1, sk_psock: 1, sk_psock_link: 1, sk_buff: 1, sk_msg: 1},
    properties=LIFECYCLE + CALLBACKS + UDP,
)

udp_program_inserts_closing_socket = scenario(
    "a program puts a datagram's socket into the map while the socket is closed",
    setup=udp_closable,
    run=[softirq(program_updates_map_with_udp, 0, 0), process(sys_close, fd0)],
    pools={sock: 1, socket: 1, sk_psock: 1, sk_psock_link: 1, sk_buff: 1, sk_msg: 1},
    properties=LIFECYCLE + CALLBACKS + UDP,
    expect={
        "I34": VIOLATED,
        "I34-closed": VIOLATED,
        "leak": VIOLATED,
        "refcount": VIOLATED,
        "data-race(sock.hashed)": VIOLATED,
        "data-race(sock.sk_prot)": VIOLATED,
    },
    why={
        "I34": "the socket's memory is kept by RCU only when sk_psock_init() takes a reference; the map keeps it "
        "longer",
        "I34-closed": "the program puts the socket into the map after udp_destroy_sock(), and nothing in close() looks "
        "for a psock behind sock_map_close()",
        "leak": "the count of references of the socket does not come to 0 again",
        "refcount": "a program finds the socket under RCU without a reference; sock_map_update_elem() asks sk_hashed() "
        "while close() is about to unhash the socket and to put the last reference, and then takes one by sock_hold()",
        "data-race(sock.hashed)": "sk_hashed() reads sk_node plainly, without the lock of the table of ports",
        "data-race(sock.sk_prot)": RELEASE_LOADS_SK_PROT,
    },
)

udp_close_against_backlog = scenario(
    "close() while the backlog sends a datagram, and another process deletes the socket from the map",
    setup=udp_with_data_to_send,
    run=[process(sys_close, fd0), process(sys_map_delete, map0, 0)],
    pools={sock: 1, socket: 1, sk_psock: 1, sk_psock_link: 1, sk_buff: 1, sk_msg: 1},
    properties=LIFECYCLE + CALLBACKS + QUEUES + UDP,
    expect={"data-race(sock.sk_prot)": VIOLATED},
    why={"data-race(sock.sk_prot)": RELEASE_LOADS_SK_PROT},
)

udp_reader_against_delete = scenario(
    "a reader waits on a socket that is deleted from the map while a datagram arrives",
    setup=udp_in_map,
    run=[process(sys_udp_recv, fd0, False), process(sys_map_delete, map0, 0), softirq(net_rx_udp, 0, 1)],
    pools={sock: 1, socket: 1, sk_psock: 1, sk_psock_link: 1, sk_buff: 1, sk_msg: 1},
    properties=LIFECYCLE + CALLBACKS + QUEUES + UDP,
    expect={
        "I59-native": VIOLATED,
    },
    why={
        "I59-native": "udp_bpf_recvmsg() leaves it to the native read when the psock has nothing yet; that one sleeps "
        "until something is on the native queue, which the verdict empties; its reference keeps the psock, which is "
        "in no map any more",
    },
)
