"""Readers: what they get, in which order, how it is counted, and what they are told."""

from psockmc.lang import VIOLATED, process, scenario, softirq

from models.setups import choosy_socket_in_map, receiving_socket_in_map
from models.setups_receive import (
    ended_stream,
    native_and_redirected_data,
    native_data_and_a_program,
    native_data_of_a_closable_socket,
    native_data_outside,
    partly_read_data_and_a_program,
    redirecting_to_itself,
    reset_socket_in_map,
    target_of_a_peer,
    unread_own_and_foreign_data,
    unread_own_and_redirected_data,
    unread_own_data,
    unread_own_data_in_two_slots,
)
from models.skbuff import sk_buff
from models.skmsg import sk_msg, sk_psock, sk_psock_link
from models.sock import MSG_DONTWAIT, sock, socket
from models.sock_map import BPF_ANY
from models.syscalls import fd0, map0, net_rx_data, net_rx_two, sender0, sys_map_delete, sys_map_update
from models.syscalls_receive import (
    net_rx_data_and_fin,
    net_rx_next,
    net_rx_rst,
    sys_ioctl_siocinq,
    sys_peek_and_recv,
    sys_poll_now,
    sys_recv,
    sys_recv_and_close,
    sys_recv_twice,
    sys_sendmsg_and_fin,
)
from spec.invariants_callbacks import CALLBACKS
from spec.invariants_ends import ENDS
from spec.invariants_lifecycle import LIFECYCLE
from spec.invariants_queues import QUEUES
from spec.invariants_receive import (
    RECEIVE,
    answer_is_right,
    every_byte_is_counted,
    fin_is_no_error,
    judged_before_it_is_read,
    native_queue_is_pushed,
    native_read_finds_its_place,
    nothing_is_left_before_the_end,
    reader_is_told,
)
from spec.reasons import (
    BACKLOG_PEEKS_WITHOUT_THE_LOCK,
    IOCTL_LOADS_SK_PROT,
    IOCTL_READS_THE_PROGRAM,
    RECVMSG_LOOKS_AT_THE_QUEUE,
)

peek_against_packet = scenario(
    "a reader peeks and then reads, while a second packet arrives",
    setup=unread_own_data,
    run=[process(sys_peek_and_recv, fd0, 2), softirq(net_rx_next, 0)],
    pools={sock: 1, socket: 1, sk_psock: 1, sk_psock_link: 1, sk_buff: 2, sk_msg: 2},
    quick=True,
    properties=LIFECYCLE + CALLBACKS + QUEUES + RECEIVE + [every_byte_is_counted],
)

one_read = scenario(
    "a reader peeks and reads, and all references are given back",
    setup=unread_own_data,
    run=[process(sys_peek_and_recv, fd0, 2)],
    pools={sock: 1, socket: 1, sk_psock: 1, sk_psock_link: 1, sk_buff: 1, sk_msg: 1},
    quick=True,
    properties=LIFECYCLE + CALLBACKS + QUEUES + RECEIVE + [every_byte_is_counted] + ENDS,
)

packets_against_sleeping_reader = scenario(
    "a reader sleeps while two packets arrive, of which the program may drop any",
    setup=choosy_socket_in_map,
    run=[process(sys_recv, fd0, 1, 0), softirq(net_rx_two, 0)],
    pools={sock: 1, socket: 1, sk_psock: 1, sk_psock_link: 1, sk_buff: 2, sk_msg: 2},
    properties=LIFECYCLE + CALLBACKS + QUEUES + RECEIVE + [every_byte_is_counted],
    expect={"I40-end": VIOLATED},
    why={
        "I40-end": "tcp_bpf_recvmsg_parser() stores the copied_seq that it loaded before it slept; tcp_eat_skb() has "
        "advanced it meanwhile, for the packet that was dropped",
    },
)

reset_against_reader = scenario(
    "a reader sleeps while the connection is reset, then tries again",
    setup=receiving_socket_in_map,
    run=[process(sys_recv_twice, fd0, 1, 0), softirq(net_rx_rst, 0)],
    pools={sock: 1, socket: 1, sk_psock: 1, sk_psock_link: 1, sk_buff: 1, sk_msg: 1},
    quick=True,
    properties=LIFECYCLE + CALLBACKS + QUEUES + RECEIVE + [reader_is_told],
)

reader_of_a_reset_connection = scenario(
    "the connection was reset; a reader asks twice while the socket is deleted from the map",
    setup=reset_socket_in_map,
    run=[process(sys_recv_twice, fd0, 1, MSG_DONTWAIT), process(sys_map_delete, map0, 0)],
    pools={sock: 1, socket: 1, sk_psock: 1, sk_psock_link: 1, sk_buff: 1, sk_msg: 1},
    properties=LIFECYCLE + CALLBACKS + QUEUES + RECEIVE + [reader_is_told],
)

fin_against_reader = scenario(
    "a reader sleeps while a packet and the FIN arrive, then reads again",
    setup=receiving_socket_in_map,
    run=[process(sys_recv_twice, fd0, 1, 0), softirq(net_rx_data_and_fin, 0)],
    pools={sock: 1, socket: 1, sk_psock: 1, sk_psock_link: 1, sk_buff: 2, sk_msg: 2},
    properties=LIFECYCLE + CALLBACKS + QUEUES + RECEIVE + [reader_is_told, nothing_is_left_before_the_end],
)

reading_on_after_the_end = scenario(
    "the peer has sent a FIN; a reader reads twice",
    setup=ended_stream,
    run=[process(sys_recv_twice, fd0, 1, MSG_DONTWAIT)],
    pools={sock: 1, socket: 1, sk_psock: 1, sk_psock_link: 1, sk_buff: 1, sk_msg: 1},
    properties=LIFECYCLE + CALLBACKS + QUEUES + RECEIVE + [reader_is_told, nothing_is_left_before_the_end],
    expect={"I40": VIOLATED},
    why={
        "I40": "the message of the FIN stays on the queue, and each recvmsg() that meets it adds one to copied_seq",
    },
)

fin_short_of_memory = scenario(
    "a packet and the FIN may have to go through the backlog for want of memory, and a reader",
    setup=receiving_socket_in_map,
    run=[softirq(net_rx_data_and_fin, 0), process(sys_recv, fd0, 1, 0)],
    pools={sock: 1, socket: 1, sk_psock: 1, sk_psock_link: 1, sk_buff: 2, sk_msg: 2},
    may_fail=[sk_msg],
    properties=LIFECYCLE
    + CALLBACKS
    + QUEUES
    + RECEIVE
    + [reader_is_told, nothing_is_left_before_the_end, fin_is_no_error],
    expect={
        "data-race(sk_psock.ingress_skb.list)": VIOLATED,
        "data-race(sock.sk_err)": VIOLATED,
        "I64-eof": VIOLATED,
        "I25-fin": VIOLATED,
    },
    why={
        "data-race(sk_psock.ingress_skb.list)": BACKLOG_PEEKS_WITHOUT_THE_LOCK,
        "data-race(sock.sk_err)": "sk_psock_report_error() stores it plainly and without the socket, see I25-fin",
        "I64-eof": "tcp_bpf_recvmsg_parser() tests SOCK_DONE when ingress_msg is empty, while the data waits for the "
        "backlog",
        "I25-fin": "sk_psock_skb_ingress() returns 0 for a FIN, which sk_psock_backlog() takes for a broken pipe",
    },
)

redirected_data_before_a_fin = scenario(
    "a peer on this machine redirects a message to the reader and closes; a reader reads until the end",
    setup=target_of_a_peer,
    run=[process(sys_sendmsg_and_fin, sender0, 0), process(sys_recv_twice, fd0, 1, MSG_DONTWAIT)],
    pools={sock: 1, socket: 1, sk_psock: 1, sk_psock_link: 1, sk_buff: 1, sk_msg: 1},
    properties=LIFECYCLE + CALLBACKS + QUEUES + RECEIVE + [nothing_is_left_before_the_end],
    expect={"data-race(sock.sk_receive_queue.list)": VIOLATED},
    why={"data-race(sock.sk_receive_queue.list)": RECVMSG_LOOKS_AT_THE_QUEUE},
)

read_and_close = scenario(
    "native data is read from a socket in a map, which is then closed",
    setup=native_data_of_a_closable_socket,
    run=[process(sys_recv_and_close, fd0, 1)],
    pools={sock: 1, socket: 1, sk_psock: 1, sk_psock_link: 1, sk_buff: 1, sk_msg: 1},
    properties=LIFECYCLE + CALLBACKS + QUEUES + RECEIVE,
)

native_data_and_a_reader = scenario(
    "a socket had data when the map took it in, and more arrives while it is read",
    setup=native_data_and_a_program,
    run=[process(sys_recv, fd0, 1, MSG_DONTWAIT), softirq(net_rx_next, 0)],
    pools={sock: 1, socket: 1, sk_psock: 1, sk_psock_link: 1, sk_buff: 2, sk_msg: 2},
    quick=True,
    properties=LIFECYCLE + CALLBACKS + QUEUES + RECEIVE + [judged_before_it_is_read, every_byte_is_counted],
)

self_redirect_against_reader = scenario(
    "the program redirects two packets to the reader of the very socket, which reads",
    setup=redirecting_to_itself,
    run=[softirq(net_rx_two, 0), process(sys_recv_twice, fd0, 1, 0)],
    pools={sock: 1, socket: 1, sk_psock: 1, sk_psock_link: 1, sk_buff: 2, sk_msg: 2},
    may_fail=[sk_msg],
    properties=LIFECYCLE + CALLBACKS + QUEUES + RECEIVE + [every_byte_is_counted],
    expect={"data-race(sk_psock.ingress_skb.list)": VIOLATED},
    why={"data-race(sk_psock.ingress_skb.list)": BACKLOG_PEEKS_WITHOUT_THE_LOCK},
)

own_and_redirected_data = scenario(
    "own data and data that was redirected, while a packet arrives and a reader reads all it can get",
    setup=unread_own_and_redirected_data,
    run=[process(sys_recv, fd0, 2, MSG_DONTWAIT), softirq(net_rx_next, 0)],
    pools={sock: 1, socket: 1, sk_psock: 1, sk_psock_link: 1, sk_buff: 3, sk_msg: 3},
    properties=LIFECYCLE + CALLBACKS + RECEIVE + [every_byte_is_counted],
    expect={"data-race(sk_psock.ingress_skb.list)": VIOLATED},
    why={"data-race(sk_psock.ingress_skb.list)": BACKLOG_PEEKS_WITHOUT_THE_LOCK},
)

unread_data_when_the_program_goes = scenario(
    "own data was not read when the program goes with one of the socket's two slots; then it is read, and more comes",
    setup=unread_own_data_in_two_slots,
    run=[
        process(sys_map_delete, map0, 0, cpu=0),
        process(sys_recv_twice, fd0, 1, MSG_DONTWAIT),
        softirq(net_rx_next, 0),
    ],
    pools={sock: 1, socket: 1, sk_psock: 1, sk_psock_link: 2, sk_buff: 2, sk_msg: 2},
    properties=LIFECYCLE + CALLBACKS + QUEUES + RECEIVE + [every_byte_is_counted, native_read_finds_its_place],
    expect={
        "data-race(sock.sk_receive_queue.list)": VIOLATED,
        "I40-end": VIOLATED,
        "I62-seq": VIOLATED,
    },
    why={
        "data-race(sock.sk_receive_queue.list)": RECVMSG_LOOKS_AT_THE_QUEUE,
        "I40-end": "tcp_bpf_recvmsg() reads messages of the own stack and does not count them, as it is not the reader "
        "of sockets with a program",
        "I62-seq": "copied_seq stays before the bytes that tcp_bpf_recvmsg() has read without counting them",
    },
)

unread_data_when_the_psock_goes = scenario(
    "own data was not read when the socket leaves the map; more comes and is read",
    setup=unread_own_data,
    run=[
        process(sys_map_delete, map0, 0),
        process(sys_recv, fd0, 1, MSG_DONTWAIT),
        softirq(net_rx_next, 0),
    ],
    pools={sock: 1, socket: 1, sk_psock: 1, sk_psock_link: 1, sk_buff: 2, sk_msg: 2},
    properties=LIFECYCLE + CALLBACKS + QUEUES + RECEIVE + [native_read_finds_its_place],
    expect={
        "data-race(sock.sk_receive_queue.list)": VIOLATED,
        "I62-seq": VIOLATED,
    },
    why={
        "data-race(sock.sk_receive_queue.list)": RECVMSG_LOOKS_AT_THE_QUEUE,
        "I62-seq": "__sk_psock_purge_ingress_msg() frees data of the own stack and does not advance copied_seq",
    },
)

insert_with_native_data = scenario(
    "a socket that has data is taken into a map whose program redirects",
    setup=native_data_outside,
    run=[process(sys_map_update, map0, 0, fd0, BPF_ANY)],
    pools={sock: 2, socket: 2, sk_psock: 2, sk_psock_link: 2, sk_buff: 1, sk_msg: 1},
    properties=LIFECYCLE + CALLBACKS + QUEUES + RECEIVE + [native_queue_is_pushed],
    expect={"I60": VIOLATED},
    why={
        "I60": "sock_map_link() installs the callback and does not call it for what is on the receive queue already",
    },
)

insert_of_a_partly_read_buffer = scenario(
    "a socket whose user has read half of a buffer is taken into a map, and its user reads on",
    setup=partly_read_data_and_a_program,
    run=[process(sys_recv, fd0, 2, MSG_DONTWAIT)],
    pools={sock: 1, socket: 1, sk_psock: 1, sk_psock_link: 1, sk_buff: 1, sk_msg: 1},
    properties=LIFECYCLE + CALLBACKS + QUEUES + RECEIVE,
    expect={"I40": VIOLATED},
    why={
        "I40": "tcp_read_skb() hands on whole buffers and does not ask for copied_seq: what was read already comes to "
        "the reader once more, and is counted once more",
    },
)

fionread_with_a_program = scenario(
    "a process asks how many bytes there are while the backlog delivers what was redirected",
    setup=unread_own_and_foreign_data,
    run=[process(sys_ioctl_siocinq, fd0)],
    pools={sock: 1, socket: 1, sk_psock: 1, sk_psock_link: 1, sk_buff: 3, sk_msg: 3},
    properties=LIFECYCLE + CALLBACKS + QUEUES + RECEIVE + [answer_is_right],
)

fionread_without_a_program = scenario(
    "the same on a socket without a program, which has native data",
    setup=native_and_redirected_data,
    run=[process(sys_ioctl_siocinq, fd0)],
    pools={sock: 1, socket: 1, sk_psock: 1, sk_psock_link: 1, sk_buff: 2, sk_msg: 2},
    properties=LIFECYCLE + CALLBACKS + QUEUES + RECEIVE + [answer_is_right],
)

fionread_when_the_program_goes = scenario(
    "the same while the program goes with one of the socket's two slots",
    setup=unread_own_data_in_two_slots,
    run=[process(sys_ioctl_siocinq, fd0), process(sys_map_delete, map0, 0)],
    pools={sock: 1, socket: 1, sk_psock: 1, sk_psock_link: 2, sk_buff: 1, sk_msg: 1},
    properties=LIFECYCLE + CALLBACKS + QUEUES + RECEIVE + [answer_is_right],
    expect={
        "data-race(sk_psock.progs.stream_verdict)": VIOLATED,
        "data-race(sk_psock.progs.skb_verdict)": VIOLATED,
        "data-race(sock.sk_prot)": VIOLATED,
        "I35-inq": VIOLATED,
    },
    why={
        "data-race(sk_psock.progs.stream_verdict)": IOCTL_READS_THE_PROGRAM,
        "data-race(sk_psock.progs.skb_verdict)": IOCTL_READS_THE_PROGRAM,
        "data-race(sock.sk_prot)": IOCTL_LOADS_SK_PROT,
        "I35-inq": "without a program tcp_bpf_ioctl() adds tcp_inq() to the counter; unread messages of the own stack "
        "are in both",
    },
)

poll_against_delete = scenario(
    "poll() looks for data while the socket is deleted from the map",
    setup=receiving_socket_in_map,
    run=[process(sys_poll_now, fd0), process(sys_map_delete, map0, 0), softirq(net_rx_data, 0)],
    pools={sock: 1, socket: 1, sk_psock: 1, sk_psock_link: 1, sk_buff: 1, sk_msg: 1},
    properties=LIFECYCLE + CALLBACKS + QUEUES + RECEIVE,
)
