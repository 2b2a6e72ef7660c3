"""The stream parser on one CPU: who comes in over it, and what runs below it."""

from psockmc.lang import VIOLATED, scenario, softirq

from models.setups_strp import parsed_socket_with_a_program_on_its_acks
from models.skbuff import sk_buff
from models.skmsg import sk_msg, sk_psock, sk_psock_link
from models.sock import sock, socket
from models.syscalls import net_rx_data
from spec.invariants_lifecycle import LIFECYCLE
from spec.invariants_queues import QUEUES
from spec.invariants_strp import PARSER

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
