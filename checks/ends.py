"""One thing done once, to its end: what was taken must have been given back.

Small enough to see all of it, so that a step that only matters in the end is not missed among the others.
"""

from psockmc.lang import process, scenario, softirq

from models.setups import choosy_socket_in_map, connected_socket, two_sockets_redirecting_to_the_reader
from models.setups_ends import (
    accounted_socket,
    attach_and_detach,
    attach_by_a_link,
    attach_plainly,
    closable_socket_with_parser_and_skb_verdict,
    closable_socket_with_skb_programs,
    closable_socket_with_stream_programs,
    half_a_message_and_the_rest,
    in_and_closed,
    in_and_out,
    in_and_out_by_key,
    links_come_and_go,
    listening_plainly,
    looked_up_and_closed,
    messages_for_udp,
    messages_for_vsock,
    never_accepted,
    nothing_yet,
    packets_for_vsock,
    plain_socket,
    plain_socket_and_map_with_skb_programs,
    plain_socket_and_map_with_stream_programs,
    plain_socket_and_parser_of_long_messages,
    programs_come_and_go,
    received_and_read,
    received_and_read_by_udp,
    received_and_read_by_vsock,
    received_and_read_twice,
    redirecting_to_a_socket_with_a_verdict,
    sent_and_read_as_a_datagram,
    sent_and_read_by_another,
    sent_and_read_on_a_stream,
    socket_in_two_kinds_of_maps,
    two_keys_come_and_go,
    two_programs,
    two_sockets_in_an_array,
    two_sockets_in_an_array_and_one_under_a_key,
    udp_and_verdict,
    unix_dgrams,
    unix_dgrams_and_verdict,
    unix_stream_and_verdict,
    unsendable_data_and_map_with_parser,
    vsock_and_verdict,
)
from models.setups_families import (
    udp_in_map,
    unix_closable_stream_pair,
    unix_dgram_in_map,
    unix_plain_stream_in_map,
    unix_stream_in_map,
    vsock_in_map,
)
from models.setups_receive import accounted_socket_in_map
from models.setups_send import corking_for_a_reader, redirecting, redirecting_pairs_until_close
from models.setups_strp import parsed_socket
from models.skbuff import sk_buff
from models.skmsg import sk_msg, sk_psock, sk_psock_link
from models.skmsg_verdict import bpf_prog
from models.sock import sock, socket
from models.sock_hash import bpf_shtab_elem
from models.sock_map import BPF_ANY
from models.sock_map_progs import sockmap_link
from models.syscalls import fd0, fd1, net_rx_data, net_rx_two, sys_close, sys_map_delete, sys_map_update
from models.syscalls_maps import htab0, map2, sys_hash_delete, sys_hash_update
from models.syscalls_receive import sys_recv
from models.syscalls_send import one0, sys_send, sys_send_and_close_both, sys_send_twice
from spec.invariants_callbacks import CALLBACKS
from spec.invariants_ends import (
    ENDS,
    GIVEN_BACK,
    OWN,
    buffers_are_freed,
    closed_socket_is_freed,
    destroyed_socket_sends_nothing,
    messages_are_freed,
    psock_holds_the_peer,
    table_fits_the_programs,
    target_can_take_it,
)
from spec.invariants_families import UDP, UNIX, VSOCK
from spec.invariants_lifecycle import LIFECYCLE, PSOCKS
from spec.invariants_listeners import LISTENERS
from spec.invariants_maps import HASH, MAPS, chain_holds_the_elements, elements_are_counted
from spec.invariants_programs import LINKS, PROGRAMS, map_has_one_kind_of_verdict
from spec.invariants_queues import QUEUES
from spec.invariants_receive import RECEIVE, every_byte_is_counted, receive_memory_is_counted, reserve_is_counted
from spec.invariants_send import SENDING
from spec.invariants_strp import PARSER
from spec.invariants_tls import write_space_is_given_back

# ---------------------------------------------------------------- into a map and out again

in_and_out_of_a_map = scenario(
    "a TCP socket is put into a map, deleted and closed, or left after any of these",
    setup=plain_socket,
    run=[process(in_and_out, fd0)],
    pools={sock: 1, socket: 1, sk_psock: 1, sk_psock_link: 1, sk_buff: 1, sk_msg: 1},
    properties=LIFECYCLE + CALLBACKS + GIVEN_BACK,
)

udp_in_and_out_of_a_map = scenario(
    "a UDP socket is put into a map with a verdict, deleted and closed, or left in between",
    setup=udp_and_verdict,
    run=[process(in_and_out, fd0)],
    pools={sock: 1, socket: 1, sk_psock: 1, sk_psock_link: 1, sk_buff: 1, sk_msg: 1},
    properties=LIFECYCLE + CALLBACKS + UDP + GIVEN_BACK,
)

unix_in_and_out_of_a_map = scenario(
    "one end of an AF_UNIX stream is put into a map with a verdict, deleted and closed, or left in between",
    setup=unix_stream_and_verdict,
    run=[process(in_and_out, fd0)],
    pools={sock: 2, socket: 2, sk_psock: 1, sk_psock_link: 1, sk_buff: 1, sk_msg: 1},
    quick=True,
    properties=LIFECYCLE + CALLBACKS + UNIX + ENDS + OWN + [psock_holds_the_peer],
)

unix_dgram_in_and_out_of_a_map = scenario(
    "an AF_UNIX datagram socket is put into a map with a verdict, deleted and closed, or left in between",
    setup=unix_dgrams_and_verdict,
    run=[process(in_and_out, fd0)],
    pools={sock: 2, socket: 2, sk_psock: 1, sk_psock_link: 1, sk_buff: 1, sk_msg: 1},
    properties=LIFECYCLE + CALLBACKS + UNIX + ENDS + OWN,
)

vsock_in_and_out_of_a_map = scenario(
    "an AF_VSOCK socket is put into a map with a verdict, deleted and closed, or left in between",
    setup=vsock_and_verdict,
    run=[process(in_and_out, fd0)],
    pools={sock: 1, socket: 1, sk_psock: 1, sk_psock_link: 1, sk_buff: 1, sk_msg: 1},
    properties=LIFECYCLE + CALLBACKS + VSOCK + GIVEN_BACK,
)

in_and_out_of_a_map_with_a_verdict = scenario(
    "a TCP socket is put into a map with a verdict, deleted and closed, or left after any of these",
    setup=connected_socket,
    run=[process(in_and_out, fd0)],
    pools={sock: 1, socket: 1, sk_psock: 1, sk_psock_link: 1, sk_buff: 1, sk_msg: 1},
    quick=True,
    properties=LIFECYCLE + CALLBACKS + GIVEN_BACK + [table_fits_the_programs, write_space_is_given_back],
)

in_and_out_of_a_map_with_programs = scenario(
    "a TCP socket is put into a map with an SK_MSG program and a verdict, deleted and closed, or left in between",
    setup=plain_socket_and_map_with_skb_programs,
    run=[process(in_and_out, fd0)],
    pools={sock: 1, socket: 1, sk_psock: 1, sk_psock_link: 1, bpf_prog: 2, sk_buff: 1, sk_msg: 1},
    properties=LIFECYCLE + CALLBACKS + PROGRAMS + GIVEN_BACK + [table_fits_the_programs],
)

in_and_out_of_a_map_with_stream_programs = scenario(
    "a TCP socket is put into a map with an SK_MSG program, a parser and a verdict, deleted and closed, or left",
    setup=plain_socket_and_map_with_stream_programs,
    run=[process(in_and_out, fd0)],
    pools={sock: 1, socket: 1, sk_psock: 1, sk_psock_link: 1, bpf_prog: 3, sk_buff: 1, sk_msg: 1},
    properties=LIFECYCLE + PARSER + PROGRAMS + GIVEN_BACK + [table_fits_the_programs],
)

in_and_out_of_a_hash_map = scenario(
    "a TCP socket is put under a key, perhaps again, and is deleted or closed",
    setup=plain_socket,
    run=[process(in_and_out_by_key, fd0)],
    pools={sock: 1, socket: 1, sk_psock: 1, sk_psock_link: 2, bpf_shtab_elem: 2, sk_buff: 1, sk_msg: 1},
    quick=True,
    properties=PSOCKS + CALLBACKS + HASH + GIVEN_BACK,
)

two_keys_of_a_hash_map = scenario(
    "two sockets are put under a key each, one again or the other refused, and deleted",
    setup=two_sockets_in_an_array,
    run=[process(two_keys_come_and_go)],
    pools={sock: 2, socket: 2, sk_psock: 2, sk_psock_link: 5, bpf_shtab_elem: 3, sk_buff: 1, sk_msg: 1},
    may_fail=[bpf_shtab_elem],
    properties=PSOCKS + CALLBACKS + MAPS + ENDS + OWN + [chain_holds_the_elements, elements_are_counted],
)

one_key_wanted_twice = scenario(
    "two processes put a socket each under the same key",
    setup=two_sockets_in_an_array,
    run=[process(sys_hash_update, htab0, 0, fd0, BPF_ANY), process(sys_hash_update, htab0, 0, fd1, BPF_ANY)],
    pools={sock: 2, socket: 2, sk_psock: 2, sk_psock_link: 4, bpf_shtab_elem: 2, sk_buff: 1, sk_msg: 1},
    properties=PSOCKS + CALLBACKS + MAPS + ENDS + OWN + [chain_holds_the_elements, elements_are_counted],
)

one_key_deleted_and_replaced = scenario(
    "a key is deleted while another socket is put under it",
    setup=two_sockets_in_an_array_and_one_under_a_key,
    run=[process(sys_hash_delete, htab0, 0), process(sys_hash_update, htab0, 0, fd1, BPF_ANY)],
    pools={sock: 2, socket: 2, sk_psock: 2, sk_psock_link: 4, bpf_shtab_elem: 2, sk_buff: 1, sk_msg: 1},
    properties=PSOCKS + CALLBACKS + MAPS + ENDS + OWN + [chain_holds_the_elements, elements_are_counted],
)

lookups_and_close = scenario(
    "a program looks a socket up in two maps and lets it go; then the socket is closed",
    setup=socket_in_two_kinds_of_maps,
    run=[process(looked_up_and_closed, fd0)],
    pools={sock: 1, socket: 1, sk_psock: 1, sk_psock_link: 2, bpf_shtab_elem: 1, sk_buff: 1, sk_msg: 1},
    properties=PSOCKS + CALLBACKS + MAPS + GIVEN_BACK,
)

unix_into_a_second_map = scenario(
    "one end of an AF_UNIX stream, which is in a map, is put into another one",
    setup=unix_plain_stream_in_map,
    run=[process(sys_map_update, map2, 0, fd0, BPF_ANY)],
    pools={sock: 2, socket: 2, sk_psock: 1, sk_psock_link: 2, sk_buff: 1, sk_msg: 1},
    properties=LIFECYCLE + CALLBACKS + UNIX + ENDS + OWN + [psock_holds_the_peer],
)

unix_pair_into_a_map_and_closed = scenario(
    "one end of an AF_UNIX stream is put into a map and closed, and so is the other one",
    setup=unix_closable_stream_pair,
    run=[process(in_and_closed, fd0, fd1)],
    pools={sock: 2, socket: 2, sk_psock: 1, sk_psock_link: 1, sk_buff: 1, sk_msg: 1},
    properties=LIFECYCLE + CALLBACKS + UNIX + GIVEN_BACK,
)

unix_dgrams_into_a_map_and_closed = scenario(
    "one of two AF_UNIX datagram sockets is put into a map and closed, and so is the other one",
    setup=unix_dgrams,
    run=[process(in_and_closed, fd0, fd1)],
    pools={sock: 2, socket: 2, sk_psock: 1, sk_psock_link: 1, sk_buff: 1, sk_msg: 1},
    properties=LIFECYCLE + CALLBACKS + UNIX + GIVEN_BACK,
)

connection_that_is_never_accepted = scenario(
    "a connection is put into a map, sends what was redirected to it, and goes with its listener",
    setup=listening_plainly,
    run=[process(never_accepted, fd0)],
    pools={sock: 2, socket: 1, sk_psock: 1, sk_psock_link: 1, sk_buff: 1, sk_msg: 1},
    properties=LIFECYCLE + CALLBACKS + MAPS + LISTENERS + GIVEN_BACK + [destroyed_socket_sends_nothing],
)

# ---------------------------------------------------------------- the end of a psock

close_with_skb_programs = scenario(
    "a socket with an SK_MSG program and a skb_verdict is closed",
    setup=closable_socket_with_skb_programs,
    run=[process(sys_close, fd0)],
    pools={sock: 1, socket: 1, sk_psock: 1, sk_psock_link: 1, bpf_prog: 2, sk_buff: 1, sk_msg: 1},
    properties=LIFECYCLE + CALLBACKS + PROGRAMS + GIVEN_BACK,
)

close_with_stream_programs = scenario(
    "a socket with an SK_MSG program, a parser and a verdict is closed",
    setup=closable_socket_with_stream_programs,
    run=[process(sys_close, fd0)],
    pools={sock: 1, socket: 1, sk_psock: 1, sk_psock_link: 1, bpf_prog: 3, sk_buff: 1, sk_msg: 1},
    quick=True,
    properties=LIFECYCLE + PARSER + PROGRAMS + GIVEN_BACK,
)

close_with_parser_and_skb_verdict = scenario(
    "a socket with a parser of one map and a skb_verdict of another one is closed, after the maps have lost both",
    setup=closable_socket_with_parser_and_skb_verdict,
    run=[process(sys_close, fd0)],
    pools={sock: 1, socket: 1, sk_psock: 1, sk_psock_link: 2, bpf_prog: 2, sk_buff: 1, sk_msg: 1},
    properties=LIFECYCLE + PROGRAMS + GIVEN_BACK,
)

parser_starts_while_sending_fails = scenario(
    "a socket whose backlog cannot send is put into a second map, which has a parser",
    setup=unsendable_data_and_map_with_parser,
    run=[process(sys_map_update, map2, 0, fd0, BPF_ANY)],
    pools={sock: 1, socket: 1, sk_psock: 1, sk_psock_link: 2, bpf_prog: 2, sk_buff: 1, sk_msg: 1},
    properties=LIFECYCLE + QUEUES + PARSER + PROGRAMS + ENDS,
)

close_after_half_a_verdict = scenario(
    "a sender and the target of its message are closed while the verdict holds for one byte more, and are freed",
    setup=redirecting_pairs_until_close,
    run=[process(sys_send_and_close_both, fd0, one0, fd1)],
    pools={sock: 2, socket: 2, sk_psock: 2, sk_psock_link: 2, sk_buff: 1, sk_msg: 1},
    properties=LIFECYCLE + CALLBACKS + [closed_socket_is_freed],
)

message_while_the_verdict_goes = scenario(
    "a message is redirected to the reader of a socket that leaves a map with a verdict",
    setup=redirecting_to_a_socket_with_a_verdict,
    run=[process(sys_send, fd0, one0), process(sys_map_delete, map2, 0)],
    pools={sock: 2, socket: 2, sk_psock: 2, sk_psock_link: 3, bpf_prog: 1, sk_buff: 1, sk_msg: 1},
    properties=LIFECYCLE + CALLBACKS + QUEUES + PROGRAMS + GIVEN_BACK,
)

# ---------------------------------------------------------------- programs and links

programs_in_order = scenario(
    "programs are attached to a map, replaced and detached, some of which is refused",
    setup=nothing_yet,
    run=[process(programs_come_and_go)],
    pools={bpf_prog: 3, sockmap_link: 1, sock: 1, sk_psock: 1, sk_psock_link: 1, sk_buff: 1, sk_msg: 1},
    properties=PROGRAMS + LINKS + [map_has_one_kind_of_verdict],
)

links_in_order = scenario(
    "a link attaches a program to a map, gets other ones, and is detached and closed, some of which is refused",
    setup=two_programs,
    run=[process(links_come_and_go)],
    pools={bpf_prog: 2, sockmap_link: 1, sock: 1, sk_psock: 1, sk_psock_link: 1, sk_buff: 1, sk_msg: 1},
    may_fail=[sockmap_link],
    properties=PROGRAMS + LINKS + [map_has_one_kind_of_verdict],
)

link_against_attach = scenario(
    "a link attaches a program to a map while another program is attached without one",
    setup=two_programs,
    run=[process(attach_by_a_link), process(attach_plainly)],
    pools={bpf_prog: 2, sockmap_link: 1, sock: 1, sk_psock: 1, sk_psock_link: 1, sk_buff: 1, sk_msg: 1},
    properties=PROGRAMS + LINKS + [map_has_one_kind_of_verdict],
)

link_against_detach_of_another = scenario(
    "a link attaches a program to a map while another program is attached without one and detached",
    setup=two_programs,
    run=[process(attach_by_a_link), process(attach_and_detach)],
    pools={bpf_prog: 2, sockmap_link: 1, sock: 1, sk_psock: 1, sk_psock_link: 1, sk_buff: 1, sk_msg: 1},
    properties=PROGRAMS + LINKS + [map_has_one_kind_of_verdict],
)

# ---------------------------------------------------------------- one packet, one read

one_packet = scenario(
    "a packet passes or is dropped",
    setup=choosy_socket_in_map,
    run=[softirq(net_rx_data, 0)],
    pools={sock: 1, socket: 1, sk_psock: 1, sk_psock_link: 1, sk_buff: 1, sk_msg: 1},
    may_fail=[sk_msg],
    properties=LIFECYCLE + CALLBACKS + QUEUES + RECEIVE + GIVEN_BACK,
)

accounted_packet_is_read = scenario(
    "a packet arrives at a socket whose receive memory is accounted, and is read",
    setup=accounted_socket,
    run=[process(received_and_read)],
    pools={sock: 1, socket: 1, sk_psock: 1, sk_psock_link: 1, sk_buff: 1, sk_msg: 1},
    properties=LIFECYCLE
    + CALLBACKS
    + QUEUES
    + RECEIVE
    + GIVEN_BACK
    + [buffers_are_freed, every_byte_is_counted, receive_memory_is_counted, reserve_is_counted],
)

accounted_delivery = scenario(
    "the backlog delivers to a reader whose receive memory is accounted",
    setup=accounted_socket_in_map,
    run=[process(sys_recv, fd0, 1, 0)],
    pools={sock: 1, socket: 1, sk_psock: 1, sk_psock_link: 1, sk_buff: 1, sk_msg: 1},
    properties=LIFECYCLE
    + CALLBACKS
    + QUEUES
    + RECEIVE
    + GIVEN_BACK
    + [buffers_are_freed, every_byte_is_counted, receive_memory_is_counted, reserve_is_counted],
)

one_packet_for_another_reader = scenario(
    "a packet is redirected to the reader of another socket",
    setup=two_sockets_redirecting_to_the_reader,
    run=[softirq(net_rx_data, 0)],
    pools={sock: 2, socket: 2, sk_psock: 2, sk_psock_link: 2, sk_buff: 1, sk_msg: 1},
    may_fail=[sk_msg],
    quick=True,
    properties=LIFECYCLE + CALLBACKS + QUEUES + RECEIVE + GIVEN_BACK,
)

one_parsed_packet = scenario(
    "a packet of two messages arrives for a parser",
    setup=parsed_socket,
    run=[softirq(net_rx_two, 0)],
    pools={sock: 1, socket: 1, sk_psock: 1, sk_psock_link: 1, sk_buff: 4, sk_msg: 2},
    properties=LIFECYCLE + QUEUES + PARSER + GIVEN_BACK,
)

parsed_messages_are_read = scenario(
    "a packet arrives for a parser and is read, and then another one",
    setup=parsed_socket,
    run=[process(received_and_read_twice)],
    pools={sock: 1, socket: 1, sk_psock: 1, sk_psock_link: 1, sk_buff: 4, sk_msg: 2},
    properties=LIFECYCLE + QUEUES + PARSER + RECEIVE + GIVEN_BACK + [every_byte_is_counted, buffers_are_freed],
)

parser_from_beginning_to_end = scenario(
    "a socket is put into a map with a parser and gets half a message, then the rest, which is read; or it is deleted",
    setup=plain_socket_and_parser_of_long_messages,
    run=[process(half_a_message_and_the_rest, fd0)],
    pools={sock: 1, socket: 1, sk_psock: 1, sk_psock_link: 1, sk_buff: 6, sk_msg: 2},
    properties=LIFECYCLE + QUEUES + PARSER + RECEIVE + GIVEN_BACK + [buffers_are_freed],
)

one_corked_message = scenario(
    "a byte is sent, which waits for another one, and is sent with it",
    setup=corking_for_a_reader,
    run=[process(sys_send_twice, fd0, one0)],
    pools={sock: 2, socket: 2, sk_psock: 2, sk_psock_link: 2, sk_buff: 1, sk_msg: 3},
    may_fail=[sk_msg],
    properties=LIFECYCLE + CALLBACKS + QUEUES + SENDING + GIVEN_BACK,
)

message_for_udp = scenario(
    "a program wants a message to be sent on a UDP socket",
    setup=messages_for_udp,
    run=[process(sys_send, fd0, one0)],
    pools={sock: 2, socket: 2, sk_psock: 2, sk_psock_link: 2, sk_buff: 1, sk_msg: 1},
    properties=LIFECYCLE + SENDING + ENDS + [target_can_take_it],
)

message_for_vsock = scenario(
    "a program wants a message to go to the reader of an AF_VSOCK socket",
    setup=messages_for_vsock,
    run=[process(sys_send, fd0, one0)],
    pools={sock: 2, socket: 2, sk_psock: 2, sk_psock_link: 2, sk_buff: 1, sk_msg: 1},
    properties=LIFECYCLE + SENDING + ENDS + [target_can_take_it],
)

packet_for_vsock = scenario(
    "a program wants a packet to go to the reader of an AF_VSOCK socket",
    setup=packets_for_vsock,
    run=[softirq(net_rx_data, 0)],
    pools={sock: 2, socket: 2, sk_psock: 2, sk_psock_link: 2, sk_buff: 1, sk_msg: 1},
    properties=LIFECYCLE + CALLBACKS + QUEUES + ENDS + [target_can_take_it],
)

redirected_message_is_read = scenario(
    "a message goes to the reader of another socket, and is read",
    setup=redirecting,
    run=[process(sent_and_read_by_another)],
    pools={sock: 2, socket: 2, sk_psock: 2, sk_psock_link: 2, sk_buff: 1, sk_msg: 1},
    properties=LIFECYCLE + CALLBACKS + QUEUES + SENDING + RECEIVE + GIVEN_BACK + [messages_are_freed],
)

unix_message_is_read = scenario(
    "a byte is sent to an AF_UNIX stream in a map, and is read",
    setup=unix_stream_in_map,
    run=[process(sent_and_read_on_a_stream)],
    pools={sock: 2, socket: 2, sk_psock: 1, sk_psock_link: 1, sk_buff: 1, sk_msg: 1},
    quick=True,
    properties=LIFECYCLE + CALLBACKS + QUEUES + UNIX + GIVEN_BACK + [buffers_are_freed],
)

unix_datagram_is_read = scenario(
    "a datagram is sent to an AF_UNIX socket in a map, and is read",
    setup=unix_dgram_in_map,
    run=[process(sent_and_read_as_a_datagram)],
    pools={sock: 2, socket: 2, sk_psock: 1, sk_psock_link: 1, sk_buff: 1, sk_msg: 1},
    properties=LIFECYCLE + CALLBACKS + QUEUES + UNIX + GIVEN_BACK + [buffers_are_freed],
)

udp_datagram_is_read = scenario(
    "a datagram arrives at a UDP socket in a map, and is read",
    setup=udp_in_map,
    run=[process(received_and_read_by_udp)],
    pools={sock: 1, socket: 1, sk_psock: 1, sk_psock_link: 1, sk_buff: 1, sk_msg: 1},
    properties=LIFECYCLE + CALLBACKS + QUEUES + UDP + GIVEN_BACK + [buffers_are_freed],
)

vsock_data_is_read = scenario(
    "data arrives at an AF_VSOCK socket in a map, and is read",
    setup=vsock_in_map,
    run=[process(received_and_read_by_vsock)],
    pools={sock: 1, socket: 1, sk_psock: 1, sk_psock_link: 1, sk_buff: 1, sk_msg: 1},
    properties=LIFECYCLE + CALLBACKS + QUEUES + VSOCK + GIVEN_BACK + [buffers_are_freed],
)
