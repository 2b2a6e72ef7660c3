"""Programs that look sockets up in a map."""

from psockmc.lang import VIOLATED, process, scenario, softirq

from models.setups_families import tcp_connection_in_map
from models.skbuff import sk_buff
from models.skmsg import sk_msg, sk_psock, sk_psock_link
from models.sock import sock, socket
from models.syscalls import fd0
from models.syscalls_families import program_looks_up_socket, sys_disconnect_listen_and_close
from spec.invariants_callbacks import CALLBACKS
from spec.invariants_lifecycle import LIFECYCLE

lookup_against_listen = scenario(
    "a program looks a TCP socket up in the map while its user disconnects it, listens on it, and closes it",
    setup=tcp_connection_in_map,
    run=[softirq(program_looks_up_socket), process(sys_disconnect_listen_and_close, fd0)],
    pools={sock: 1, socket: 1, sk_psock: 1, sk_psock_link: 1, sk_buff: 1, sk_msg: 1},
    properties=LIFECYCLE + CALLBACKS,
    expect={
        "leak": VIOLATED,
        "data-race(sock.sock_rcu_free)": VIOLATED,
    },
    why={
        "leak": "the lookup takes a reference on a connection; listen() sets SOCK_RCU_FREE before the release, which "
        "then believes that there was none to take",
        "data-race(sock.sock_rcu_free)": "listen() sets SOCK_RCU_FREE by __set_bit(), which is plain, while "
        "sk_is_refcounted() reads the flags",
    },
)
