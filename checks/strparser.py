"""The stream parser against those who take its psock away, start it again, or read its messages."""

from psockmc.lang import VIOLATED, process, scenario, softirq

from models.setups_strp import (
    closable_parsed_socket,
    net_rx_second_half_offloaded,
    net_rx_two_in_one,
    parsed_socket,
    parsed_socket_in_another_map,
    parsed_socket_that_may_drop,
    parsed_socket_whose_map_has_no_parser,
    parsed_socket_whose_map_has_no_programs,
    parsed_socket_with_two_in_one,
    socket_with_a_timeout,
    socket_with_long_messages,
    socket_with_long_messages_and_little_memory,
    socket_with_odd_messages,
    socket_with_two_maps_of_programs,
    socket_without_parser,
    sys_map_reinsert,
)
from models.skbuff import sk_buff
from models.skmsg import sk_msg, sk_psock, sk_psock_link
from models.sock import sock, socket
from models.syscalls import (
    fd0,
    map0,
    net_rx_data,
    net_rx_two,
    sys_close,
    sys_map_delete,
    sys_recvmsg,
    sys_recvmsg_twice,
)
from spec.invariants_callbacks import I62
from spec.invariants_lifecycle import LIFECYCLE
from spec.invariants_queues import QUEUES
from spec.invariants_receive import I40
from spec.invariants_strp import PARSER
from spec.reasons import CLOSE_LOADS_SK_PROT

packets_for_the_parser_against_delete = scenario(
    "two packets, each of them a message, arrive while the socket is deleted from the map",
    setup=parsed_socket,
    run=[softirq(net_rx_two, 0), process(sys_map_delete, map0, 0)],
    pools={sock: 1, socket: 1, sk_psock: 1, sk_psock_link: 1, sk_buff: 4, sk_msg: 2},
    properties=LIFECYCLE + QUEUES + PARSER + [I62],
)

packets_for_the_parser_of_an_empty_map = scenario(
    "two packets arrive while the socket is deleted from a map whose programs were detached before",
    setup=parsed_socket_whose_map_has_no_programs,
    run=[softirq(net_rx_two, 0), process(sys_map_delete, map0, 0)],
    pools={sock: 1, socket: 1, sk_psock: 1, sk_psock_link: 1, sk_buff: 4, sk_msg: 2},
    properties=LIFECYCLE + QUEUES + PARSER + [I62],
)

parser_short_of_memory_against_delete = scenario(
    "memory is short while packets are parsed, and the socket is deleted from the map",
    setup=parsed_socket,
    run=[softirq(net_rx_data, 0), process(sys_map_delete, map0, 0)],
    pools={sock: 1, socket: 1, sk_psock: 1, sk_psock_link: 1, sk_buff: 2, sk_msg: 1},
    may_fail=[sk_buff, sk_msg],
    properties=LIFECYCLE + QUEUES + PARSER + [I62],
    expect={
        "data-race(sk_psock.ingress_bytes)": VIOLATED,
        "assert": VIOLATED,
        "I62": VIOLATED,
        "data-race(sk_psock.strp.stopped)": VIOLATED,
    },
    why={
        "data-race(sk_psock.ingress_bytes)": "sk_psock_skb_ingress_enqueue() adds to it in the backlog, without the "
        "socket, while tcp_bpf_strp_read_sock() reads it",
        "assert": "strp_work() tests `stopped` and then asks for the psock, while sk_psock_drop() does both without "
        "the socket: the worker is past its test",
        "I62": "strp_work() holds the socket, not sk_callback_lock: when it has a message, sk_psock_drop() has "
        "detached the psock, and sk_psock_strp_read() drops it",
        "data-race(sk_psock.strp.stopped)": "strp_stop() sets it plainly under sk_callback_lock, while the worker "
        "reads it under the socket lock",
    },
)

reader_of_parsed_messages = scenario(
    "a reader owns the socket while two packets arrive, so the parser's worker has to read them",
    setup=parsed_socket,
    run=[softirq(net_rx_two, 0), process(sys_recvmsg, fd0, True)],
    pools={sock: 1, socket: 1, sk_psock: 1, sk_psock_link: 1, sk_buff: 4, sk_msg: 2},
    quick=True,
    properties=LIFECYCLE + QUEUES + PARSER,
)

messages_before_their_reader = scenario(
    "two packets, each of them a message, arrive, and a reader reads them, then and later",
    setup=parsed_socket,
    run=[softirq(net_rx_two, 0), process(sys_recvmsg_twice, fd0, True)],
    pools={sock: 1, socket: 1, sk_psock: 1, sk_psock_link: 1, sk_buff: 4, sk_msg: 2},
    properties=LIFECYCLE + QUEUES + PARSER + [I40],
    expect={"I40": VIOLATED},
    why={
        "I40": "tcp_bpf_strp_read_sock() takes off what this call has queued for the reader, not what earlier calls "
        "have: the second packet moves copied_seq past the first, and the reader adds that once more",
    },
)

close_against_parser = scenario(
    "a packet arrives for the parser while the socket is closed",
    setup=closable_parsed_socket,
    run=[softirq(net_rx_data, 0), process(sys_close, fd0)],
    pools={sock: 1, socket: 1, sk_psock: 1, sk_psock_link: 1, sk_buff: 2, sk_msg: 1},
    may_fail=[sk_buff],
    quick=True,
    properties=LIFECYCLE + QUEUES + PARSER,
    expect={"assert": VIOLATED, "data-race(sk_psock.strp.stopped)": VIOLATED},
    why={
        "assert": "strp_work() tests `stopped` and then asks for the psock, while sk_psock_drop() does both without "
        "the socket: the worker is past its test; the packet that waited in the socket's own backlog has queued it",
        "data-race(sk_psock.strp.stopped)": "strp_stop() sets it plainly under sk_callback_lock, while the worker "
        "reads it under the socket lock",
    },
)

long_message_against_delete = scenario(
    "the second half of a message arrives while the socket is deleted from the map",
    setup=socket_with_long_messages,
    run=[softirq(net_rx_two, 0), process(sys_map_delete, map0, 0)],
    pools={sock: 1, socket: 1, sk_psock: 1, sk_psock_link: 1, sk_buff: 4, sk_msg: 1},
    properties=LIFECYCLE + QUEUES + PARSER,
)

late_half_of_a_message = scenario(
    "the second half of a message may be too late",
    setup=socket_with_a_timeout,
    run=[softirq(net_rx_two, 0)],
    pools={sock: 1, socket: 1, sk_psock: 1, sk_psock_link: 1, sk_buff: 4, sk_msg: 1},
    properties=LIFECYCLE + QUEUES + PARSER,
)

offloaded_half_of_a_message = scenario(
    "the second half of a message is a list of buffers, and memory is short when it is appended",
    setup=socket_with_long_messages_and_little_memory,
    run=[softirq(net_rx_second_half_offloaded, 0)],
    pools={sock: 1, socket: 1, sk_psock: 1, sk_psock_link: 1, sk_buff: 5, sk_msg: 1},
    properties=LIFECYCLE + QUEUES + PARSER,
    expect={"leak": VIOLATED},
    why={"leak": "__strp_recv() does not free the clone that skb_unclone() could not give it for itself"},
)

drops_of_parsed_messages = scenario(
    "one packet holds two messages, which pass or are dropped",
    setup=parsed_socket_that_may_drop,
    run=[softirq(net_rx_two_in_one, 0)],
    pools={sock: 1, socket: 1, sk_psock: 1, sk_psock_link: 1, sk_buff: 3, sk_msg: 2},
    properties=LIFECYCLE + QUEUES + PARSER + [I40],
    expect={"I40": VIOLATED},
    why={
        "I40": "sk_psock_verdict_apply() clears the parser's bit of a message that it drops before tcp_eat_skb() asks "
        "for it, so the whole buffer is counted once for each message, until tcp_bpf_strp_read_sock() puts it right",
    },
)

timeout_against_delete = scenario(
    "a message is incomplete until its timer runs, and the socket is deleted from the map",
    setup=socket_with_a_timeout,
    run=[softirq(net_rx_data, 0), process(sys_map_delete, map0, 0)],
    pools={sock: 1, socket: 1, sk_psock: 1, sk_psock_link: 1, sk_buff: 2, sk_msg: 1},
    properties=LIFECYCLE + QUEUES + PARSER,
    expect={"data-race(sk_psock.strp.stopped)": VIOLATED},
    why={
        "data-race(sk_psock.strp.stopped)": "strp_stop() sets it plainly under sk_callback_lock, while the timer reads "
        "it under the socket lock",
    },
)

odd_messages = scenario(
    "a parser that knows its messages late, or not at all",
    setup=socket_with_odd_messages,
    run=[softirq(net_rx_two, 0), process(sys_map_delete, map0, 0)],
    pools={sock: 1, socket: 1, sk_psock: 1, sk_psock_link: 1, sk_buff: 4, sk_msg: 2},
    properties=LIFECYCLE + QUEUES + PARSER,
)

two_messages_in_one_buffer = scenario(
    "one buffer holds two messages, of which the second may have to wait for memory, and a reader reads",
    setup=parsed_socket_with_two_in_one,
    run=[process(sys_recvmsg, fd0, True)],
    pools={sock: 1, socket: 1, sk_psock: 1, sk_psock_link: 1, sk_buff: 3, sk_msg: 2},
    may_fail=[sk_msg],
    properties=LIFECYCLE + QUEUES + PARSER,
    expect={"data-race(sk_psock.ingress_bytes)": VIOLATED, "data-race(sk_psock.ingress_skb.list)": VIOLATED},
    why={
        "data-race(sk_psock.ingress_bytes)": "sk_psock_skb_ingress_enqueue() adds to it in the backlog, without the "
        "socket, while tcp_bpf_strp_read_sock() reads it",
        "data-race(sk_psock.ingress_skb.list)": "sk_psock_backlog() peeks at ingress_skb plainly and without its lock "
        "while a softirq appends to it",
    },
)

socket_comes_back_to_its_parser = scenario(
    "a socket that is in another map, too, is deleted from its parser's map and put in again while packets arrive",
    setup=parsed_socket_in_another_map,
    run=[softirq(net_rx_data, 0), process(sys_map_reinsert, map0, 0, fd0)],
    pools={sock: 1, socket: 1, sk_psock: 1, sk_psock_link: 3, sk_buff: 2, sk_msg: 1},
    properties=LIFECYCLE + QUEUES + PARSER,
    expect={
        "null-deref": VIOLATED,
        "data-race(sk_psock.strp.sk)": VIOLATED,
        "I21": VIOLATED,
        "leak": VIOLATED,
        "work-usage": VIOLATED,
        "data-race(sk_psock.strp.stopped)": VIOLATED,
    },
    why={
        "null-deref": "strp_init() clears the parser by memset() while its timer runs; in the kernel the timer calls "
        "cb.lock, which is NULL meanwhile",
        "data-race(sk_psock.strp.sk)": "strp_init() clears it under sk_callback_lock, while the timer reads it before "
        "it owns the socket",
        "I21": "sock_map_del_link() only stops the parser; sock_map_link() finds it stopped and sk_psock_init_strp() "
        "clears it, with the incomplete message and the timer",
        "leak": "strp_init() forgets the incomplete message of a parser that was stopped and not finished",
        "work-usage": "strp_init() initialises the timer of a parser that was stopped and not finished",
        "data-race(sk_psock.strp.stopped)": "strp_init() and strp_stop() set it plainly under sk_callback_lock, while "
        "the timer reads it under the socket lock",
    },
)

delete_after_the_parser_was_detached = scenario(
    "a socket is deleted from a map from which the parser was detached meanwhile",
    setup=parsed_socket_whose_map_has_no_parser,
    run=[process(sys_map_delete, map0, 0)],
    pools={sock: 1, socket: 1, sk_psock: 1, sk_psock_link: 1, sk_buff: 2, sk_msg: 1},
    properties=LIFECYCLE + QUEUES + PARSER,
    expect={"I20": VIOLATED, "assert": VIOLATED},
    why={
        "I20": "sock_map_del_link() sees no parser in the map and stops the verdict only, which clears "
        "saved_data_ready; sk_psock_stop_strp() then returns before strp_stop()",
        "assert": "WARN_ON(!strp->stopped) in strp_done(), see I20",
    },
)

parser_and_verdict_of_two_maps = scenario(
    "a socket with the parser of one map and the verdict of another is deleted from the first",
    setup=socket_with_two_maps_of_programs,
    run=[process(sys_map_delete, map0, 0)],
    pools={sock: 1, socket: 1, sk_psock: 1, sk_psock_link: 2, sk_buff: 2, sk_msg: 1},
    properties=LIFECYCLE + QUEUES + PARSER,
    expect={"I19-parser": VIOLATED},
    why={
        "I19-parser": "sk_psock_stop_strp() takes away whatever callback there is: here the verdict's, which goes on "
        "to be chosen by its program",
    },
)

delete_of_a_socket_without_parser = scenario(
    "a socket without a parser is deleted from its map, in a kernel that has parsers",
    setup=socket_without_parser,
    run=[process(sys_map_delete, map0, 0), process(sys_close, fd0)],
    pools={sock: 1, socket: 1, sk_psock: 1, sk_psock_link: 1, sk_buff: 1, sk_msg: 1},
    properties=LIFECYCLE + QUEUES + PARSER,
    expect={"data-race(sock.sk_prot)": VIOLATED},
    why={"data-race(sock.sk_prot)": CLOSE_LOADS_SK_PROT},
)
