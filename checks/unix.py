"""AF_UNIX sockets in maps."""

from psockmc.lang import VIOLATED, process, scenario, softirq

from models.setups_families import (
    unix_closable_dgram_in_map,
    unix_closable_stream_in_map,
    unix_closable_stream_pair,
    unix_dgram_in_map,
    unix_dgram_with_data_to_send,
    unix_dgram_with_unread_data,
    unix_echo,
    unix_plain_stream_in_map,
    unix_stream_in_map,
    unix_stream_with_a_closed_peer,
    unix_stream_with_data_to_send,
    unix_unconnected_stream,
)
from models.skbuff import sk_buff
from models.skmsg import sk_msg, sk_psock, sk_psock_link
from models.sock import SEND_SHUTDOWN, sock, socket
from models.sock_map import BPF_ANY
from models.syscalls import fd0, fd1, map0, sys_close, sys_map_delete, sys_map_update
from models.syscalls_families import (
    iterator_updates_map,
    program_copies_socket,
    sys_map_delete_and_recv_oob,
    sys_unix_connect,
    sys_unix_dgram_recv,
    sys_unix_dgram_send,
    sys_unix_recv,
    sys_unix_send,
    sys_unix_send_and_shutdown,
    sys_unix_send_oob,
    sys_unix_send_two,
    sys_unix_shutdown,
)
from spec.invariants_callbacks import CALLBACKS
from spec.invariants_families import UNIX, no_message_is_lost
from spec.invariants_lifecycle import LIFECYCLE
from spec.invariants_queues import QUEUES
from spec.reasons import (
    ORPHAN_CLEARS_SK_WQ,
    ORPHAN_SETS_SOCK_DEAD,
    SOCK_CLOSE_CLEARS_OPS,
    UNIX_DOES_NOT_SLEEP_AND_GIVES_UP,
    UNIX_RECVMSG_LOOKS_AT_THE_QUEUE,
    UNIX_RELEASE_LOADS_SK_PROT,
)

unix_close_against_delete = scenario(
    "close() of a stream socket while another process deletes it from the map",
    setup=unix_closable_stream_in_map,
    run=[process(sys_close, fd0), process(sys_map_delete, map0, 0)],
    pools={sock: 2, socket: 2, sk_psock: 1, sk_psock_link: 1, sk_buff: 1, sk_msg: 1},
    quick=True,
    properties=LIFECYCLE + CALLBACKS + QUEUES + UNIX,
    expect={"data-race(sock.sk_prot)": VIOLATED},
    why={"data-race(sock.sk_prot)": UNIX_RELEASE_LOADS_SK_PROT},
)

unix_close_after_the_peer = scenario(
    "close() of a stream socket in the map whose peer was closed before",
    setup=unix_stream_with_a_closed_peer,
    run=[process(sys_close, fd0)],
    pools={sock: 2, socket: 2, sk_psock: 1, sk_psock_link: 1, sk_buff: 1, sk_msg: 1},
    quick=True,
    properties=LIFECYCLE + CALLBACKS + QUEUES + UNIX,
)

unix_shutdown_of_the_peer = scenario(
    "the peer of a stream socket shuts down while the socket is deleted from the map and closed",
    setup=unix_closable_stream_in_map,
    run=[process(sys_unix_shutdown, fd1, SEND_SHUTDOWN), process(sys_map_delete, map0, 0), process(sys_close, fd0)],
    pools={sock: 2, socket: 2, sk_psock: 1, sk_psock_link: 1, sk_buff: 1, sk_msg: 1},
    properties=LIFECYCLE + CALLBACKS + QUEUES + UNIX,
    expect={
        "data-race(sock.sk_prot)": VIOLATED,
        "data-race(sock.sk_wq)": VIOLATED,
    },
    why={
        "data-race(sock.sk_prot)": UNIX_RELEASE_LOADS_SK_PROT,
        "data-race(sock.sk_wq)": ORPHAN_CLEARS_SK_WQ,
    },
)

unix_dgram_data_before_the_map = scenario(
    "a reader of a datagram socket that got its data before it was put into the map",
    setup=unix_dgram_with_unread_data,
    run=[process(sys_unix_dgram_recv, fd0, False)],
    pools={sock: 2, socket: 2, sk_psock: 1, sk_psock_link: 1, sk_buff: 1, sk_msg: 1},
    properties=LIFECYCLE + CALLBACKS + QUEUES + UNIX,
)

unix_update_of_an_unconnected_socket = scenario(
    "a stream socket that is not connected is put into the map",
    setup=unix_unconnected_stream,
    run=[process(sys_map_update, map0, 0, fd0, BPF_ANY)],
    pools={sock: 1, socket: 1, sk_psock: 1, sk_psock_link: 1, sk_buff: 1, sk_msg: 1},
    properties=LIFECYCLE + CALLBACKS + UNIX,
)

unix_update_against_connect = scenario(
    "a stream socket is put into the map while it is being connected",
    setup=unix_unconnected_stream,
    run=[process(sys_unix_connect, fd0), process(sys_map_update, map0, 0, fd0, BPF_ANY)],
    pools={sock: 2, socket: 1, sk_psock: 1, sk_psock_link: 1, sk_buff: 1, sk_msg: 1},
    properties=LIFECYCLE + CALLBACKS + UNIX,
    expect={"data-race(sock.unix.peer)": VIOLATED},
    why={
        "data-race(sock.unix.peer)": "unix_stream_bpf_update_proto() loads the peer plainly, without the state lock "
        "under which connect() stores it",
    },
)

unix_second_slot_and_close = scenario(
    "a stream socket is put into a second slot and both ends are closed",
    setup=unix_plain_stream_in_map,
    run=[process(sys_map_update, map0, 1, fd0, BPF_ANY), process(sys_close, fd0), process(sys_close, fd1)],
    pools={sock: 2, socket: 2, sk_psock: 2, sk_psock_link: 2, sk_buff: 1, sk_msg: 1},
    properties=LIFECYCLE + CALLBACKS + UNIX,
    expect={"data-race(sock.sk_wq)": VIOLATED},
    why={"data-race(sock.sk_wq)": ORPHAN_CLEARS_SK_WQ},
)

unix_backlog_against_close_and_delete = scenario(
    "the backlog sends to a closed peer while its socket is deleted from the map and closed",
    setup=unix_stream_with_data_to_send,
    run=[process(sys_close, fd0), process(sys_map_delete, map0, 0)],
    pools={sock: 2, socket: 2, sk_psock: 1, sk_psock_link: 1, sk_buff: 2, sk_msg: 1},
    properties=LIFECYCLE + CALLBACKS + QUEUES + UNIX,
    expect={"data-race(sock.sk_prot)": VIOLATED},
    why={"data-race(sock.sk_prot)": UNIX_RELEASE_LOADS_SK_PROT},
)

unix_iterator_updates_map = scenario(
    "an iterator's program puts a stream socket into a map",
    setup=unix_closable_stream_pair,
    run=[process(iterator_updates_map, 0)],
    pools={sock: 2, socket: 2, sk_psock: 1, sk_psock_link: 1, sk_buff: 1, sk_msg: 1},
    properties=LIFECYCLE + CALLBACKS + UNIX,
)

unix_iterator_against_close = scenario(
    "an iterator's program puts a stream socket into a map while both ends are closed",
    setup=unix_closable_stream_pair,
    run=[process(iterator_updates_map, 0), process(sys_close, fd0), process(sys_close, fd1)],
    pools={sock: 2, socket: 2, sk_psock: 1, sk_psock_link: 1, sk_buff: 1, sk_msg: 1},
    properties=LIFECYCLE + CALLBACKS + UNIX,
    expect={
        "I34-closed": VIOLATED,
        "data-race(sock.sk_prot)": VIOLATED,
        "data-race(sock.sk_wq)": VIOLATED,
    },
    why={
        "I34-closed": "the iterator's program finds the socket between sock_map_close() and unix_release_sock(), when "
        "it is not dead yet; nobody takes it out of the map again",
        "data-race(sock.sk_prot)": UNIX_RELEASE_LOADS_SK_PROT,
        "data-race(sock.sk_wq)": ORPHAN_CLEARS_SK_WQ,
    },
)

unix_copy_against_close = scenario(
    "a program in a softirq copies a stream socket, whose peer is closed, to another slot while it is closed",
    setup=unix_stream_with_a_closed_peer,
    run=[softirq(program_copies_socket), process(sys_close, fd0)],
    pools={sock: 2, socket: 2, sk_psock: 2, sk_psock_link: 2, sk_buff: 1, sk_msg: 1},
    properties=LIFECYCLE + CALLBACKS + UNIX,
    expect={
        "I34-closed": VIOLATED,
        "data-race(sock.sk_prot)": VIOLATED,
        "data-race(sock.unix.peer)": VIOLATED,
    },
    why={
        "I34-closed": "the program puts the socket into the other slot between sock_map_close() and "
        "unix_release_sock(), when it is still connected; nobody takes it out of the map again",
        "data-race(sock.sk_prot)": UNIX_RELEASE_LOADS_SK_PROT,
        "data-race(sock.unix.peer)": "unix_stream_bpf_update_proto() loads the peer plainly, without the state lock "
        "under which close() clears it; that the peer is still there is due to the old psock, whose reference on it "
        "outlives the program",
    },
)

unix_reader_while_data_arrives = scenario(
    "a reader waits on a stream in the map while data is sent to it",
    setup=unix_stream_in_map,
    run=[process(sys_unix_recv, fd0, False), process(sys_unix_send, fd1, 1)],
    pools={sock: 2, socket: 2, sk_psock: 1, sk_psock_link: 1, sk_buff: 1, sk_msg: 1},
    quick=True,
    properties=LIFECYCLE + CALLBACKS + QUEUES + UNIX,
    expect={
        "I59-eagain": VIOLATED,
        "I59-native": VIOLATED,
        "data-race(sock.sk_receive_queue.list)": VIOLATED,
    },
    why={
        "I59-eagain": UNIX_DOES_NOT_SLEEP_AND_GIVES_UP,
        "I59-native": "unix_bpf_recvmsg() sees the data on the receive queue and leaves it to the native read; before "
        "that one takes iolock the verdict has moved the data to the psock",
        "data-race(sock.sk_receive_queue.list)": UNIX_RECVMSG_LOOKS_AT_THE_QUEUE,
    },
)

unix_dgram_reader_while_data_arrives = scenario(
    "a reader waits on a datagram socket in the map while data is sent to it",
    setup=unix_dgram_in_map,
    run=[process(sys_unix_dgram_recv, fd0, False), process(sys_unix_dgram_send, fd1, 1)],
    pools={sock: 2, socket: 2, sk_psock: 1, sk_psock_link: 1, sk_buff: 1, sk_msg: 1},
    properties=LIFECYCLE + CALLBACKS + QUEUES + UNIX,
    expect={
        "I59-eagain": VIOLATED,
        "I59-native": VIOLATED,
        "data-race(sock.sk_receive_queue.list)": VIOLATED,
    },
    why={
        "I59-eagain": UNIX_DOES_NOT_SLEEP_AND_GIVES_UP,
        "I59-native": "unix_bpf_recvmsg() sees the data on the receive queue and leaves it to the native read; before "
        "that one takes iolock the verdict has moved the data to the psock",
        "data-race(sock.sk_receive_queue.list)": UNIX_RECVMSG_LOOKS_AT_THE_QUEUE,
    },
)

unix_two_writers = scenario(
    "two processes write to a stream whose other end is in the map, one of them twice",
    setup=unix_stream_in_map,
    run=[process(sys_unix_send, fd1, 0), process(sys_unix_send_two, fd1)],
    pools={sock: 2, socket: 2, sk_psock: 1, sk_psock_link: 1, sk_buff: 3, sk_msg: 3},
    properties=LIFECYCLE + CALLBACKS + QUEUES + UNIX,
    expect={"I32": VIOLATED},
    why={
        "I32": "unix_stream_read_skb() lets iolock go before the verdict runs: a process that took an older skb off "
        "may queue it after another has queued a younger one",
    },
)

unix_one_writer = scenario(
    "one process writes twice to a stream whose other end is in the map",
    setup=unix_stream_in_map,
    run=[process(sys_unix_send_two, fd1), process(sys_unix_recv, fd0, True)],
    pools={sock: 2, socket: 2, sk_psock: 1, sk_psock_link: 1, sk_buff: 2, sk_msg: 2},
    properties=LIFECYCLE + CALLBACKS + QUEUES + UNIX,
    expect={"data-race(sock.sk_receive_queue.list)": VIOLATED},
    why={"data-race(sock.sk_receive_queue.list)": UNIX_RECVMSG_LOOKS_AT_THE_QUEUE},
)

unix_send_against_delete_and_close = scenario(
    "data is sent to a datagram socket while it is deleted from the map and closed",
    setup=unix_closable_dgram_in_map,
    run=[process(sys_unix_dgram_send, fd1, 1), process(sys_map_delete, map0, 0), process(sys_close, fd0)],
    pools={sock: 2, socket: 2, sk_psock: 1, sk_psock_link: 1, sk_buff: 1, sk_msg: 1},
    properties=LIFECYCLE + CALLBACKS + QUEUES + UNIX,
    expect={
        "data-race(sock.sk_prot)": VIOLATED,
        "data-race(sock.sk_wq)": VIOLATED,
        "data-race(sock.sock_dead)": VIOLATED,
        "data-race(socket.ops)": VIOLATED,
    },
    why={
        "data-race(sock.sk_prot)": UNIX_RELEASE_LOADS_SK_PROT,
        "data-race(sock.sk_wq)": ORPHAN_CLEARS_SK_WQ,
        "data-race(sock.sock_dead)": ORPHAN_SETS_SOCK_DEAD,
        "data-race(socket.ops)": SOCK_CLOSE_CLEARS_OPS,
    },
)

unix_urgent_byte = scenario(
    "an urgent byte arrives at a stream in the map, which then leaves the map and asks for it",
    setup=unix_stream_in_map,
    run=[process(sys_unix_send_oob, fd1), process(sys_map_delete_and_recv_oob, fd0)],
    pools={sock: 2, socket: 2, sk_psock: 1, sk_psock_link: 1, sk_buff: 1, sk_msg: 1},
    properties=LIFECYCLE + CALLBACKS + QUEUES + UNIX,
)

unix_copy_over_close = scenario(
    "the same on one CPU",
    setup=unix_stream_with_a_closed_peer,
    run=[softirq(program_copies_socket, cpu=0), process(sys_close, fd0, cpu=0)],
    pools={sock: 2, socket: 2, sk_psock: 2, sk_psock_link: 2, sk_buff: 1, sk_msg: 1},
    properties=LIFECYCLE + CALLBACKS + UNIX,
)

unix_peer_sends_and_shuts_down = scenario(
    "the peer sends something and shuts its direction down before the reader comes",
    setup=unix_stream_in_map,
    run=[process(sys_unix_send_and_shutdown, fd1), process(sys_unix_recv, fd0, True)],
    pools={sock: 2, socket: 2, sk_psock: 1, sk_psock_link: 1, sk_buff: 1, sk_msg: 1},
    properties=LIFECYCLE + CALLBACKS + QUEUES + UNIX + [no_message_is_lost],
    expect={
        "I62-messages": VIOLATED,
        "data-race(sock.sk_receive_queue.list)": VIOLATED,
        "data-race(sock.sk_shutdown)": VIOLATED,
    },
    why={
        "I62-messages": "unix_shutdown() of the peer calls sock_map_unhash() on this socket, whatever the direction: "
        "the psock goes, and the messages that the reader has not read yet with it",
        "data-race(sock.sk_receive_queue.list)": UNIX_RECVMSG_LOOKS_AT_THE_QUEUE,
        "data-race(sock.sk_shutdown)": "unix_msg_wait_data() loads sk_shutdown plainly, which unix_shutdown() of the "
        "peer stores by WRITE_ONCE()",
    },
)

unix_echo_while_closing = scenario(
    "a program sends everything back to the peer, who sends, while its socket is closed",
    setup=unix_echo,
    run=[process(sys_unix_send, fd1, 1), process(sys_close, fd0)],
    pools={sock: 2, socket: 2, sk_psock: 1, sk_psock_link: 2, sk_buff: 2, sk_msg: 1},
    properties=LIFECYCLE + CALLBACKS + QUEUES + UNIX,
    expect={
        "data-race(sock.sk_receive_queue.list)": VIOLATED,
        "data-race(sock.sk_wq)": VIOLATED,
        "data-race(sock.sock_dead)": VIOLATED,
        "data-race(sock.unix.oob_skb)": VIOLATED,
        "data-race(socket.ops)": VIOLATED,
    },
    why={
        "data-race(sock.sk_receive_queue.list)": "unix_release_sock() looks at its receive queue plainly, while a "
        "sender's verdict empties it",
        "data-race(sock.sk_wq)": ORPHAN_CLEARS_SK_WQ,
        "data-race(sock.sock_dead)": ORPHAN_SETS_SOCK_DEAD,
        "data-race(sock.unix.oob_skb)": "unix_release_sock() clears oob_skb plainly and without a lock, while the "
        "verdict compares it under the queue's lock",
        "data-race(socket.ops)": SOCK_CLOSE_CLEARS_OPS,
    },
)

unix_dgram_backlog_against_closes = scenario(
    "the backlog sends a datagram while both sockets are closed",
    setup=unix_dgram_with_data_to_send,
    run=[process(sys_close, fd0), process(sys_close, fd1)],
    pools={sock: 2, socket: 2, sk_psock: 1, sk_psock_link: 1, sk_buff: 2, sk_msg: 1},
    properties=LIFECYCLE + CALLBACKS + QUEUES + UNIX,
    expect={"data-race(sock.sk_wq)": VIOLATED},
    why={"data-race(sock.sk_wq)": ORPHAN_CLEARS_SK_WQ},
)
