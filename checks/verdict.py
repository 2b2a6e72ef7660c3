"""Packets and verdicts against those who take the psock away."""

from psockmc.lang import VIOLATED, process, scenario, softirq

from models.setups import (
    choosy_socket_in_map,
    receiving_closable_socket_in_map,
    receiving_socket_in_map,
    socket_redirecting_to_an_empty_slot,
    target_of_a_sender,
    two_sockets_redirecting_to_the_reader,
    two_sockets_redirecting_to_the_wire,
)
from models.skbuff import sk_buff
from models.skmsg import sk_msg, sk_psock, sk_psock_link
from models.sock import sock, socket
from models.syscalls import (
    fd0,
    fd1,
    map0,
    net_rx_data,
    net_rx_reset,
    net_rx_two,
    net_rx_urgent,
    program_updates_map_and_redirects,
    sender0,
    sys_close,
    sys_map_delete,
    sys_poll,
    sys_recvmsg,
    sys_sendmsg,
)
from spec.invariants_callbacks import CALLBACKS, I62
from spec.invariants_lifecycle import I02, I03, I07, I10, I12, I14, I34, LIFECYCLE, nobody_spins_over_the_dropper
from spec.invariants_queues import I23, I24, I27, I28, I29, I30, I33, I36, QUEUES
from spec.reasons import (
    BACKLOG_PEEKS_WITHOUT_THE_LOCK,
    CLOSE_LOADS_SK_PROT,
    ORPHAN_SETS_SOCK_DEAD,
    STATE_IS_READ_WITHOUT_THE_SOCKET,
    UPDATE_ELEM_IGNORES_THE_OWNER,
)

delete_against_data_ready = scenario(
    "two packets arrive while the socket is deleted from the map",
    setup=receiving_socket_in_map,
    run=[softirq(net_rx_two, 0), process(sys_map_delete, map0, 0)],
    pools={sock: 1, socket: 1, sk_psock: 1, sk_psock_link: 1, sk_buff: 2, sk_msg: 2},
    may_fail=[sk_msg],
    properties=LIFECYCLE + CALLBACKS + QUEUES + [I62],
    expect={"I62": VIOLATED, "data-race(sk_psock.ingress_skb.list)": VIOLATED},
    why={
        "data-race(sk_psock.ingress_skb.list)": "sk_psock_backlog() peeks at ingress_skb plainly and without its lock "
        "while a softirq appends to it",
        "I62": "sk_psock_verdict_recv() drops what it takes off the receive queue when the psock is gone; the callback "
        "was loaded before the detach put the old one back",
    },
)

softirq_on_the_droppers_cpu = scenario(
    "a packet arrives on the CPU that deletes the socket from the map, while another closes it",
    setup=receiving_closable_socket_in_map,
    run=[softirq(net_rx_data, 0, cpu=0), process(sys_map_delete, map0, 0, cpu=0), process(sys_close, fd0)],
    pools={sock: 1, socket: 1, sk_psock: 1, sk_psock_link: 1, sk_buff: 1, sk_msg: 1},
    properties=LIFECYCLE + CALLBACKS + QUEUES,
    expect={"data-race(sock.sk_prot)": VIOLATED},
    why={"data-race(sock.sk_prot)": CLOSE_LOADS_SK_PROT},
)

close_against_data_ready = scenario(
    "a packet arrives while the socket is closed",
    setup=receiving_closable_socket_in_map,
    run=[softirq(net_rx_data, 0), process(sys_close, fd0)],
    pools={sock: 1, socket: 1, sk_psock: 1, sk_psock_link: 1, sk_buff: 1, sk_msg: 1},
    quick=True,
    properties=LIFECYCLE + CALLBACKS + QUEUES,
)

recvmsg_against_packet_and_delete = scenario(
    "a reader, a packet and a delete at the same time",
    setup=receiving_socket_in_map,
    run=[process(sys_recvmsg, fd0, True), softirq(net_rx_data, 0), process(sys_map_delete, map0, 0)],
    pools={sock: 1, socket: 1, sk_psock: 1, sk_psock_link: 1, sk_buff: 1, sk_msg: 1},
    properties=LIFECYCLE + CALLBACKS + QUEUES,
    expect={"data-race(sock.sk_receive_queue.list)": VIOLATED},
    why={
        "data-race(sock.sk_receive_queue.list)": "skb_queue_empty() looks at the receive queue plainly and without its "
        "lock",
    },
)

redirect_into_closing_socket = scenario(
    "a packet is redirected to the reader of a socket that is being closed",
    setup=two_sockets_redirecting_to_the_reader,
    run=[softirq(net_rx_data, 0), process(sys_close, fd1)],
    pools={sock: 2, socket: 2, sk_psock: 2, sk_psock_link: 2, sk_buff: 1, sk_msg: 1},
    properties=LIFECYCLE + CALLBACKS + QUEUES,
    expect={"data-race(sock.sk_state)": VIOLATED, "data-race(sock.sock_dead)": VIOLATED},
    why={
        "data-race(sock.sk_state)": STATE_IS_READ_WITHOUT_THE_SOCKET,
        "data-race(sock.sock_dead)": ORPHAN_SETS_SOCK_DEAD,
    },
)

redirect_into_closing_and_deleted_socket = scenario(
    "a packet is redirected to a socket that is being closed and deleted, and sent there",
    setup=two_sockets_redirecting_to_the_wire,
    run=[softirq(net_rx_data, 0), process(sys_close, fd1), process(sys_map_delete, map0, 1)],
    pools={sock: 2, socket: 2, sk_psock: 2, sk_psock_link: 2, sk_buff: 1, sk_msg: 1},
    properties=LIFECYCLE + CALLBACKS + QUEUES,
    expect={
        "data-race(sock.sk_prot)": VIOLATED,
        "data-race(sock.sk_state)": VIOLATED,
        "data-race(sock.sock_dead)": VIOLATED,
    },
    why={
        "data-race(sock.sk_prot)": CLOSE_LOADS_SK_PROT,
        "data-race(sock.sk_state)": STATE_IS_READ_WITHOUT_THE_SOCKET,
        "data-race(sock.sock_dead)": ORPHAN_SETS_SOCK_DEAD,
    },
)

redirect_while_both_sockets_go = scenario(
    "a packet is redirected while its socket is deleted from the map and the one that it is sent on is closed",
    setup=two_sockets_redirecting_to_the_wire,
    run=[softirq(net_rx_data, 0), process(sys_close, fd1), process(sys_map_delete, map0, 0)],
    pools={sock: 2, socket: 2, sk_psock: 2, sk_psock_link: 2, sk_buff: 1, sk_msg: 1},
    properties=[I02, I03, I07, I10, I12, I14, I23, I24, I27, I28, I29, I30, I33, I34, I36],
    expect={
        "data-race(sock.sk_state)": VIOLATED,
        "data-race(sock.sock_dead)": VIOLATED,
    },
    why={
        "data-race(sock.sk_state)": STATE_IS_READ_WITHOUT_THE_SOCKET,
        "data-race(sock.sock_dead)": ORPHAN_SETS_SOCK_DEAD,
    },
)

program_inserts_closing_socket = scenario(
    "a BPF program puts a socket into the map that a process is closing, and data is redirected to it",
    setup=socket_redirecting_to_an_empty_slot,
    run=[softirq(program_updates_map_and_redirects, 1, 1, 0), process(sys_close, fd1)],
    pools={sock: 2, socket: 2, sk_psock: 2, sk_psock_link: 2, sk_buff: 1, sk_msg: 1},
    properties=LIFECYCLE + CALLBACKS + QUEUES,
    expect={
        "null-deref": VIOLATED,
        "use-after-free": VIOLATED,
        "I30": VIOLATED,
        "data-race(socket.sk)": VIOLATED,
        "data-race(socket.ops)": VIOLATED,
        "data-race(sock.sk_prot)": VIOLATED,
        "data-race(sock.sk_socket)": VIOLATED,
        "data-race(sock.sk_wq)": VIOLATED,
        "data-race(sock.sk_state)": VIOLATED,
        "data-race(sock.sock_dead)": VIOLATED,
    },
    why={
        "null-deref": UPDATE_ELEM_IGNORES_THE_OWNER,
        "use-after-free": UPDATE_ELEM_IGNORES_THE_OWNER,
        "I30": UPDATE_ELEM_IGNORES_THE_OWNER,
        "data-race(socket.sk)": "close() should have waited for the backlog, see null-deref",
        "data-race(socket.ops)": "close() should have waited for the backlog, see null-deref",
        "data-race(sock.sk_prot)": "inet_release() loads sk_prot plainly while sock_map_init_proto() stores it by "
        "WRITE_ONCE()",
        "data-race(sock.sk_socket)": "the backlog reads sk_socket plainly; close() should have waited for it, see "
        "null-deref",
        "data-race(sock.sk_wq)": "sock_orphan() clears sk_wq plainly; close() should have waited for the backlog, see "
        "null-deref",
        "data-race(sock.sk_state)": STATE_IS_READ_WITHOUT_THE_SOCKET,
        "data-race(sock.sock_dead)": ORPHAN_SETS_SOCK_DEAD,
    },
)

order_of_packets = scenario(
    "two packets, of which the first may have to go through the backlog for want of memory, and a reader",
    setup=receiving_socket_in_map,
    run=[softirq(net_rx_two, 0), process(sys_recvmsg, fd0, True)],
    pools={sock: 1, socket: 1, sk_psock: 1, sk_psock_link: 1, sk_buff: 2, sk_msg: 2},
    may_fail=[sk_msg],
    properties=LIFECYCLE + CALLBACKS + QUEUES,
    expect={"data-race(sk_psock.ingress_skb.list)": VIOLATED},
    why={"data-race(sk_psock.ingress_skb.list)": BACKLOG_PEEKS_WITHOUT_THE_LOCK},
)

poller_while_verdict_runs = scenario(
    "a poller sleeps while a packet with urgent data gets its verdict",
    setup=choosy_socket_in_map,
    run=[process(sys_poll, fd0), softirq(net_rx_urgent, 0)],
    pools={sock: 1, socket: 1, sk_psock: 1, sk_psock_link: 1, sk_buff: 1, sk_msg: 1},
    quick=True,
    properties=LIFECYCLE + CALLBACKS + QUEUES,
)

sendmsg_against_close = scenario(
    "a message is redirected to the reader of a socket that is being closed",
    setup=target_of_a_sender,
    run=[process(sys_sendmsg, sender0), process(sys_close, fd0)],
    pools={sock: 1, socket: 1, sk_psock: 1, sk_psock_link: 1, sk_buff: 1, sk_msg: 1},
    quick=True,
    properties=LIFECYCLE + CALLBACKS + QUEUES,
)

reset_over_the_dropper = scenario(
    "a closed socket is reset on the CPU of a sender whose reference on the psock is the last",
    setup=target_of_a_sender,
    run=[process(sys_sendmsg, sender0, cpu=0), softirq(net_rx_reset, 0, cpu=0), process(sys_close, fd0)],
    pools={sock: 1, socket: 1, sk_psock: 1, sk_psock_link: 1, sk_buff: 1, sk_msg: 1},
    properties=LIFECYCLE + CALLBACKS + QUEUES + [nobody_spins_over_the_dropper],
    expect={"I13-one-cpu": VIOLATED, "data-race(sock.sk_prot)": VIOLATED},
    why={
        "I13-one-cpu": "the sender has put the last reference and is interrupted by the softirq that destroys the "
        "socket: sock_map_destroy() tries again for ever",
        "data-race(sock.sk_prot)": CLOSE_LOADS_SK_PROT,
    },
)
