"""Who reads from sockets in maps, of every family, and comes too late, too early, or with somebody else."""

from psockmc.lang import VIOLATED, process, scenario, softirq

from models.setups import receiving_socket_in_map
from models.setups_families import (
    udp_in_map,
    unix_stream_in_map,
    vsock_in_map,
    vsock_with_earlier_data_in_map,
)
from models.skbuff import sk_buff
from models.skmsg import sk_msg, sk_psock, sk_psock_link
from models.sock import sock, socket
from models.syscalls import fd0, fd1, map0, net_rx_data, sys_map_delete
from models.syscalls_families import (
    net_rx_udp,
    net_rx_udp_two,
    sys_udp_inq,
    sys_udp_recv,
    sys_unix_recv,
    sys_unix_send_oob,
    sys_vsock_recv,
    vsock_rx_data,
)
from models.syscalls_receive import sys_ioctl_siocinq
from spec.invariants_callbacks import CALLBACKS
from spec.invariants_families import UDP, UNIX, VSOCK
from spec.invariants_lifecycle import LIFECYCLE
from spec.invariants_queues import QUEUES
from spec.invariants_receive import RECEIVE
from spec.reasons import (
    IOCTL_LOADS_SK_PROT,
    IOCTL_READS_THE_PROGRAM,
    UDP_LEAVES_IT_TO_THE_NATIVE_READ,
    UNIX_RECVMSG_LOOKS_AT_THE_QUEUE,
)

# ---------------------------------------------------------------- TCP

fionread_against_delete = scenario(
    "a process asks how many bytes there are while the socket is deleted from the map and data arrives",
    setup=receiving_socket_in_map,
    run=[process(sys_ioctl_siocinq, fd0), process(sys_map_delete, map0, 0), softirq(net_rx_data, 0)],
    pools={sock: 1, socket: 1, sk_psock: 1, sk_psock_link: 1, sk_buff: 1, sk_msg: 1},
    properties=LIFECYCLE + CALLBACKS + QUEUES + RECEIVE,
    expect={
        "data-race(sk_psock.progs.stream_verdict)": VIOLATED,
        "data-race(sk_psock.progs.skb_verdict)": VIOLATED,
        "data-race(sock.sk_prot)": VIOLATED,
    },
    why={
        "data-race(sk_psock.progs.stream_verdict)": IOCTL_READS_THE_PROGRAM,
        "data-race(sk_psock.progs.skb_verdict)": IOCTL_READS_THE_PROGRAM,
        "data-race(sock.sk_prot)": IOCTL_LOADS_SK_PROT,
    },
)

# ---------------------------------------------------------------- UDP

udp_two_waiting_readers = scenario(
    "two readers wait on a socket in the map while two datagrams arrive",
    setup=udp_in_map,
    run=[process(sys_udp_recv, fd0, False), process(sys_udp_recv, fd0, False), softirq(net_rx_udp_two, 0)],
    pools={sock: 1, socket: 1, sk_psock: 1, sk_psock_link: 1, sk_buff: 2, sk_msg: 2},
    properties=LIFECYCLE + CALLBACKS + QUEUES + UDP,
    expect={"I59-native": VIOLATED, "I59-eagain": VIOLATED, "data-race(sock.sk_receive_queue.list)": VIOLATED},
    why={
        "data-race(sock.sk_receive_queue.list)": "udp_sk_has_data() looks at the receive queue plainly, without the "
        "queue's lock",
        "I59-native": UDP_LEAVES_IT_TO_THE_NATIVE_READ,
        "I59-eagain": "udp_msg_wait_data() is woken for a datagram that somebody else takes, and returns 0 as if "
        "time were up",
    },
)

udp_inq_against_delete = scenario(
    "a process asks how long the first datagram is while the socket is deleted from the map and one arrives",
    setup=udp_in_map,
    run=[process(sys_udp_inq, fd0), process(sys_map_delete, map0, 0), softirq(net_rx_udp, 0, 1)],
    pools={sock: 1, socket: 1, sk_psock: 1, sk_psock_link: 1, sk_buff: 1, sk_msg: 1},
    properties=LIFECYCLE + CALLBACKS + QUEUES + UDP,
    expect={"data-race(sock.sk_prot)": VIOLATED},
    why={"data-race(sock.sk_prot)": IOCTL_LOADS_SK_PROT},
)

# ---------------------------------------------------------------- AF_UNIX

unix_reader_of_an_urgent_byte = scenario(
    "a stream is read while it is taken out of the map and an urgent byte is sent to it",
    setup=unix_stream_in_map,
    run=[process(sys_unix_recv, fd0, True), process(sys_map_delete, map0, 0), process(sys_unix_send_oob, fd1)],
    pools={sock: 2, socket: 2, sk_psock: 1, sk_psock_link: 1, sk_buff: 1, sk_msg: 1},
    properties=LIFECYCLE + CALLBACKS + QUEUES + UNIX,
    expect={"data-race(sock.sk_receive_queue.list)": VIOLATED},
    why={"data-race(sock.sk_receive_queue.list)": UNIX_RECVMSG_LOOKS_AT_THE_QUEUE},
)

# ---------------------------------------------------------------- AF_VSOCK

vsock_reader_of_earlier_data = scenario(
    "data that had come before the socket was put into the map is read while more arrives",
    setup=vsock_with_earlier_data_in_map,
    run=[process(sys_vsock_recv, fd0, False), process(vsock_rx_data, 0, 2)],
    pools={sock: 1, socket: 1, sk_psock: 1, sk_psock_link: 1, sk_buff: 2, sk_msg: 2},
    properties=LIFECYCLE + CALLBACKS + QUEUES + VSOCK,
)

vsock_reader_against_delete = scenario(
    "a reader that does not wait, on a socket that is deleted from the map while data arrives",
    setup=vsock_in_map,
    run=[process(sys_vsock_recv, fd0, True), process(sys_map_delete, map0, 0), process(vsock_rx_data, 0, 1)],
    pools={sock: 1, socket: 1, sk_psock: 1, sk_psock_link: 1, sk_buff: 1, sk_msg: 1},
    properties=LIFECYCLE + CALLBACKS + QUEUES + VSOCK,
    expect={"data-race(sock.sk_data_ready)": VIOLATED},
    why={
        "data-race(sock.sk_data_ready)": "vsock_data_ready() loads sk_data_ready plainly, which a detach stores by "
        "WRITE_ONCE() under sk_callback_lock"
    },
)
