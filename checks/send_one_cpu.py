"""Senders with an SK_MSG program, interrupted on their own CPU: their target goes, their connection ends."""

from psockmc.lang import VIOLATED, process, scenario, softirq

from models.setups_send import corked_byte, redirecting, redirecting_out, redirecting_pairs
from models.skbuff import sk_buff
from models.skmsg import sk_msg, sk_psock, sk_psock_link
from models.sock import sock, socket
from models.syscalls import fd0, net_rx_reset, sys_close
from models.syscalls_maps import program_deletes
from models.syscalls_receive import net_rx_rst
from models.syscalls_send import one0, one1, sys_send, sys_send_shared, three0, two0
from spec.invariants_callbacks import CALLBACKS
from spec.invariants_lifecycle import LIFECYCLE
from spec.invariants_queues import QUEUES
from spec.invariants_send import SENDING

program_deletes_over_redirect = scenario(
    "a program deletes the target of a message on the sender's CPU",
    setup=redirecting,
    run=[process(sys_send, fd0, two0, cpu=0), softirq(program_deletes, 1, cpu=0)],
    workers_cpu=0,
    pools={sock: 2, socket: 2, sk_psock: 2, sk_psock_link: 2, sk_buff: 1, sk_msg: 1},
    properties=LIFECYCLE + CALLBACKS + QUEUES + SENDING,
    expect={"I39-owner": VIOLATED},
    why={
        "I39-owner": "sk_psock_destroy() frees messages that nobody has read, and uncharges them without the socket",
    },
)

program_deletes_sender_over_redirect = scenario(
    "a program deletes the sender's own socket, on the sender's CPU, while a verdict for two bytes is in use",
    setup=redirecting_pairs,
    run=[process(sys_send, fd0, three0, cpu=0), softirq(program_deletes, 0, cpu=0)],
    workers_cpu=0,
    pools={sock: 2, socket: 2, sk_psock: 2, sk_psock_link: 2, sk_buff: 1, sk_msg: 2},
    properties=LIFECYCLE + CALLBACKS + QUEUES + SENDING,
)

reset_over_redirect = scenario(
    "the target's connection is reset on the CPU of the sender whose message goes out on it",
    setup=redirecting_out,
    run=[process(sys_send, fd0, two0, cpu=0), softirq(net_rx_rst, 1, cpu=0)],
    workers_cpu=0,
    pools={sock: 2, socket: 2, sk_psock: 2, sk_psock_link: 2, sk_buff: 1, sk_msg: 1},
    quick=True,
    properties=LIFECYCLE + CALLBACKS + QUEUES + SENDING,
)

program_deletes_over_cork = scenario(
    "a program deletes a socket from the map on the CPU of a sender whose message is corked",
    setup=corked_byte,
    run=[process(sys_send, fd0, one1, cpu=0), softirq(program_deletes, 0, cpu=0)],
    workers_cpu=0,
    pools={sock: 1, socket: 1, sk_psock: 1, sk_psock_link: 1, sk_buff: 1, sk_msg: 2},
    properties=LIFECYCLE + CALLBACKS + QUEUES + SENDING,
    expect={"I39-owner": VIOLATED},
    why={
        "I39-owner": "sk_psock_drop(), called by the delete of a program in a softirq, frees the corked message and "
        "uncharges it without the socket",
    },
)

reset_over_close_with_a_cork = scenario(
    "the connection is reset on the CPU of two threads, of which one closes the socket and the other sends on it",
    setup=corked_byte,
    run=[
        process(sys_send_shared, fd0, one0, cpu=0),
        process(sys_close, fd0, cpu=0),
        softirq(net_rx_reset, 0, cpu=0),
    ],
    workers_cpu=0,
    pools={sock: 1, socket: 1, sk_psock: 1, sk_psock_link: 1, sk_buff: 1, sk_msg: 2},
    properties=LIFECYCLE + CALLBACKS + QUEUES + SENDING,
)
