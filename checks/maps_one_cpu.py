"""Who changes maps, interrupted by softirqs: programs that change them too, packets, the end of a connection.

Everything is on one CPU, the workers included: what does a softirq find that comes in over a process at any step, and
what does the process find when it goes on?
"""

from psockmc.lang import process, scenario, softirq

from models.setups import (
    connected_socket,
    map_with_an_end,
    plain_socket_in_map,
    socket_and_another,
    socket_in_map,
    socket_in_two_slots,
    target_of_a_sender,
)
from models.setups_maps import (
    plain_socket_in_hash,
    socket_in_both_kinds,
    socket_in_hash,
    socket_in_hash_and_another,
)
from models.skbuff import sk_buff
from models.skmsg import sk_msg, sk_psock, sk_psock_link
from models.skmsg_verdict import bpf_prog
from models.sock import sock, socket
from models.sock_hash import bpf_shtab_elem
from models.sock_map import BPF_ANY, BPF_EXIST, bpf_stab
from models.syscalls import (
    fd0,
    fd1,
    map0,
    mapfd0,
    net_rx_data,
    net_rx_reset,
    program_updates_map,
    sys_close,
    sys_map_close,
    sys_map_delete,
    sys_map_update,
)
from models.syscalls_maps import (
    htab0,
    program_deletes,
    program_deletes_key,
    program_looks_key_up,
    program_updates_key,
    sys_hash_delete,
    sys_hash_update,
)
from models.syscalls_progs import progfd0, socket_in_map_with_a_loaded_program, sys_prog_detach
from spec.invariants_callbacks import CALLBACKS
from spec.invariants_lifecycle import LIFECYCLE, PSOCKS
from spec.invariants_listeners import closed_socket_has_no_psock
from spec.invariants_maps import HASH, MAPS, only_open_sockets_enter
from spec.invariants_queues import QUEUES

program_deletes_over_update = scenario(
    "a program deletes the slot on the CPU of a process that puts a socket into it",
    setup=connected_socket,
    run=[process(sys_map_update, map0, 0, fd0, BPF_ANY, cpu=0), softirq(program_deletes, 0, cpu=0)],
    workers_cpu=0,
    pools={sock: 1, socket: 1, sk_psock: 1, sk_psock_link: 1, sk_buff: 1, sk_msg: 1},
    properties=LIFECYCLE + CALLBACKS + MAPS,
)

program_deletes_over_update_short_of_memory = scenario(
    "the same while memory is short",
    setup=connected_socket,
    run=[process(sys_map_update, map0, 0, fd0, BPF_ANY, cpu=0), softirq(program_deletes, 0, cpu=0)],
    workers_cpu=0,
    pools={sock: 1, socket: 1, sk_psock: 1, sk_psock_link: 1, sk_buff: 1, sk_msg: 1},
    may_fail=[sk_psock, sk_psock_link],
    properties=LIFECYCLE + CALLBACKS + MAPS,
)

program_updates_over_update_of_an_empty_slot = scenario(
    "a program puts a socket into the slot on the CPU of a process that wants it to be occupied",
    setup=connected_socket,
    run=[process(sys_map_update, map0, 0, fd0, BPF_EXIST, cpu=0), softirq(program_updates_map, 0, 0, cpu=0)],
    workers_cpu=0,
    pools={sock: 1, socket: 1, sk_psock: 2, sk_psock_link: 2, sk_buff: 1, sk_msg: 1},
    properties=LIFECYCLE + CALLBACKS + MAPS,
)

program_deletes_over_replace = scenario(
    "a program deletes the slot on the CPU of a process that puts another socket into it",
    setup=socket_and_another,
    run=[process(sys_map_update, map0, 0, fd1, BPF_ANY, cpu=0), softirq(program_deletes, 0, cpu=0)],
    workers_cpu=0,
    pools={sock: 2, socket: 2, sk_psock: 2, sk_psock_link: 2, sk_buff: 1, sk_msg: 1},
    properties=LIFECYCLE + CALLBACKS + MAPS,
)

program_deletes_over_delete = scenario(
    "a program deletes a socket from its second slot on the CPU of a process that deletes it from its first",
    setup=socket_in_two_slots,
    run=[process(sys_map_delete, map0, 0, cpu=0), softirq(program_deletes, 1, cpu=0)],
    workers_cpu=0,
    pools={sock: 1, socket: 1, sk_psock: 1, sk_psock_link: 2, sk_buff: 1, sk_msg: 1},
    properties=LIFECYCLE + CALLBACKS + MAPS,
)

program_deletes_over_close = scenario(
    "a program deletes a socket from the map on the CPU of the process that closes it",
    setup=socket_in_map,
    run=[process(sys_close, fd0, cpu=0), softirq(program_deletes, 0, cpu=0)],
    workers_cpu=0,
    pools={sock: 1, socket: 1, sk_psock: 1, sk_psock_link: 1, sk_buff: 1, sk_msg: 1},
    properties=LIFECYCLE + CALLBACKS + MAPS,
)

program_updates_over_update = scenario(
    "a program puts a socket into one slot on the CPU of a process that puts it into another",
    setup=connected_socket,
    run=[process(sys_map_update, map0, 0, fd0, BPF_ANY, cpu=0), softirq(program_updates_map, 0, 1, cpu=0)],
    workers_cpu=0,
    pools={sock: 1, socket: 1, sk_psock: 2, sk_psock_link: 2, sk_buff: 1, sk_msg: 1},
    properties=LIFECYCLE + CALLBACKS + MAPS,
)

program_updates_over_update_of_itself = scenario(
    "a program puts a socket into its own slot on the CPU of a process that does the same",
    setup=plain_socket_in_map,
    run=[process(sys_map_update, map0, 0, fd0, BPF_ANY, cpu=0), softirq(program_updates_map, 0, 0, cpu=0)],
    workers_cpu=0,
    pools={sock: 1, socket: 1, sk_psock: 1, sk_psock_link: 3, sk_buff: 1, sk_msg: 1},
    properties=LIFECYCLE + CALLBACKS + MAPS,
)

program_updates_over_delete = scenario(
    "a program puts a socket into a slot on the CPU of a process that deletes it from another",
    setup=socket_in_map,
    run=[process(sys_map_delete, map0, 0, cpu=0), softirq(program_updates_map, 0, 1, cpu=0)],
    workers_cpu=0,
    pools={sock: 1, socket: 1, sk_psock: 2, sk_psock_link: 2, sk_buff: 1, sk_msg: 1},
    properties=LIFECYCLE + CALLBACKS + MAPS,
)

program_updates_over_close = scenario(
    "a program puts a socket into the map on the CPU of the process that closes it",
    setup=connected_socket,
    run=[process(sys_close, fd0, cpu=0), softirq(program_updates_map, 0, 0, cpu=0)],
    workers_cpu=0,
    pools={sock: 1, socket: 1, sk_psock: 1, sk_psock_link: 1, sk_buff: 1, sk_msg: 1},
    properties=LIFECYCLE + CALLBACKS + MAPS + [closed_socket_has_no_psock, only_open_sockets_enter],
)

program_updates_over_map_free = scenario(
    "a program puts a socket into a second map on the CPU that frees the first",
    setup=map_with_an_end,
    run=[process(sys_map_close, mapfd0, cpu=0), softirq(program_updates_map, 0, 1, cpu=0)],
    workers_cpu=0,
    pools={sock: 1, socket: 1, sk_psock: 2, sk_psock_link: 2, bpf_stab: 1, sk_buff: 1, sk_msg: 1},
    properties=LIFECYCLE + CALLBACKS + MAPS,
)

reset_over_close = scenario(
    "the connection is reset on the CPU of the process that closes its socket",
    setup=target_of_a_sender,
    run=[process(sys_close, fd0, cpu=0), softirq(net_rx_reset, 0, cpu=0)],
    workers_cpu=0,
    pools={sock: 1, socket: 1, sk_psock: 1, sk_psock_link: 1, sk_buff: 1, sk_msg: 1},
    properties=LIFECYCLE + CALLBACKS + MAPS,
)

packet_over_detach_of_a_program = scenario(
    "a packet arrives on the CPU that detaches the program from the map",
    setup=socket_in_map_with_a_loaded_program,
    run=[process(sys_prog_detach, map0, progfd0, cpu=0), softirq(net_rx_data, 0, cpu=0)],
    workers_cpu=0,
    pools={sock: 1, socket: 1, sk_psock: 1, sk_psock_link: 1, bpf_prog: 1, sk_buff: 1, sk_msg: 1},
    properties=LIFECYCLE + CALLBACKS + QUEUES + MAPS,
)

hash_program_deletes_over_close = scenario(
    "a program deletes the key on the CPU of the process that closes its socket",
    setup=socket_in_hash,
    run=[process(sys_close, fd0, cpu=0), softirq(program_deletes_key, 0, cpu=0)],
    workers_cpu=0,
    pools={sock: 1, socket: 1, sk_psock: 1, sk_psock_link: 1, bpf_shtab_elem: 1, sk_buff: 1, sk_msg: 1},
    properties=PSOCKS + CALLBACKS + HASH,
)

hash_program_deletes_over_replace = scenario(
    "a program deletes the key on the CPU of a process that puts another socket under it",
    setup=socket_in_hash_and_another,
    run=[process(sys_hash_update, htab0, 0, fd1, BPF_ANY, cpu=0), softirq(program_deletes_key, 0, cpu=0)],
    workers_cpu=0,
    pools={sock: 2, socket: 2, sk_psock: 2, sk_psock_link: 2, bpf_shtab_elem: 2, sk_buff: 1, sk_msg: 1},
    properties=PSOCKS + CALLBACKS + HASH,
)

hash_program_updates_over_delete = scenario(
    "a program puts a socket under its key again on the CPU of a process that deletes it",
    setup=plain_socket_in_hash,
    run=[process(sys_hash_delete, htab0, 0, cpu=0), softirq(program_updates_key, 0, 0, cpu=0)],
    workers_cpu=0,
    pools={sock: 1, socket: 1, sk_psock: 2, sk_psock_link: 2, bpf_shtab_elem: 2, sk_buff: 1, sk_msg: 1},
    properties=PSOCKS + CALLBACKS + HASH,
)

hash_program_updates_over_update = scenario(
    "a program puts a socket under a key on the CPU of a process that puts it under another",
    setup=plain_socket_in_hash,
    run=[process(sys_hash_update, htab0, 1, fd0, BPF_ANY, cpu=0), softirq(program_updates_key, 0, 0, cpu=0)],
    workers_cpu=0,
    pools={sock: 1, socket: 1, sk_psock: 2, sk_psock_link: 3, bpf_shtab_elem: 3, sk_buff: 1, sk_msg: 1},
    properties=PSOCKS + CALLBACKS + HASH,
)

hash_program_looks_up_over_close = scenario(
    "a program looks the key up on the CPU of the process that closes its socket",
    setup=socket_in_hash,
    run=[process(sys_close, fd0, cpu=0), softirq(program_looks_key_up, 0, cpu=0)],
    workers_cpu=0,
    pools={sock: 1, socket: 1, sk_psock: 1, sk_psock_link: 1, bpf_shtab_elem: 1, sk_buff: 1, sk_msg: 1},
    properties=PSOCKS + CALLBACKS + HASH,
)

program_deletes_over_close_in_both_kinds = scenario(
    "a program deletes a socket from a hash map on the CPU of the process that closes it; it is in an array map, too",
    setup=socket_in_both_kinds,
    run=[process(sys_close, fd0, cpu=0), softirq(program_deletes_key, 0, cpu=0)],
    workers_cpu=0,
    pools={sock: 1, socket: 1, sk_psock: 1, sk_psock_link: 2, bpf_shtab_elem: 1, sk_buff: 1, sk_msg: 1},
    properties=PSOCKS + CALLBACKS,
)
