"""Who waits, tries again or queues itself again: all of that ends, as long as everybody in the kernel goes on."""

from psockmc.lang import VIOLATED, process, scenario, softirq

from models.setups import (
    data_to_read_in_backlog,
    full_send_buffer,
    more_data_to_send_in_backlog,
    receiving_socket_in_map,
    socket_in_map,
    target_of_a_sender,
)
from models.setups_families import unix_plain_stream_in_map
from models.setups_receive import native_data_outside
from models.skbuff import sk_buff
from models.skmsg import sk_msg, sk_psock, sk_psock_link
from models.sock import MSG_DONTWAIT, SEND_SHUTDOWN, sock, socket
from models.sock_map import BPF_ANY
from models.syscalls import (
    fd0,
    fd1,
    map0,
    net_rx_ack,
    net_rx_data,
    net_rx_reset,
    sender0,
    sys_close,
    sys_map_delete,
    sys_map_update,
    sys_recvmsg,
    sys_sendmsg,
)
from models.syscalls_families import sys_unix_shutdown
from models.syscalls_receive import net_rx_ack_unheard, sys_recv
from spec.liveness import PROGRESS
from spec.reasons import CLOSE_LOADS_SK_PROT

close_retries = scenario(
    "close() tries again while another process detaches the psock",
    setup=socket_in_map,
    run=[process(sys_close, fd0), process(sys_map_delete, map0, 0)],
    pools={sock: 1, socket: 1, sk_psock: 1, sk_psock_link: 1, sk_buff: 1, sk_msg: 1},
    quick=True,
    properties=PROGRESS,
    expect={"data-race(sock.sk_prot)": VIOLATED},
    why={"data-race(sock.sk_prot)": CLOSE_LOADS_SK_PROT},
)

destroy_retries = scenario(
    "a closed socket is reset on another CPU than that of a sender whose reference on the psock is the last",
    setup=target_of_a_sender,
    run=[process(sys_sendmsg, sender0), softirq(net_rx_reset, 0), process(sys_close, fd0)],
    pools={sock: 1, socket: 1, sk_psock: 1, sk_psock_link: 1, sk_buff: 1, sk_msg: 1},
    properties=PROGRESS,
    expect={"data-race(sock.sk_prot)": VIOLATED},
    why={"data-race(sock.sk_prot)": CLOSE_LOADS_SK_PROT},
)

destroy_retries_over_the_dropper = scenario(
    "a closed socket is reset on the CPU of a sender whose reference on the psock is the last",
    setup=target_of_a_sender,
    run=[process(sys_sendmsg, sender0, cpu=0), softirq(net_rx_reset, 0, cpu=0), process(sys_close, fd0)],
    pools={sock: 1, socket: 1, sk_psock: 1, sk_psock_link: 1, sk_buff: 1, sk_msg: 1},
    quick=True,
    properties=PROGRESS,
    expect={"livelock": VIOLATED, "data-race(sock.sk_prot)": VIOLATED},
    why={
        "livelock": "the sender has put the last reference and is interrupted by the softirq that destroys the socket: "
        "sock_map_destroy() tries again for ever, since the sender cannot go on below it",
        "data-race(sock.sk_prot)": CLOSE_LOADS_SK_PROT,
    },
)

unhash_retries = scenario(
    "the peer of an AF_UNIX stream in a map shuts down while the stream is deleted",
    setup=unix_plain_stream_in_map,
    run=[process(sys_unix_shutdown, fd1, SEND_SHUTDOWN), process(sys_map_delete, map0, 0)],
    pools={sock: 2, socket: 2, sk_psock: 1, sk_psock_link: 1, sk_buff: 1, sk_msg: 1},
    properties=PROGRESS,
)

backlog_without_room = scenario(
    "a backlog queues itself again until an ACK makes room, which need not come, or the socket is deleted",
    setup=full_send_buffer,
    run=[softirq(net_rx_ack, 0), process(sys_map_delete, map0, 0)],
    pools={sock: 1, socket: 1, sk_psock: 1, sk_psock_link: 1, sk_buff: 1, sk_msg: 1},
    properties=PROGRESS,
)

room_to_send_untold = scenario(
    "the send buffer of a backlog's socket gets room, nobody is told, and a reader that might ask need not come",
    setup=full_send_buffer,
    run=[softirq(net_rx_ack_unheard, 0), process(sys_recv, fd0, 1, MSG_DONTWAIT)],
    pools={sock: 1, socket: 1, sk_psock: 1, sk_psock_link: 1, sk_buff: 1, sk_msg: 1},
    quick=True,
    properties=PROGRESS,
)

backlog_against_close = scenario(
    "the backlog sends while the socket is closed",
    setup=more_data_to_send_in_backlog,
    run=[process(sys_close, fd0)],
    pools={sock: 1, socket: 1, sk_psock: 1, sk_psock_link: 1, sk_buff: 2, sk_msg: 1},
    properties=PROGRESS,
)

reader_of_redirected_data = scenario(
    "a reader that need not come, and data that was redirected to it",
    setup=data_to_read_in_backlog,
    run=[process(sys_recvmsg, fd0, False)],
    pools={sock: 1, socket: 1, sk_psock: 1, sk_psock_link: 1, sk_buff: 1, sk_msg: 1},
    quick=True,
    properties=PROGRESS,
)

reader_of_a_packet = scenario(
    "a reader waits while a packet arrives",
    setup=receiving_socket_in_map,
    run=[process(sys_recvmsg, fd0, False), softirq(net_rx_data, 0)],
    pools={sock: 1, socket: 1, sk_psock: 1, sk_psock_link: 1, sk_buff: 1, sk_msg: 1},
    properties=PROGRESS,
)

insert_with_native_data_and_a_reader = scenario(
    "a socket that has data is taken into a map whose program redirects; its own reader need not come",
    setup=native_data_outside,
    run=[process(sys_map_update, map0, 0, fd0, BPF_ANY), process(sys_recvmsg, fd0, True)],
    pools={sock: 2, socket: 2, sk_psock: 2, sk_psock_link: 2, sk_buff: 1, sk_msg: 1},
    properties=PROGRESS,
    expect={"I60-live": VIOLATED},
    why={
        "I60-live": "sock_map_link() installs the callback and does not call it for what is on the receive queue; only "
        "tcp_bpf_recvmsg_parser() does, and nobody need read from a socket whose data goes elsewhere",
    },
)
