"""Hash maps: updates, deletes, lookups and the map's end, against each other and against close()."""

from psockmc.lang import VIOLATED, process, scenario, softirq

from models.setups_maps import (
    full_hash_and_another_socket,
    hash_with_an_end,
    hash_with_an_end_and_two_sockets,
    plain_socket_in_hash,
    socket_in_both_kinds,
    socket_in_hash,
    socket_in_hash_and_another,
    socket_redirecting_to_a_key,
    two_sockets_in_hash,
)
from models.skbuff import sk_buff
from models.skmsg import sk_msg, sk_psock, sk_psock_link
from models.sock import sock, socket
from models.sock_hash import bpf_shtab, bpf_shtab_elem
from models.sock_map import BPF_ANY, BPF_NOEXIST
from models.syscalls import fd0, fd1, map0, net_rx_data, sys_close, sys_map_delete
from models.syscalls_maps import (
    htab0,
    htabfd0,
    program_looks_key_up,
    program_updates_key,
    small_htab,
    sys_hash_close,
    sys_hash_delete,
    sys_hash_update,
)
from spec.invariants_callbacks import CALLBACKS
from spec.invariants_lifecycle import PSOCKS
from spec.invariants_maps import HASH
from spec.invariants_queues import QUEUES
from spec.reasons import (
    CLOSE_LOADS_SK_PROT,
    DEL_LINK_LOOKS_AT_SAVED_DATA_READY,
    ORPHAN_SETS_SOCK_DEAD,
    STATE_IS_READ_WITHOUT_THE_SOCKET,
    UPDATE_LOADS_SK_PROT,
)

hash_close_against_delete = scenario(
    "close() of a socket in a hash map while another process deletes its key and a program looks it up",
    setup=socket_in_hash,
    run=[process(sys_close, fd0), process(sys_hash_delete, htab0, 0), softirq(program_looks_key_up, 0)],
    pools={sock: 1, socket: 1, sk_psock: 1, sk_psock_link: 1, bpf_shtab_elem: 1, sk_buff: 1, sk_msg: 1},
    quick=True,
    properties=PSOCKS + CALLBACKS + HASH,
    expect={"data-race(sock.sk_prot)": VIOLATED},
    why={"data-race(sock.sk_prot)": CLOSE_LOADS_SK_PROT},
)

hash_neighbours = scenario(
    "a socket in a hash map is closed while its neighbour in the chain is deleted and a program walks the chain",
    setup=two_sockets_in_hash,
    run=[process(sys_close, fd0), process(sys_hash_delete, htab0, 1), softirq(program_looks_key_up, 0)],
    pools={sock: 2, socket: 2, sk_psock: 2, sk_psock_link: 2, bpf_shtab_elem: 2, sk_buff: 1, sk_msg: 1},
    properties=PSOCKS + CALLBACKS + HASH,
)

hash_replace_against_close = scenario(
    "another socket takes the key of one that is closed, while a program looks the key up",
    setup=socket_in_hash_and_another,
    run=[
        process(sys_hash_update, htab0, 0, fd1, BPF_ANY),
        process(sys_close, fd0),
        softirq(program_looks_key_up, 0),
    ],
    pools={sock: 2, socket: 2, sk_psock: 2, sk_psock_link: 2, bpf_shtab_elem: 2, sk_buff: 1, sk_msg: 1},
    properties=PSOCKS + CALLBACKS + HASH,
    expect={"data-race(sock.sk_prot)": VIOLATED},
    why={"data-race(sock.sk_prot)": CLOSE_LOADS_SK_PROT},
)

hash_update_of_itself = scenario(
    "a socket takes its own place under its key while it is deleted and a program does the same in a softirq",
    setup=plain_socket_in_hash,
    run=[
        process(sys_hash_update, htab0, 0, fd0, BPF_ANY),
        process(sys_hash_delete, htab0, 0),
        softirq(program_updates_key, 0, 0),
    ],
    pools={sock: 1, socket: 1, sk_psock: 3, sk_psock_link: 3, bpf_shtab_elem: 3, sk_buff: 1, sk_msg: 1},
    may_fail=[bpf_shtab_elem],
    properties=PSOCKS + CALLBACKS + HASH,
    expect={"data-race(sock.sk_prot)": VIOLATED, "data-race(sk_psock.psock_update_sk_prot)": VIOLATED},
    why={
        "data-race(sock.sk_prot)": UPDATE_LOADS_SK_PROT,
        "data-race(sk_psock.psock_update_sk_prot)": "sock_map_init_proto() stores it plainly without the callback lock "
        "under which sk_psock_drop() and sock_map_del_link() read it",
    },
)

hash_insert_when_full = scenario(
    "two processes put a socket into a full hash map, under a new key and under the old one, while that is deleted",
    setup=full_hash_and_another_socket,
    run=[
        process(sys_hash_update, small_htab, 1, fd1, BPF_NOEXIST),
        process(sys_hash_update, small_htab, 0, fd1, BPF_ANY),
        process(sys_hash_delete, small_htab, 0),
    ],
    pools={sock: 2, socket: 2, sk_psock: 3, sk_psock_link: 3, bpf_shtab_elem: 3, sk_buff: 1, sk_msg: 1},
    properties=PSOCKS + CALLBACKS + HASH,
    expect={"data-race(sock.sk_prot)": VIOLATED},
    why={"data-race(sock.sk_prot)": UPDATE_LOADS_SK_PROT},
)

hash_free_against_close = scenario(
    "a hash map is freed while a socket in it is closed",
    setup=hash_with_an_end,
    run=[process(sys_hash_close, htabfd0), process(sys_close, fd0)],
    pools={sock: 1, socket: 1, sk_psock: 1, sk_psock_link: 1, bpf_shtab_elem: 1, bpf_shtab: 1, sk_buff: 1, sk_msg: 1},
    properties=PSOCKS + CALLBACKS + HASH,
    expect={"data-race(sock.sk_prot)": VIOLATED},
    why={"data-race(sock.sk_prot)": CLOSE_LOADS_SK_PROT},
)

hash_free_of_two = scenario(
    "a hash map with two sockets is freed while one of them is closed",
    setup=hash_with_an_end_and_two_sockets,
    run=[process(sys_hash_close, htabfd0), process(sys_close, fd0)],
    pools={sock: 2, socket: 2, sk_psock: 2, sk_psock_link: 2, bpf_shtab_elem: 2, bpf_shtab: 1, sk_buff: 1, sk_msg: 1},
    properties=PSOCKS + CALLBACKS + HASH,
    expect={"data-race(sock.sk_prot)": VIOLATED},
    why={"data-race(sock.sk_prot)": CLOSE_LOADS_SK_PROT},
)

hash_redirect_against_close_and_delete = scenario(
    "a packet is redirected to the socket under a key, which is closed and deleted",
    setup=socket_redirecting_to_a_key,
    run=[softirq(net_rx_data, 0), process(sys_close, fd1), process(sys_hash_delete, htab0, 1)],
    pools={sock: 2, socket: 2, sk_psock: 2, sk_psock_link: 2, bpf_shtab_elem: 1, sk_buff: 1, sk_msg: 1},
    properties=PSOCKS + CALLBACKS + QUEUES,
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

close_in_both_kinds = scenario(
    "a socket in an array map and a hash map is closed while it is deleted from both",
    setup=socket_in_both_kinds,
    run=[process(sys_close, fd0), process(sys_map_delete, map0, 0), process(sys_hash_delete, htab0, 0)],
    pools={sock: 1, socket: 1, sk_psock: 1, sk_psock_link: 2, bpf_shtab_elem: 1, sk_buff: 1, sk_msg: 1},
    properties=PSOCKS + CALLBACKS,
    expect={"data-race(sock.sk_prot)": VIOLATED, "data-race(sk_psock.saved_data_ready)": VIOLATED},
    why={
        "data-race(sock.sk_prot)": CLOSE_LOADS_SK_PROT,
        "data-race(sk_psock.saved_data_ready)": DEL_LINK_LOOKS_AT_SAVED_DATA_READY,
    },
)
