"""What fails at UDP and AF_UNIX sockets in maps: memory is short, a peer wants no more data, a psock is gone."""

from psockmc.lang import VIOLATED, process, scenario, softirq

from models.setups_families import (
    udp_in_map,
    unix_closable_stream_in_map,
    unix_dgram_in_map,
    unix_stream_in_map,
)
from models.skbuff import sk_buff
from models.skmsg import sk_msg, sk_psock, sk_psock_link
from models.sock import RCV_SHUTDOWN, sock, socket
from models.syscalls import fd0, fd1, map0, sys_map_delete
from models.syscalls_families import (
    net_rx_udp,
    sys_recv_nothing,
    sys_udp_recv,
    sys_unix_dgram_recv,
    sys_unix_dgram_send,
    sys_unix_recv,
    sys_unix_send,
    sys_unix_send_oob,
    sys_unix_shutdown,
)
from spec.invariants_callbacks import CALLBACKS
from spec.invariants_families import UNIX
from spec.invariants_lifecycle import LIFECYCLE
from spec.invariants_queues import QUEUES
from spec.reasons import UNIX_DOES_NOT_SLEEP_AND_GIVES_UP, UNIX_RECVMSG_LOOKS_AT_THE_QUEUE

# ---------------------------------------------------------------- AF_UNIX

unix_send_short_of_memory = scenario(
    "memory is short while data is sent to a stream in the map",
    setup=unix_stream_in_map,
    run=[process(sys_unix_send, fd1, 1), process(sys_unix_recv, fd0, True)],
    pools={sock: 2, socket: 2, sk_psock: 1, sk_psock_link: 1, sk_buff: 1, sk_msg: 1},
    may_fail=[sk_buff, sk_msg],
    properties=LIFECYCLE + CALLBACKS + QUEUES + UNIX,
    expect={"data-race(sock.sk_receive_queue.list)": VIOLATED},
    why={"data-race(sock.sk_receive_queue.list)": UNIX_RECVMSG_LOOKS_AT_THE_QUEUE},
)

unix_send_against_shutdown = scenario(
    "a stream in the map wants no more data, while data is sent to it",
    setup=unix_closable_stream_in_map,
    run=[process(sys_unix_send, fd1, 1), process(sys_unix_shutdown, fd0, RCV_SHUTDOWN)],
    pools={sock: 2, socket: 2, sk_psock: 1, sk_psock_link: 1, sk_buff: 1, sk_msg: 1},
    properties=LIFECYCLE + CALLBACKS + QUEUES + UNIX,
)

unix_urgent_byte_against_shutdown = scenario(
    "the same with an urgent byte, for which memory may be short",
    setup=unix_closable_stream_in_map,
    run=[process(sys_unix_send_oob, fd1), process(sys_unix_shutdown, fd0, RCV_SHUTDOWN)],
    pools={sock: 2, socket: 2, sk_psock: 1, sk_psock_link: 1, sk_buff: 1, sk_msg: 1},
    may_fail=[sk_buff],
    properties=LIFECYCLE + CALLBACKS + QUEUES + UNIX,
)

unix_reader_against_delete = scenario(
    "a reader waits on a stream that is taken out of the map, while data is sent to it",
    setup=unix_stream_in_map,
    run=[process(sys_unix_recv, fd0, False), process(sys_map_delete, map0, 0), process(sys_unix_send, fd1, 1)],
    pools={sock: 2, socket: 2, sk_psock: 1, sk_psock_link: 1, sk_buff: 1, sk_msg: 1},
    properties=LIFECYCLE + CALLBACKS + QUEUES + UNIX,
    expect={"I59-eagain": VIOLATED, "data-race(sock.sk_receive_queue.list)": VIOLATED},
    why={
        "I59-eagain": UNIX_DOES_NOT_SLEEP_AND_GIVES_UP,
        "data-race(sock.sk_receive_queue.list)": UNIX_RECVMSG_LOOKS_AT_THE_QUEUE,
    },
)

unix_dgram_reader_against_delete = scenario(
    "the same with a datagram",
    setup=unix_dgram_in_map,
    run=[
        process(sys_unix_dgram_recv, fd0, False),
        process(sys_map_delete, map0, 0),
        process(sys_unix_dgram_send, fd1, 1),
    ],
    pools={sock: 2, socket: 2, sk_psock: 1, sk_psock_link: 1, sk_buff: 1, sk_msg: 1},
    properties=LIFECYCLE + CALLBACKS + QUEUES + UNIX,
    expect={"I59-eagain": VIOLATED, "data-race(sock.sk_receive_queue.list)": VIOLATED},
    why={
        "I59-eagain": UNIX_DOES_NOT_SLEEP_AND_GIVES_UP,
        "data-race(sock.sk_receive_queue.list)": UNIX_RECVMSG_LOOKS_AT_THE_QUEUE,
    },
)

unix_datagram_against_shutdown = scenario(
    "a datagram socket in the map wants no more data and asks for no byte, while a datagram is sent to it",
    setup=unix_dgram_in_map,
    run=[
        process(sys_unix_dgram_send, fd1, 1),
        process(sys_unix_shutdown, fd0, RCV_SHUTDOWN),
        process(sys_recv_nothing, fd0),
    ],
    pools={sock: 2, socket: 2, sk_psock: 1, sk_psock_link: 1, sk_buff: 1, sk_msg: 1},
    may_fail=[sk_buff],
    properties=LIFECYCLE + CALLBACKS + QUEUES + UNIX,
)

# ---------------------------------------------------------------- UDP

udp_datagram_short_of_memory = scenario(
    "memory is short while a datagram arrives at a socket in the map",
    setup=udp_in_map,
    run=[softirq(net_rx_udp, 0, 1), process(sys_udp_recv, fd0, True), process(sys_recv_nothing, fd0)],
    pools={sock: 1, socket: 1, sk_psock: 1, sk_psock_link: 1, sk_buff: 1, sk_msg: 1},
    may_fail=[sk_buff, sk_msg],
    properties=LIFECYCLE + CALLBACKS + QUEUES,
    expect={"data-race(sk_psock.ingress_skb.list)": VIOLATED},
    why={
        "data-race(sk_psock.ingress_skb.list)": "psock_has_data() looks at the backlog's queue plainly, without its "
        "lock, while the verdict adds the datagram for which it found no message"
    },
)
