"""The backlog's deliveries: in parts, again, for want of memory; and the receive memory they are charged to."""

from psockmc.lang import VIOLATED, process, scenario, softirq

from models.setups import data_to_read_in_backlog, full_send_buffer, receiving_socket_in_map
from models.setups_receive import (
    accounted_socket_in_map,
    data_in_pieces_in_backlog,
    fin_in_backlog,
    long_data_to_send_in_backlog,
    redirecting_to_a_stopped_socket,
    unsendable_data_in_backlog,
)
from models.skbuff import sk_buff
from models.skmsg import sk_msg, sk_psock, sk_psock_link
from models.sock import MSG_DONTWAIT, sock, socket
from models.syscalls import fd0, map0, net_rx_ack, net_rx_data, sys_map_delete
from models.syscalls_receive import (
    net_rx_ack_unheard,
    net_rx_fills_a_gap,
    net_rx_in_pieces,
    sys_recv,
    sys_recv_twice,
)
from spec.invariants_callbacks import CALLBACKS
from spec.invariants_lifecycle import LIFECYCLE
from spec.invariants_queues import QUEUES
from spec.invariants_receive import (
    RECEIVE,
    every_byte_is_counted,
    fin_is_no_error,
    native_queue_is_pushed,
    nothing_faults,
    own_data_survives_an_error,
    receive_memory_is_counted,
    redirected_to_the_reader,
    reserve_is_counted,
    state_is_of_the_head,
)
from spec.reasons import BACKLOG_PEEKS_WITHOUT_THE_LOCK

partial_sends = scenario(
    "TCP takes what the backlog sends in parts, whenever an ACK makes room",
    setup=long_data_to_send_in_backlog,
    run=[softirq(net_rx_ack, 0), process(sys_map_delete, map0, 0)],
    pools={sock: 1, socket: 1, sk_psock: 1, sk_psock_link: 1, sk_buff: 1, sk_msg: 1},
    properties=LIFECYCLE + CALLBACKS + QUEUES + RECEIVE + [state_is_of_the_head],
)

room_that_nobody_tells = scenario(
    "the send buffer of a backlog's socket gets room, and no sender has asked to be told",
    setup=full_send_buffer,
    run=[softirq(net_rx_ack_unheard, 0), process(sys_recv, fd0, 1, MSG_DONTWAIT)],
    pools={sock: 1, socket: 1, sk_psock: 1, sk_psock_link: 1, sk_buff: 1, sk_msg: 1},
    properties=LIFECYCLE + CALLBACKS + QUEUES + RECEIVE + [state_is_of_the_head],
)

redirect_short_of_memory = scenario(
    "there may be no memory for a message that was redirected to a reader, which sleeps",
    setup=data_to_read_in_backlog,
    run=[process(sys_recv, fd0, 1, 0)],
    pools={sock: 1, socket: 1, sk_psock: 1, sk_psock_link: 1, sk_buff: 1, sk_msg: 1},
    may_fail=[sk_msg],
    properties=LIFECYCLE + CALLBACKS + QUEUES + RECEIVE + [state_is_of_the_head, redirected_to_the_reader],
)

packet_in_pieces = scenario(
    "a packet arrives whose data is in too many pieces for a message, and a reader",
    setup=receiving_socket_in_map,
    run=[softirq(net_rx_in_pieces, 0), process(sys_recv, fd0, 1, 0)],
    pools={sock: 1, socket: 1, sk_psock: 1, sk_psock_link: 1, sk_buff: 1, sk_msg: 2},
    properties=LIFECYCLE + CALLBACKS + QUEUES + RECEIVE + [every_byte_is_counted],
)

redirect_in_pieces = scenario(
    "data was redirected to a reader in too many pieces for a message",
    setup=data_in_pieces_in_backlog,
    run=[process(sys_recv, fd0, 1, 0)],
    pools={sock: 1, socket: 1, sk_psock: 1, sk_psock_link: 1, sk_buff: 1, sk_msg: 1},
    properties=LIFECYCLE + CALLBACKS + QUEUES + RECEIVE + [every_byte_is_counted],
    expect={"I40": VIOLATED, "I40-end": VIOLATED, "I41": VIOLATED},
    why={
        "I40": "reading foreign data that is marked as the socket's own advances copied_seq, see I41",
        "I40-end": "reading foreign data that is marked as the socket's own advances copied_seq, see I41",
        "I41": "sk_psock_skb_ingress() charges the skb to the socket before skb_linearize() fails; when the backlog "
        "tries again, skb->sk is the socket, so the data counts as its own",
    },
)

redirected_fin = scenario(
    "a FIN was redirected to the reader of a socket without a program",
    setup=fin_in_backlog,
    run=[process(sys_recv_twice, fd0, 1, MSG_DONTWAIT)],
    pools={sock: 1, socket: 1, sk_psock: 1, sk_psock_link: 1, sk_buff: 1, sk_msg: 1},
    quick=True,
    properties=LIFECYCLE + CALLBACKS + QUEUES + RECEIVE + [fin_is_no_error, nothing_faults],
    expect={"I25-fin": VIOLATED, "I59-fault": VIOLATED},
    why={
        "I25-fin": "sk_psock_skb_ingress() returns 0 for a FIN, which sk_psock_backlog() takes for a broken pipe",
        "I59-fault": "tcp_bpf_recvmsg() does not ask whether the message without data is a FIN, and leaves it there",
    },
)

receive_memory = scenario(
    "the backlog charges the socket for what it delivers while a packet arrives and a reader reads",
    setup=accounted_socket_in_map,
    run=[process(sys_recv, fd0, 1, MSG_DONTWAIT), softirq(net_rx_data, 0)],
    pools={sock: 1, socket: 1, sk_psock: 1, sk_psock_link: 1, sk_buff: 2, sk_msg: 2},
    properties=LIFECYCLE + CALLBACKS + RECEIVE + [receive_memory_is_counted, reserve_is_counted],
    expect={
        "I39": VIOLATED,
        "data-race(sk_psock.ingress_skb.list)": VIOLATED,
        "data-race(sock.sk_forward_alloc)": VIOLATED,
    },
    why={
        "I39": "sk_psock_skb_ingress() changes sk_forward_alloc by a load and a store without the socket, while a "
        "softirq or a reader does the same",
        "data-race(sk_psock.ingress_skb.list)": BACKLOG_PEEKS_WITHOUT_THE_LOCK,
        "data-race(sock.sk_forward_alloc)": "the backlog loads it plainly, without the socket, while others store it",
    },
)

gap_filled_before_a_refused_redirect = scenario(
    "two packets come at once; the redirect of the first is refused",
    setup=redirecting_to_a_stopped_socket,
    run=[softirq(net_rx_fills_a_gap, 0)],
    pools={sock: 2, socket: 2, sk_psock: 2, sk_psock_link: 2, sk_buff: 3, sk_msg: 1},
    properties=LIFECYCLE + CALLBACKS + QUEUES + RECEIVE + [native_queue_is_pushed],
    expect={"I60": VIOLATED},
    why={
        "I60": "tcp_read_skb() stops at the error that the refused redirect returns, and leaves the second packet "
        "where it is",
    },
)

packet_while_sending_fails = scenario(
    "the backlog cannot send what was redirected to a socket, while a packet arrives for the socket's reader",
    setup=unsendable_data_in_backlog,
    run=[softirq(net_rx_data, 0), process(sys_recv, fd0, 1, MSG_DONTWAIT)],
    pools={sock: 1, socket: 1, sk_psock: 1, sk_psock_link: 1, sk_buff: 2, sk_msg: 1},
    properties=LIFECYCLE + CALLBACKS + QUEUES + RECEIVE + [own_data_survives_an_error],
    expect={
        "I62-stop": VIOLATED,
        "data-race(sk_psock.ingress_skb.list)": VIOLATED,
        "data-race(sock.sk_err)": VIOLATED,
    },
    why={
        "I62-stop": "sk_psock_verdict_apply() drops what passes when the backlog has cleared the TX bit for an error "
        "of sending",
        "data-race(sk_psock.ingress_skb.list)": "skb_queue_empty() looks at the queue without its lock",
        "data-race(sock.sk_err)": "sk_psock_report_error() stores it plainly and without the socket",
    },
)
