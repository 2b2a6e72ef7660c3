"""AF_VSOCK sockets in maps."""

from psockmc.lang import VIOLATED, process, scenario

from models.setups_families import (
    vsock_closable_in_map,
    vsock_closable_with_data_to_send,
    vsock_in_map,
    vsock_unconnected,
    vsock_with_a_transport,
    vsock_with_data_to_send,
)
from models.skbuff import sk_buff
from models.skmsg import sk_msg, sk_psock, sk_psock_link
from models.sock import sock, socket
from models.sock_map import BPF_ANY
from models.syscalls import fd0, map0, sys_close, sys_map_delete, sys_map_update
from models.syscalls_families import (
    sys_vsock_connect_and_elsewhere,
    sys_vsock_connect_nowhere,
    sys_vsock_connect_nowhere_and_listen,
    sys_vsock_poll,
    sys_vsock_recv,
    vsock_rx_data,
    vsock_rx_request,
    vsock_rx_response,
)
from spec.invariants_callbacks import CALLBACKS
from spec.invariants_families import VSOCK
from spec.invariants_lifecycle import LIFECYCLE
from spec.invariants_queues import QUEUES

vsock_packet_against_close_and_delete = scenario(
    "data arrives at a socket that is deleted from the map and closed",
    setup=vsock_closable_in_map,
    run=[process(vsock_rx_data, 0, 1), process(sys_map_delete, map0, 0), process(sys_close, fd0)],
    pools={sock: 1, socket: 1, sk_psock: 1, sk_psock_link: 1, sk_buff: 1, sk_msg: 1},
    properties=LIFECYCLE + CALLBACKS + QUEUES + VSOCK,
    expect={
        "data-race(sock.sk_data_ready)": VIOLATED,
        "data-race(sock.sk_prot)": VIOLATED,
    },
    why={
        "data-race(sock.sk_data_ready)": "vsock_data_ready() loads sk_data_ready plainly, which a detach stores by "
        "WRITE_ONCE() under sk_callback_lock",
        "data-race(sock.sk_prot)": "vsock_release() loads sk_prot plainly while a detach stores it by WRITE_ONCE()",
    },
)

vsock_reader_while_data_arrives = scenario(
    "a reader waits on a socket in the map while data arrives",
    setup=vsock_in_map,
    run=[process(sys_vsock_recv, fd0, False), process(vsock_rx_data, 0, 1)],
    pools={sock: 1, socket: 1, sk_psock: 1, sk_psock_link: 1, sk_buff: 1, sk_msg: 1},
    quick=True,
    properties=LIFECYCLE + CALLBACKS + QUEUES + VSOCK,
)

vsock_reader_while_backlog_sends = scenario(
    "a reader waits on a socket in the map, whose backlog sends, while data arrives",
    setup=vsock_with_data_to_send,
    run=[process(sys_vsock_recv, fd0, False), process(vsock_rx_data, 0, 1)],
    pools={sock: 1, socket: 1, sk_psock: 1, sk_psock_link: 1, sk_buff: 2, sk_msg: 1},
    properties=LIFECYCLE + CALLBACKS + QUEUES + VSOCK,
    expect={
        "I59-native": VIOLATED,
        "data-race(sk_psock.ingress_skb.list)": VIOLATED,
    },
    why={
        "I59-native": "vsock_msg_wait_data() takes what waits to be sent for data, vsock_bpf_recvmsg() finds no "
        "message and leaves it to the native read; that one sleeps until there is native data, which the verdict takes",
        "data-race(sk_psock.ingress_skb.list)": "vsock_has_data() looks at the backlog's queue plainly, without its "
        "lock",
    },
)

vsock_poll_while_data_arrives = scenario(
    "poll() on a socket in the map while data arrives",
    setup=vsock_in_map,
    run=[process(sys_vsock_poll, fd0), process(vsock_rx_data, 0, 1)],
    pools={sock: 1, socket: 1, sk_psock: 1, sk_psock_link: 1, sk_buff: 1, sk_msg: 1},
    properties=LIFECYCLE + CALLBACKS + QUEUES + VSOCK,
)

vsock_recv_against_failing_connect = scenario(
    "a reader of a socket that was to be put into the map while connect() fails",
    setup=vsock_with_a_transport,
    run=[process(sys_vsock_recv, fd0, True), process(sys_vsock_connect_nowhere, fd0)],
    pools={sock: 1, socket: 1, sk_psock: 1, sk_psock_link: 1, sk_buff: 1, sk_msg: 1},
    properties=LIFECYCLE + CALLBACKS + QUEUES + VSOCK,
)

vsock_request_after_failing_connect = scenario(
    "connect() fails on a socket that was to be put into the map, which then listens, and somebody connects to it",
    setup=vsock_with_a_transport,
    run=[process(sys_vsock_connect_nowhere_and_listen, fd0), process(vsock_rx_request, 0)],
    pools={sock: 1, socket: 1, sk_psock: 1, sk_psock_link: 1, sk_buff: 1, sk_msg: 1},
    properties=LIFECYCLE + CALLBACKS + QUEUES + VSOCK,
)

vsock_update_against_interrupted_connect = scenario(
    "a socket is put into the map while connect() ends by the answer or by a signal, and tries elsewhere then",
    setup=vsock_unconnected,
    run=[
        process(sys_vsock_connect_and_elsewhere, fd0),
        process(vsock_rx_response, 0),
        process(sys_map_update, map0, 0, fd0, BPF_ANY),
    ],
    pools={sock: 1, socket: 1, sk_psock: 1, sk_psock_link: 1, sk_buff: 1, sk_msg: 1},
    properties=LIFECYCLE + CALLBACKS + QUEUES + VSOCK,
)

vsock_close_against_backlog = scenario(
    "close() while the backlog sends, and another process deletes the socket from the map",
    setup=vsock_closable_with_data_to_send,
    run=[process(sys_close, fd0), process(sys_map_delete, map0, 0)],
    pools={sock: 1, socket: 1, sk_psock: 1, sk_psock_link: 1, sk_buff: 1, sk_msg: 1},
    properties=LIFECYCLE + CALLBACKS + QUEUES + VSOCK,
    expect={"data-race(sock.sk_prot)": VIOLATED},
    why={
        "data-race(sock.sk_prot)": "vsock_release() loads sk_prot plainly while a detach stores it by WRITE_ONCE()",
    },
)
