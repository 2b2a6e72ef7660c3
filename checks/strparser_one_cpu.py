"""The stream parser on one CPU: packets come in over its worker, its timer, its readers, and those who stop it."""

from psockmc.lang import VIOLATED, process, scenario, softirq

from models.setups_strp import (
    closable_parsed_socket,
    parsed_socket,
    parsed_socket_in_another_map,
    parsed_socket_with_a_program_on_its_acks,
    socket_with_a_timeout,
    sys_map_reinsert,
)
from models.skbuff import sk_buff
from models.skmsg import sk_msg, sk_psock, sk_psock_link
from models.sock import sock, socket
from models.syscalls import fd0, map0, net_rx_data, net_rx_two, sys_close, sys_map_delete, sys_recvmsg
from spec.invariants_callbacks import I62
from spec.invariants_lifecycle import LIFECYCLE
from spec.invariants_queues import QUEUES
from spec.invariants_strp import PARSER

parsed_packet_over_reader = scenario(
    "a packet that is a message arrives on the CPU of its reader, which has the parser's worker as well",
    setup=parsed_socket,
    run=[process(sys_recvmsg, fd0, True, cpu=0), softirq(net_rx_data, 0, cpu=0)],
    workers_cpu=0,
    pools={sock: 1, socket: 1, sk_psock: 1, sk_psock_link: 1, sk_buff: 2, sk_msg: 1},
    may_fail=[sk_msg],
    properties=LIFECYCLE + QUEUES + PARSER,
    expect={"data-race(sk_psock.ingress_bytes)": VIOLATED},
    why={
        "data-race(sk_psock.ingress_bytes)": "sk_psock_skb_ingress_enqueue() adds to it in the backlog, without the "
        "socket, while tcp_bpf_strp_read_sock() in the parser's worker reads it",
    },
)

parsed_packets_over_delete = scenario(
    "packets arrive, while memory is short, on the CPU that deletes a socket with a parser from the map",
    setup=parsed_socket,
    run=[process(sys_map_delete, map0, 0, cpu=0), softirq(net_rx_two, 0, cpu=0)],
    workers_cpu=0,
    pools={sock: 1, socket: 1, sk_psock: 1, sk_psock_link: 1, sk_buff: 4, sk_msg: 2},
    may_fail=[sk_buff],
    properties=LIFECYCLE + QUEUES + PARSER + [I62],
    expect={"assert": VIOLATED, "I62": VIOLATED},
    why={
        "assert": "strp_work() tests `stopped` and then asks for the psock, while sk_psock_drop() does both without "
        "the socket: the worker is preempted past its test",
        "I62": "strp_work() holds the socket, not sk_callback_lock: when it has a message, sk_psock_drop() has "
        "detached the psock, and sk_psock_strp_read() drops it",
    },
)

parsed_packet_over_close = scenario(
    "a packet arrives for the parser on the CPU of the process that closes the socket",
    setup=closable_parsed_socket,
    run=[process(sys_close, fd0, cpu=0), softirq(net_rx_data, 0, cpu=0)],
    workers_cpu=0,
    pools={sock: 1, socket: 1, sk_psock: 1, sk_psock_link: 1, sk_buff: 2, sk_msg: 1},
    properties=LIFECYCLE + QUEUES + PARSER,
    expect={"assert": VIOLATED},
    why={
        "assert": "strp_work() tests `stopped` and then asks for the psock, while sk_psock_drop() does both without "
        "the socket: the worker is preempted past its test",
    },
)

packets_over_parser_timer = scenario(
    "the second half of a message arrives on the CPU of the timer for which it is too late",
    setup=socket_with_a_timeout,
    run=[softirq(net_rx_two, 0, cpu=0), process(sys_map_delete, map0, 0, cpu=0)],
    workers_cpu=0,
    pools={sock: 1, socket: 1, sk_psock: 1, sk_psock_link: 1, sk_buff: 4, sk_msg: 1},
    properties=LIFECYCLE + QUEUES + PARSER,
)

packet_over_reinsert_of_a_parser = scenario(
    "a packet arrives on the CPU that takes a socket out of its parser's map and puts it in again",
    setup=parsed_socket_in_another_map,
    run=[process(sys_map_reinsert, map0, 0, fd0, cpu=0), softirq(net_rx_data, 0, cpu=0)],
    workers_cpu=0,
    pools={sock: 1, socket: 1, sk_psock: 1, sk_psock_link: 3, sk_buff: 2, sk_msg: 1},
    properties=LIFECYCLE + QUEUES + PARSER,
    expect={"I21": VIOLATED, "leak": VIOLATED, "work-usage": VIOLATED},
    why={
        "I21": "sock_map_del_link() only stops the parser; sock_map_link() finds it stopped and sk_psock_init_strp() "
        "clears it, with the incomplete message and the timer",
        "leak": "strp_init() forgets the incomplete message of a parser that was stopped and not finished",
        "work-usage": "strp_init() initialises the timer of a parser that was stopped and not finished",
    },
)

program_deletes_under_an_ack = scenario(
    "a packet arrives for the parser, and a program at the egress of a device deletes the socket when the ACK leaves",
    setup=parsed_socket_with_a_program_on_its_acks,
    run=[softirq(net_rx_data, 0, cpu=0)],
    workers_cpu=0,
    pools={sock: 1, socket: 1, sk_psock: 1, sk_psock_link: 1, sk_buff: 2, sk_msg: 1},
    quick=True,
    properties=LIFECYCLE + QUEUES + PARSER,
    expect={"self-deadlock": VIOLATED},
    why={
        "self-deadlock": "sk_psock_strp_data_ready() reads sk_callback_lock around the parser, and an ACK "
        "may be sent there (tcp_bpf_strp_read_sock()), and a program on its way may delete the socket: that writes it",
    },
)
