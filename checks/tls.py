"""kTLS on sockets that are in a map, or come into one."""

from psockmc.lang import VIOLATED, process, scenario, softirq

from models.setups_tls import (
    closable_receiving_socket,
    closable_socket_in_map,
    delete_then_close,
    socket_with_tls,
    sys_tcp_ulp,
    sys_tls_tx,
    tls_beside_a_socket_in_map,
    tls_in_map_beside_a_socket,
    tls_on_a_socket_in_map,
    tls_on_a_socket_whose_map_has_no_verdict,
    tls_on_a_socket_with_a_verdict,
    tls_then_close,
    tls_then_encrypt,
    two_sockets_in_map,
)
from models.skbuff import sk_buff
from models.skmsg import sk_msg, sk_psock, sk_psock_link
from models.sock import sock, socket
from models.sock_map import BPF_ANY
from models.syscalls import fd0, fd1, map0, net_rx_reset, program_updates_map, sys_close, sys_map_delete, sys_map_update
from models.syscalls_maps import map2
from models.tls import tls_context
from spec.invariants_callbacks import CALLBACKS
from spec.invariants_ends import ENDS, OWN
from spec.invariants_tls import ULP
from spec.reasons import CLOSE_LOADS_SK_PROT, RESTORE_STORES_UNHASH, STATE_IS_READ_WITHOUT_THE_SOCKET

close_of_tls_against_delete = scenario(
    "a socket with TLS on top of its psock is closed while it is deleted from the map",
    setup=tls_on_a_socket_in_map,
    run=[process(sys_close, fd0), process(sys_map_delete, map0, 0)],
    pools={sock: 1, socket: 1, sk_psock: 1, sk_psock_link: 1, sk_buff: 1, sk_msg: 1, tls_context: 1},
    properties=ULP + CALLBACKS,
    expect={"data-race(proto.unhash)": VIOLATED, "data-race(sock.sk_prot)": VIOLATED},
    why={
        "data-race(proto.unhash)": RESTORE_STORES_UNHASH,
        "data-race(sock.sk_prot)": CLOSE_LOADS_SK_PROT,
    },
)

delete_with_tls_and_a_verdict = scenario(
    "a socket with a verdict, and TLS on top of its psock, is deleted from the map",
    setup=tls_on_a_socket_with_a_verdict,
    run=[process(sys_map_delete, map0, 0)],
    pools={sock: 1, socket: 1, sk_psock: 1, sk_psock_link: 1, sk_buff: 1, sk_msg: 1, tls_context: 1},
    quick=True,
    properties=ULP + CALLBACKS,
    expect={"I12-ulp": VIOLATED, "I13-ulp": VIOLATED, "I12-write-space": VIOLATED},
    why={
        "I12-ulp": "sock_map_del_link() lets tcp_bpf_update_proto() choose a table anew, which does not ask for an "
        "ULP: TLS's table is replaced by ours, and the restore then tells TLS only",
        "I13-ulp": "see I12-ulp: sk_prot stays ours when the psock is gone, so that close() tries again for ever",
        "I12-write-space": "tls_update() notes write_space in the context of TLS, and sk_write_space itself stays "
        "sk_psock_write_space()",
    },
)

write_space_after_tls_and_delete = scenario(
    "a socket with TLS on top of its psock is deleted from a map whose verdict was detached before",
    setup=tls_on_a_socket_whose_map_has_no_verdict,
    run=[process(sys_map_delete, map0, 0)],
    pools={sock: 1, socket: 1, sk_psock: 1, sk_psock_link: 1, sk_buff: 1, sk_msg: 1, tls_context: 1},
    properties=ULP + CALLBACKS,
    expect={"I12-write-space": VIOLATED},
    why={
        "I12-write-space": "tls_update() notes write_space in the context of TLS, and sk_write_space itself stays "
        "sk_psock_write_space()",
    },
)

second_map_under_tls = scenario(
    "a socket with TLS on top of its psock is put into a second map",
    setup=tls_on_a_socket_in_map,
    run=[process(sys_map_update, map2, 0, fd0, BPF_ANY)],
    pools={sock: 1, socket: 1, sk_psock: 1, sk_psock_link: 2, sk_buff: 1, sk_msg: 1, tls_context: 1},
    quick=True,
    properties=ULP + CALLBACKS + ENDS + OWN,
)

tls_against_delete = scenario(
    "a program puts TLS on its socket and closes it, while the socket is deleted from the map",
    setup=closable_socket_in_map,
    run=[process(tls_then_close, fd0), process(sys_map_delete, map0, 0)],
    pools={sock: 1, socket: 1, sk_psock: 1, sk_psock_link: 1, sk_buff: 1, sk_msg: 1, tls_context: 1},
    quick=True,
    properties=ULP + CALLBACKS,
    expect={
        "data-race(proto.unhash)": VIOLATED,
        "leak": VIOLATED,
        "I12-ulp": VIOLATED,
        "data-race(sock.icsk_ulp_ops)": VIOLATED,
        "data-race(sock.sk_prot)": VIOLATED,
    },
    why={
        "data-race(proto.unhash)": RESTORE_STORES_UNHASH,
        "leak": "tcp_set_ulp() sets icsk_ulp_ops after tls_init() is over: a restore in between puts tcp_prot over "
        "TLS's table, whose close() would have freed the context",
        "I12-ulp": "as the restore does not see TLS yet, TLS is not told that the table below it has changed",
        "data-race(sock.icsk_ulp_ops)": "tcp_set_ulp() sets it plainly without sk_callback_lock, under which the "
        "restore reads it",
        "data-race(sock.sk_prot)": CLOSE_LOADS_SK_PROT,
    },
)

tls_against_update = scenario(
    "a program puts TLS on its socket and encrypts, while another one puts it into a map",
    setup=closable_receiving_socket,
    run=[process(tls_then_encrypt, fd0), process(sys_map_update, map0, 0, fd0, BPF_ANY)],
    pools={sock: 1, socket: 1, sk_psock: 1, sk_psock_link: 1, sk_buff: 1, sk_msg: 1, tls_context: 1},
    properties=ULP + CALLBACKS,
    expect={"data-race(sock.sk_prot)": VIOLATED},
    why={
        "data-race(sock.sk_prot)": "sock_map_update_elem_sys() loads sk_prot plainly before it owns the socket, while "
        "tls_init() stores it by WRITE_ONCE()",
    },
)

tls_against_update_by_a_program = scenario(
    "a program puts TLS on its socket and closes it, while a BPF program puts it into a map",
    setup=closable_receiving_socket,
    run=[process(tls_then_close, fd0), softirq(program_updates_map, 0, 0)],
    pools={sock: 1, socket: 1, sk_psock: 1, sk_psock_link: 1, sk_buff: 1, sk_msg: 1, tls_context: 1},
    properties=ULP + CALLBACKS,
    expect={
        "recursion": VIOLATED,
        "I12-ulp": VIOLATED,
        "I14-ulp": VIOLATED,
        "data-race(sock.sk_prot)": VIOLATED,
        "data-race(sock.sk_state)": VIOLATED,
        "data-race(sock.icsk_ulp_ops)": VIOLATED,
    },
    why={
        "recursion": "tls_update() is told that TLS's own table is below it, so that tls_sk_proto_close() calls "
        "itself, see I14-ulp",
        "I12-ulp": "the restore tells TLS, which is below here, and leaves our table in sk_prot",
        "I14-ulp": "sock_map_update_elem() does not ask who owns the socket, and tcp_set_ulp() sets icsk_ulp_ops after "
        "TLS is in place: sk_psock_init() sees TLS's table and no ULP",
        "data-race(sock.sk_prot)": "sock_map_update_elem() loads sk_prot plainly while tls_init() stores it by "
        "WRITE_ONCE()",
        "data-race(sock.icsk_ulp_ops)": "tcp_set_ulp() sets it plainly without sk_callback_lock, under which "
        "sk_psock_init() reads it",
        "data-race(sock.sk_state)": STATE_IS_READ_WITHOUT_THE_SOCKET,
    },
)

update_of_a_socket_with_tls = scenario(
    "a socket with TLS is put into a map and closed",
    setup=socket_with_tls,
    run=[process(sys_map_update, map0, 0, fd0, BPF_ANY), process(sys_close, fd0)],
    pools={sock: 1, socket: 1, sk_psock: 1, sk_psock_link: 1, sk_buff: 1, sk_msg: 1, tls_context: 1},
    properties=ULP + CALLBACKS,
)

tls_tables_rebuilt_for_plain_tcp_against_close = scenario(
    "a socket with TLS on top of its psock is closed while a plain socket gets TLS",
    setup=tls_in_map_beside_a_socket,
    run=[process(sys_close, fd0), process(sys_tcp_ulp, fd1)],
    pools={sock: 2, socket: 2, sk_psock: 1, sk_psock_link: 1, sk_buff: 1, sk_msg: 1, tls_context: 2},
    properties=ULP + CALLBACKS,
    expect={
        "data-race(proto.unhash)": VIOLATED,
        "leak": VIOLATED,
        "data-race(proto.close)": VIOLATED,
        "data-race(proto.destroy)": VIOLATED,
    },
    why={
        "data-race(proto.unhash)": "build_protos() stores it plainly while tcp_set_state() reads it",
        "leak": "while tls_build_proto() rebuilds the tables of TLS, close() of a socket that uses them finds "
        "tcp_close() there: nobody takes TLS away and frees its context",
        "data-race(proto.close)": "build_protos() stores it plainly while inet_release() loads it",
        "data-race(proto.destroy)": "build_protos() stores it plainly while inet_csk_destroy_sock() loads it",
    },
)

tls_tables_rebuilt_against_close = scenario(
    "a socket with TLS is closed while a socket in a map gets TLS",
    setup=tls_beside_a_socket_in_map,
    run=[process(sys_close, fd0), process(sys_tcp_ulp, fd1)],
    pools={sock: 2, socket: 2, sk_psock: 1, sk_psock_link: 1, sk_buff: 1, sk_msg: 1, tls_context: 2},
    properties=ULP + CALLBACKS,
    expect={"I12-ulp": VIOLATED, "data-race(proto.close)": VIOLATED},
    why={
        "I12-ulp": "tls_build_proto() rebuilds the tables that other sockets are using: each is first a copy of the "
        "table below and gets its own close() after that",
        "data-race(proto.close)": "build_protos() stores it plainly while inet_release() loads it",
    },
)

encryption_against_delete = scenario(
    "a socket with TLS on top of its psock begins to encrypt while it is deleted from the map",
    setup=tls_on_a_socket_in_map,
    run=[process(sys_tls_tx, fd0), process(sys_map_delete, map0, 0)],
    pools={sock: 1, socket: 1, sk_psock: 1, sk_psock_link: 1, sk_buff: 1, sk_msg: 1, tls_context: 1},
    properties=ULP + CALLBACKS,
)

delete_then_close_with_tls = scenario(
    "a socket with TLS on top of its psock is deleted from the map and closed",
    setup=tls_on_a_socket_in_map,
    run=[process(delete_then_close, fd0)],
    pools={sock: 1, socket: 1, sk_psock: 1, sk_psock_link: 1, sk_buff: 1, sk_msg: 1, tls_context: 1},
    properties=ULP + CALLBACKS,
)

reset_of_tls_against_delete = scenario(
    "the peer resets a socket with TLS on top of its psock, while it is deleted from the map",
    setup=tls_on_a_socket_in_map,
    run=[softirq(net_rx_reset, 0), process(sys_map_delete, map0, 0)],
    pools={sock: 1, socket: 1, sk_psock: 1, sk_psock_link: 1, sk_buff: 1, sk_msg: 1, tls_context: 1},
    properties=ULP + CALLBACKS,
    expect={"data-race(proto.unhash)": VIOLATED},
    why={"data-race(proto.unhash)": RESTORE_STORES_UNHASH},
)

two_sockets_leave_a_map = scenario(
    "two sockets that are in a map, neither of them with TLS: one is deleted, the other is closed",
    setup=two_sockets_in_map,
    run=[process(sys_map_delete, map0, 0), process(sys_close, fd1)],
    pools={sock: 2, socket: 2, sk_psock: 2, sk_psock_link: 2, sk_buff: 1, sk_msg: 1, tls_context: 1},
    properties=ULP + CALLBACKS,
)
