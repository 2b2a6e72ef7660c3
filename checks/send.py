"""Senders with an SK_MSG program against each other, and against those who take their psock or their target away."""

from psockmc.lang import VIOLATED, process, scenario

from models.setups_send import (
    corked_byte,
    corked_byte_with_short_memory,
    corking_for_a_reader,
    corking_or_splitting,
    corking_threes,
    corking_what_passes,
    passing_or_dropping,
    passing_through_a_small_buffer,
    redirecting,
    redirecting_out,
    redirecting_out_through_a_small_buffer,
    redirecting_pairs,
    redirecting_pairs_out,
    redirecting_pairs_until_close,
    redirecting_the_first_byte,
    redirecting_to_a_short_target,
    redirecting_when_possible,
    sending_to_itself,
)
from models.skbuff import sk_buff
from models.skmsg import sk_msg, sk_psock, sk_psock_link
from models.sock import sock, socket
from models.syscalls import fd0, fd1, map0, sys_close, sys_map_delete, sys_map_delete_both, sys_recvmsg
from models.syscalls_send import (
    one0,
    one0_signal,
    one1,
    sys_send,
    sys_send_and_close_both,
    sys_send_shared,
    sys_send_twice,
    three0,
    two0,
    two0_dontwait,
)
from models.tcp_send import net_rx_acks
from spec.invariants_callbacks import CALLBACKS
from spec.invariants_ends import ENDS
from spec.invariants_lifecycle import LIFECYCLE
from spec.invariants_queues import QUEUES
from spec.invariants_send import SENDING
from spec.reasons import (
    CLOSE_LOADS_SK_PROT,
    DESTROY_UNCHARGES_WITHOUT_THE_SOCKET,
    REDIRECT_READS_SK_STATE,
)

redirect_by_two_senders = scenario(
    "two threads send on a socket whose messages go to the reader of another one",
    setup=redirecting,
    run=[process(sys_send, fd0, one0), process(sys_send, fd0, one1)],
    pools={sock: 2, socket: 2, sk_psock: 2, sk_psock_link: 2, sk_buff: 1, sk_msg: 2},
    properties=LIFECYCLE + CALLBACKS + QUEUES + SENDING,
)

redirect_against_close = scenario(
    "a message is redirected to the reader of a socket that is closed and taken out of the map",
    setup=redirecting,
    run=[process(sys_send, fd0, two0), process(sys_close, fd1), process(sys_map_delete, map0, 1)],
    pools={sock: 2, socket: 2, sk_psock: 2, sk_psock_link: 2, sk_buff: 1, sk_msg: 1},
    properties=LIFECYCLE + CALLBACKS + QUEUES + SENDING,
    expect={"I39-owner": VIOLATED, "data-race(sock.sk_prot)": VIOLATED, "data-race(sock.sk_state)": VIOLATED},
    why={
        "I39-owner": DESTROY_UNCHARGES_WITHOUT_THE_SOCKET,
        "data-race(sock.sk_prot)": "sock_map_close() and what it calls load sk_prot plainly while a detach stores it "
        "by WRITE_ONCE()",
        "data-race(sock.sk_state)": REDIRECT_READS_SK_STATE,
    },
)

redirect_against_own_delete = scenario(
    "a sender's socket is taken out of the map while it redirects",
    setup=redirecting,
    run=[process(sys_send, fd0, two0), process(sys_map_delete, map0, 0)],
    pools={sock: 2, socket: 2, sk_psock: 2, sk_psock_link: 2, sk_buff: 1, sk_msg: 1},
    properties=LIFECYCLE + CALLBACKS + QUEUES + SENDING,
)

redirect_against_reader_and_delete = scenario(
    "a message is redirected and read while the target is taken out of the map",
    setup=redirecting,
    run=[process(sys_send, fd0, two0), process(sys_recvmsg, fd1, True), process(sys_map_delete, map0, 1)],
    pools={sock: 2, socket: 2, sk_psock: 2, sk_psock_link: 2, sk_buff: 1, sk_msg: 1},
    properties=LIFECYCLE + CALLBACKS + QUEUES + SENDING,
    expect={
        "I39-owner": VIOLATED,
    },
    why={
        "I39-owner": DESTROY_UNCHARGES_WITHOUT_THE_SOCKET,
    },
)

redirect_to_itself = scenario(
    "a message is redirected to the reader of its own socket, which is taken out of the map",
    setup=sending_to_itself,
    run=[process(sys_send, fd0, two0), process(sys_map_delete_both, map0)],
    pools={sock: 1, socket: 1, sk_psock: 1, sk_psock_link: 2, sk_buff: 1, sk_msg: 1},
    properties=LIFECYCLE + CALLBACKS + QUEUES + SENDING,
    expect={"I39-owner": VIOLATED},
    why={"I39-owner": DESTROY_UNCHARGES_WITHOUT_THE_SOCKET},
)

redirect_while_memory_is_short = scenario(
    "a message is redirected to a socket that may take only a part of it, and is closed",
    setup=redirecting_to_a_short_target,
    run=[process(sys_send, fd0, two0), process(sys_close, fd1)],
    pools={sock: 2, socket: 2, sk_psock: 2, sk_psock_link: 2, sk_buff: 1, sk_msg: 2},
    properties=LIFECYCLE + CALLBACKS + QUEUES + SENDING,
    expect={"data-race(sock.sk_prot)": VIOLATED, "I39-owner": VIOLATED, "data-race(sock.sk_state)": VIOLATED},
    why={
        "data-race(sock.sk_prot)": CLOSE_LOADS_SK_PROT,
        "I39-owner": DESTROY_UNCHARGES_WITHOUT_THE_SOCKET,
        "data-race(sock.sk_state)": REDIRECT_READS_SK_STATE,
    },
)

redirect_pairs = scenario(
    "verdicts are for two bytes of the stream, which come in two messages",
    setup=redirecting_pairs,
    run=[process(sys_send_twice, fd0, one0)],
    pools={sock: 2, socket: 2, sk_psock: 2, sk_psock_link: 2, sk_buff: 1, sk_msg: 2},
    properties=LIFECYCLE + CALLBACKS + QUEUES + SENDING,
)

redirect_pairs_of_three = scenario(
    "verdicts are for two bytes of the stream, and a message has three",
    setup=redirecting_pairs,
    run=[process(sys_send, fd0, three0)],
    pools={sock: 2, socket: 2, sk_psock: 2, sk_psock_link: 2, sk_buff: 1, sk_msg: 2},
    properties=LIFECYCLE + CALLBACKS + QUEUES + SENDING,
)

redirect_pairs_by_two_senders = scenario(
    "verdicts are for two bytes of the stream, which come from two threads; the target is closed",
    setup=redirecting_pairs_out,
    run=[process(sys_send, fd0, one0), process(sys_send, fd0, one1), process(sys_close, fd1)],
    pools={sock: 2, socket: 2, sk_psock: 2, sk_psock_link: 2, sk_buff: 1, sk_msg: 1},
    properties=LIFECYCLE + CALLBACKS + QUEUES + SENDING,
    expect={"data-race(sock.sk_prot)": VIOLATED, "data-race(sock.sk_state)": VIOLATED},
    why={
        "data-race(sock.sk_prot)": CLOSE_LOADS_SK_PROT,
        "data-race(sock.sk_state)": REDIRECT_READS_SK_STATE,
    },
)

redirect_the_first_byte = scenario(
    "the first byte of a message is redirected, the second one passes",
    setup=redirecting_the_first_byte,
    run=[process(sys_send, fd0, two0)],
    pools={sock: 2, socket: 2, sk_psock: 2, sk_psock_link: 2, sk_buff: 1, sk_msg: 2},
    properties=LIFECYCLE + CALLBACKS + QUEUES + SENDING,
    expect={"I45-target": VIOLATED},
    why={
        "I45-target": "sk_psock_msg_verdict() asks for msg->sk_redir, where an earlier run on the same message has "
        "left a target"
    },
)

redirect_while_there_is_a_target = scenario(
    "a message is redirected byte by byte as long as its target, which is closed, is in the map",
    setup=redirecting_when_possible,
    run=[process(sys_send, fd0, two0), process(sys_close, fd1)],
    pools={sock: 2, socket: 2, sk_psock: 2, sk_psock_link: 2, sk_buff: 1, sk_msg: 2},
    properties=LIFECYCLE + CALLBACKS + QUEUES + SENDING,
    expect={
        "data-race(sock.sk_prot)": VIOLATED,
        "I45-target": VIOLATED,
        "I34-msg": VIOLATED,
        "use-after-free": VIOLATED,
        "refcount": VIOLATED,
        "I39-owner": VIOLATED,
        "data-race(sock.sk_state)": VIOLATED,
    },
    why={
        "data-race(sock.sk_prot)": CLOSE_LOADS_SK_PROT,
        "I45-target": "the program returns SK_PASS for the second byte, and sk_psock_msg_verdict() takes the target of "
        "the first",
        "I34-msg": "msg->sk_redir has no reference and is not cleared, and the RCU section in which it was found is "
        "over",
        "use-after-free": "sk_psock_msg_verdict() calls sock_hold() on a target that a former run of the program has "
        "found, see I34-msg",
        "refcount": "sk_psock_msg_verdict() calls sock_hold() on a target that a former run of the program has found, "
        "see I34-msg",
        "I39-owner": DESTROY_UNCHARGES_WITHOUT_THE_SOCKET,
        "data-race(sock.sk_state)": REDIRECT_READS_SK_STATE,
    },
)

send_on_another_socket = scenario(
    "a message is sent on another socket, which is closed",
    setup=redirecting_out,
    run=[process(sys_send, fd0, two0), process(sys_close, fd1)],
    pools={sock: 2, socket: 2, sk_psock: 2, sk_psock_link: 2, sk_buff: 1, sk_msg: 1},
    properties=LIFECYCLE + CALLBACKS + QUEUES + SENDING,
    expect={"data-race(sock.sk_prot)": VIOLATED, "data-race(sock.sk_state)": VIOLATED},
    why={
        "data-race(sock.sk_prot)": CLOSE_LOADS_SK_PROT,
        "data-race(sock.sk_state)": REDIRECT_READS_SK_STATE,
    },
)

wait_for_another_socket = scenario(
    "a message is sent on another socket, which has room for one byte, and is closed",
    setup=redirecting_out_through_a_small_buffer,
    run=[process(sys_send, fd0, two0), process(net_rx_acks, 1), process(sys_close, fd1)],
    pools={sock: 2, socket: 2, sk_psock: 2, sk_psock_link: 2, sk_buff: 1, sk_msg: 1},
    properties=LIFECYCLE + CALLBACKS + QUEUES + SENDING,
    expect={"lost-wakeup": VIOLATED, "data-race(sock.sk_state)": VIOLATED},
    why={
        "lost-wakeup": "sock_orphan() takes the socket from its wait queue, and a close() that sends a FIN wakes "
        "nobody: who waits in tcp_bpf_push_locked() for room in its target sleeps for ever",
        "data-race(sock.sk_state)": REDIRECT_READS_SK_STATE,
    },
)

pass_by_two_senders = scenario(
    "two threads send what passes, and wait for room",
    setup=passing_through_a_small_buffer,
    run=[process(sys_send, fd0, two0), process(sys_send, fd0, one1), process(net_rx_acks, 0)],
    pools={sock: 1, socket: 1, sk_psock: 1, sk_psock_link: 2, sk_buff: 1, sk_msg: 1},
    properties=LIFECYCLE + CALLBACKS + QUEUES + SENDING,
    expect={"I45": VIOLATED},
    why={
        "I45": "tcp_bpf_push() gives the socket up to wait for room while psock->eval says PASS, and the next sender "
        "does not ask the program"
    },
)

pass_without_waiting = scenario(
    "two messages are sent by one who does not wait, into a small buffer",
    setup=passing_through_a_small_buffer,
    run=[process(sys_send_twice, fd0, two0_dontwait), process(net_rx_acks, 0)],
    pools={sock: 1, socket: 1, sk_psock: 1, sk_psock_link: 2, sk_buff: 1, sk_msg: 1},
    properties=LIFECYCLE + CALLBACKS + QUEUES + SENDING,
    expect={"I45": VIOLATED},
    why={
        "I45": "tcp_bpf_send_verdict() leaves psock->eval as it is when tcp_bpf_push() fails, and the next message "
        "does not ask the program"
    },
)

pass_or_drop_twice = scenario(
    "two messages are sent, each of which passes or is dropped",
    setup=passing_or_dropping,
    run=[process(sys_send_twice, fd0, one0)],
    pools={sock: 1, socket: 1, sk_psock: 1, sk_psock_link: 2, sk_buff: 1, sk_msg: 1},
    properties=LIFECYCLE + CALLBACKS + QUEUES + SENDING,
    expect={"I45": VIOLATED},
    why={
        "I45": "tcp_bpf_send_verdict() returns from a drop with psock->eval as it is: everything that follows is "
        "dropped unasked"
    },
)

cork_by_two_senders = scenario(
    "two threads send byte by byte, and two bytes are redirected together",
    setup=corking_for_a_reader,
    run=[process(sys_send_twice, fd0, one0), process(sys_send, fd0, one1)],
    pools={sock: 2, socket: 2, sk_psock: 2, sk_psock_link: 2, sk_buff: 1, sk_msg: 3},
    properties=LIFECYCLE + CALLBACKS + QUEUES + SENDING,
)

cork_while_memory_is_short = scenario(
    "two threads add to a corked message while memory is short, and one may be interrupted",
    setup=corked_byte_with_short_memory,
    run=[process(sys_send, fd0, one0_signal), process(sys_send, fd0, one1)],
    pools={sock: 2, socket: 2, sk_psock: 2, sk_psock_link: 2, sk_buff: 1, sk_msg: 3},
    properties=LIFECYCLE + CALLBACKS + QUEUES + SENDING,
)

cork_what_passes = scenario(
    "two threads send byte by byte, two bytes pass together, and there is room for one",
    setup=corking_what_passes,
    run=[process(sys_send_twice, fd0, one0), process(sys_send, fd0, one1), process(net_rx_acks, 0)],
    pools={sock: 1, socket: 1, sk_psock: 1, sk_psock_link: 2, sk_buff: 1, sk_msg: 2},
    properties=LIFECYCLE + CALLBACKS + QUEUES + SENDING,
    expect={"I43": VIOLATED, "I45": VIOLATED, "I27-pages": VIOLATED},
    why={
        "I43": "tcp_bpf_push() gives the socket up to wait for room while its message is psock->cork",
        "I45": "psock->eval says PASS meanwhile, and the next sender, who takes the same message, does not ask the "
        "program",
        "I27-pages": "both senders push the same element of the message and put its page",
    },
)

cork_against_close = scenario(
    "a socket with a corked byte is closed while another thread adds to it",
    setup=corked_byte,
    run=[process(sys_send_shared, fd0, one0), process(sys_close, fd0)],
    pools={sock: 1, socket: 1, sk_psock: 1, sk_psock_link: 2, sk_buff: 1, sk_msg: 1},
    properties=LIFECYCLE + CALLBACKS + QUEUES + SENDING,
)

cork_against_delete = scenario(
    "a socket with a corked byte is taken out of the map while another thread sends",
    setup=corked_byte,
    run=[process(sys_send, fd0, one0), process(sys_map_delete, map0, 0)],
    pools={sock: 1, socket: 1, sk_psock: 1, sk_psock_link: 2, sk_buff: 1, sk_msg: 1},
    properties=LIFECYCLE + CALLBACKS + QUEUES + SENDING,
    expect={"I39-owner": VIOLATED, "I38-charge": VIOLATED, "data-race(sock.sk_forward_alloc)": VIOLATED},
    why={
        "I39-owner": "sk_psock_drop() frees the corked message, and uncharges it without the socket",
        "I38-charge": "a charge by tcp_sendmsg_locked() is lost between the load and the store of sk_psock_drop(), or "
        "the other way round",
        "data-race(sock.sk_forward_alloc)": "sk_psock_drop() changes it without the socket, see I39-owner",
    },
)

cork_without_memory = scenario(
    "a byte is sent that waits for two more, if there is memory for that",
    setup=corking_threes,
    run=[process(sys_send, fd0, one0)],
    pools={sock: 1, socket: 1, sk_psock: 1, sk_psock_link: 2, sk_buff: 1, sk_msg: 1},
    properties=LIFECYCLE + CALLBACKS + QUEUES + SENDING,
    may_fail=[sk_msg],
)

cork_again_without_memory = scenario(
    "bytes are sent one by one and wait for a third, if there is memory for that",
    setup=corking_threes,
    run=[process(sys_send_twice, fd0, one0)],
    pools={sock: 1, socket: 1, sk_psock: 1, sk_psock_link: 2, sk_buff: 1, sk_msg: 1},
    properties=LIFECYCLE + CALLBACKS + QUEUES + SENDING,
    may_fail=[sk_msg],
    expect={"I27-pages": VIOLATED},
    why={
        "I27-pages": "tcp_bpf_send_verdict() sets psock->cork_bytes before the allocation of psock->cork fails; the "
        "next sendmsg() takes its own message for the corked one and leaves it behind"
    },
)

one_redirect = scenario(
    "a sender's message goes to the reader of another socket, and all references are given back",
    setup=redirecting,
    run=[process(sys_send, fd0, two0)],
    pools={sock: 2, socket: 2, sk_psock: 2, sk_psock_link: 2, sk_buff: 1, sk_msg: 1},
    may_fail=[sk_msg],
    quick=True,
    properties=LIFECYCLE + CALLBACKS + QUEUES + SENDING + ENDS,
)

one_message_that_may_pass = scenario(
    "a sender's message passes or is dropped, and all references are given back",
    setup=passing_or_dropping,
    run=[process(sys_send, fd0, two0)],
    pools={sock: 1, socket: 1, sk_psock: 1, sk_psock_link: 1, sk_buff: 1, sk_msg: 1},
    quick=True,
    properties=LIFECYCLE + CALLBACKS + QUEUES + SENDING + ENDS,
)

close_with_a_verdict_in_use = scenario(
    "a sender and the target of its message are closed while the verdict holds for one byte more",
    setup=redirecting_pairs_until_close,
    run=[process(sys_send_and_close_both, fd0, one0, fd1)],
    pools={sock: 2, socket: 2, sk_psock: 2, sk_psock_link: 2, sk_buff: 1, sk_msg: 1},
    properties=LIFECYCLE + CALLBACKS + QUEUES + SENDING,
    expect={"I39-owner": VIOLATED},
    why={"I39-owner": DESTROY_UNCHARGES_WITHOUT_THE_SOCKET},
)

cork_beside_a_redirect = scenario(
    "a message is redirected byte by byte while another thread may have one corked",
    setup=corking_or_splitting,
    run=[process(sys_send, fd0, two0), process(sys_send, fd0, one1)],
    pools={sock: 2, socket: 2, sk_psock: 2, sk_psock_link: 2, sk_buff: 1, sk_msg: 4},
    properties=LIFECYCLE + CALLBACKS + QUEUES + SENDING,
    expect={"I44": VIOLATED, "bad-free": VIOLATED, "I26-whole": VIOLATED},
    why={
        "I44": "tcp_bpf_send_verdict() asks whether there is a corked message, not whether it is its own: the other "
        "thread has corked one since this one looked",
        "bad-free": "the sender frees the message on its stack, which it takes for the corked one",
        "I26-whole": "a sender that corks the rest of its message copies it over the message that another thread has "
        "corked meanwhile",
    },
)

cork_beside_a_redirect_on_one_cpu = scenario(
    "two threads on one CPU: a message is redirected byte by byte while the other thread may have one corked",
    setup=corking_or_splitting,
    run=[process(sys_send, fd0, two0, cpu=0), process(sys_send, fd0, one1, cpu=0)],
    pools={sock: 2, socket: 2, sk_psock: 2, sk_psock_link: 2, sk_buff: 1, sk_msg: 4},
    properties=LIFECYCLE + CALLBACKS + QUEUES + SENDING,
    expect={"I44": VIOLATED, "bad-free": VIOLATED, "I26-whole": VIOLATED},
    why={
        "I44": "tcp_bpf_send_verdict() asks whether there is a corked message, not whether it is its own: the other "
        "thread has corked one since this one looked",
        "bad-free": "the sender frees the message on its stack, which it takes for the corked one",
        "I26-whole": "a sender that corks the rest of its message copies it over the message that another thread has "
        "corked meanwhile",
    },
)
