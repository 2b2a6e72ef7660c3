"""The backlog against those who take its psock or its socket away."""

from psockmc.lang import VIOLATED, process, scenario, softirq

from models.setups import (
    backlog_of_an_old_psock,
    data_to_send_in_backlog,
    full_send_buffer,
    more_data_to_read_in_backlog,
    more_data_to_send_in_backlog,
)
from models.skbuff import sk_buff
from models.skmsg import sk_msg, sk_psock, sk_psock_link
from models.sock import sock, socket
from models.syscalls import (
    fd0,
    map0,
    net_rx_ack,
    sys_close,
    sys_map_delete,
    sys_map_reinsert_and_close,
    sys_recvmsg,
    sys_recvmsg_twice,
)
from spec.invariants_callbacks import CALLBACKS
from spec.invariants_lifecycle import LIFECYCLE
from spec.invariants_queues import QUEUES
from spec.reasons import CLOSE_LOADS_SK_PROT, ORPHAN_SETS_SOCK_DEAD

close_against_backlog = scenario(
    "close() while the backlog sends",
    setup=more_data_to_send_in_backlog,
    run=[process(sys_close, fd0)],
    pools={sock: 1, socket: 1, sk_psock: 1, sk_psock_link: 1, sk_buff: 2, sk_msg: 1},
    quick=True,
    properties=LIFECYCLE + CALLBACKS + QUEUES,
)

close_and_delete_against_backlog = scenario(
    "close() and a delete while the backlog sends",
    setup=data_to_send_in_backlog,
    run=[process(sys_close, fd0), process(sys_map_delete, map0, 0)],
    pools={sock: 1, socket: 1, sk_psock: 1, sk_psock_link: 1, sk_buff: 1, sk_msg: 1},
    properties=LIFECYCLE + CALLBACKS + QUEUES,
    expect={"data-race(sock.sk_prot)": VIOLATED},
    why={"data-race(sock.sk_prot)": CLOSE_LOADS_SK_PROT},
)

late_backlog_of_an_old_psock = scenario(
    "the socket has a new psock when the old one's backlog runs, and is closed",
    setup=backlog_of_an_old_psock,
    run=[process(sys_close, fd0)],
    pools={sock: 1, socket: 1, sk_psock: 2, sk_psock_link: 1, sk_buff: 1, sk_msg: 1},
    properties=LIFECYCLE + CALLBACKS + QUEUES,
)

update_against_old_backlog = scenario(
    "a socket is deleted from the map, put in again and closed while its first backlog runs",
    setup=data_to_send_in_backlog,
    run=[process(sys_map_reinsert_and_close, map0, 0, fd0)],
    pools={sock: 1, socket: 1, sk_psock: 2, sk_psock_link: 2, sk_buff: 1, sk_msg: 1},
    properties=LIFECYCLE + CALLBACKS + QUEUES,
    expect={
        "refcount": VIOLATED,
        "I03": VIOLATED,
        "I30": VIOLATED,
        "null-deref": VIOLATED,
        "use-after-free": VIOLATED,
        "leak": VIOLATED,
        "data-race(sock.sk_prot)": VIOLATED,
        "data-race(sock.sk_socket)": VIOLATED,
        "data-race(sock.sk_wq)": VIOLATED,
        "data-race(sock.sock_dead)": VIOLATED,
        "data-race(socket.sk)": VIOLATED,
        "data-race(socket.ops)": VIOLATED,
    },
    why={
        "refcount": "sk_psock_backlog() gets whatever psock the socket has by now, and puts its own, whose last "
        "reference is gone",
        "I03": "sk_psock_backlog() gets whatever psock the socket has by now, and puts its own",
        "I30": "the reference that sk_psock_backlog() took is on the new psock, so close() waits for the new psock's "
        "work only",
        "null-deref": "the old psock's backlog sends through struct socket while close() releases it",
        "use-after-free": "the old psock's backlog sends through struct socket after close() has released it",
        "leak": "nobody puts the reference on the new psock that the old one's backlog took",
        "data-race(sock.sk_socket)": "the late backlog reads sk_socket plainly while the socket is closed: nobody has "
        "waited for it",
        "data-race(sock.sk_wq)": "sock_orphan() clears sk_wq plainly while the late backlog still reports an error",
        "data-race(sock.sock_dead)": ORPHAN_SETS_SOCK_DEAD,
        "data-race(socket.sk)": "close() does not wait for the late backlog, see use-after-free",
        "data-race(socket.ops)": "close() does not wait for the late backlog, see use-after-free",
        "data-race(sock.sk_prot)": CLOSE_LOADS_SK_PROT,
    },
)

recvmsg_against_backlog = scenario(
    "a reader waits while the backlog delivers data that was redirected to it",
    setup=more_data_to_read_in_backlog,
    run=[process(sys_recvmsg_twice, fd0, False)],
    pools={sock: 1, socket: 1, sk_psock: 1, sk_psock_link: 1, sk_buff: 2, sk_msg: 2},
    quick=True,
    properties=LIFECYCLE + CALLBACKS + QUEUES,
)

delete_against_backlog = scenario(
    "a delete while the backlog delivers to the reader",
    setup=more_data_to_read_in_backlog,
    run=[process(sys_map_delete, map0, 0)],
    pools={sock: 1, socket: 1, sk_psock: 1, sk_psock_link: 1, sk_buff: 2, sk_msg: 2},
    quick=True,
    properties=LIFECYCLE + CALLBACKS + QUEUES,
)

room_to_send_against_delete = scenario(
    "an ACK makes room for a backlog that waits for it, while the socket is deleted from the map",
    setup=full_send_buffer,
    run=[softirq(net_rx_ack, 0), process(sys_map_delete, map0, 0)],
    pools={sock: 1, socket: 1, sk_psock: 1, sk_psock_link: 1, sk_buff: 1, sk_msg: 1},
    properties=LIFECYCLE + CALLBACKS + QUEUES,
)

recvmsg_against_enqueue_and_delete = scenario(
    "a reader while the backlog delivers to it and another process deletes the socket from the map",
    setup=more_data_to_read_in_backlog,
    run=[process(sys_recvmsg, fd0, True), process(sys_map_delete, map0, 0)],
    pools={sock: 1, socket: 1, sk_psock: 1, sk_psock_link: 1, sk_buff: 2, sk_msg: 2},
    properties=LIFECYCLE + CALLBACKS + QUEUES,
)
