"""How scenarios begin in which somebody does a thing once, to its end, and what he does."""

from psockmc.lang import NULL, Ptr, choose, user

from models.listener import sockops
from models.setups import closable, connect, redirected
from models.setups_families import (
    udp_bound_socket,
    udp_closable,
    unix_closable_stream_pair,
    unix_dgram_pair,
    vsock_connected_socket,
)
from models.setups_listener import listen, redirected_byte_is_sent
from models.setups_maps import plain_socket_in_hash
from models.setups_programs import (
    loaded,
    loaded_parser,
    parser_and_verdict,
    socket_and_map_with_skb_programs,
    socket_and_map_with_stream_programs,
    socket_with_skb_programs,
    socket_with_stream_programs,
)
from models.setups_send import redirecting, sending_socket
from models.setups_strp import prog_parse_two, stream_parser
from models.skmsg_verdict import bpf_prog_inc_not_zero, bpf_prog_put
from models.sock import MSG_DONTWAIT, SEND_SHUTDOWN, TCP_ESTABLISHED, file
from models.sock_map import BPF_ANY, BPF_EXIST, BPF_NOEXIST
from models.sock_map_progs import sock_map_link_create, sock_map_link_release, sock_map_prog_detach
from models.syscalls import (
    fd0,
    fd1,
    map0,
    net_rx_data,
    prog_pass,
    prog_redirect_ingress,
    sys_close,
    sys_map_delete,
    sys_map_update,
)
from models.syscalls_families import (
    program_looks_up_socket,
    sys_udp_recv,
    sys_unix_dgram_recv,
    sys_unix_dgram_send,
    sys_unix_recv,
    sys_unix_send,
    sys_vsock_recv,
    vsock_rx_data,
)
from models.syscalls_listener import established_into_map, net_rx_connection
from models.syscalls_maps import htab0, map2, program_looks_key_up, sys_hash_delete, sys_hash_update
from models.syscalls_progs import (
    bpf_prog_attach,
    bpf_prog_fd,
    link_update,
    linkfd0,
    progfd0,
    progfd1,
    progfd2,
    sys_link_close,
    sys_map_close_while_used,
    sys_prog_load,
)
from models.syscalls_receive import net_rx_next, sys_recv
from models.syscalls_send import one0, prog_msg_redirect, prog_msg_redirect_out, sys_send
from models.udp import udp_rcv

# ---------------------------------------------------------------- users


@user
def in_and_out(fd: Ptr[file]) -> None:
    """A socket is put into the map, deleted from it, and closed; its user may stop in between."""
    sys_map_update(map0, 0, fd, BPF_ANY)
    if choose():
        return
    sys_map_delete(map0, 0)
    if choose():
        return
    sys_close(fd)


@user
def in_and_closed(fd: Ptr[file], other: Ptr[file]) -> None:
    """A socket is put into the map and closed, and so is its peer."""
    sys_map_update(map0, 0, fd, BPF_ANY)
    sys_close(fd)
    sys_close(other)


@user
def in_and_out_by_key(fd: Ptr[file]) -> None:
    """A socket is put under a key of a hash map, perhaps again, and is left there, deleted, or closed."""
    sys_hash_update(htab0, 0, fd, BPF_ANY)
    if choose():
        sys_hash_update(htab0, 0, fd, BPF_ANY)
    if choose():
        return
    if choose():
        sys_hash_delete(htab0, 0)
    else:
        sys_close(fd)


@user
def two_keys_come_and_go() -> None:
    """Two sockets are put under a key each; the first key may be wanted by the second socket, which is refused, and be
    replaced by itself; then one of the two keys, or one after the other, is deleted.
    """
    sys_hash_update(htab0, 0, fd0, BPF_NOEXIST)
    sys_hash_update(htab0, 1, fd1, BPF_ANY)
    if choose():
        sys_hash_update(htab0, 0, fd1, BPF_NOEXIST)
    if choose():
        sys_hash_update(htab0, 0, fd0, BPF_EXIST)
    if choose():
        sys_hash_delete(htab0, 1)
    if choose():
        sys_hash_delete(htab0, 0)


@user
def programs_come_and_go() -> None:
    """A program is attached to a map, replaced by another one or not, and detached; or a link is refused by a map that
    has a skb_verdict.
    """
    if choose():
        map0.progs.skb_verdict = loaded()
        sys_prog_load(progfd0)
        attach_by_a_link()
        if linkfd0.link:
            sys_link_close(linkfd0)
        close_program(progfd0)
    else:
        sys_prog_load(progfd0)
        sys_prog_load(progfd1)
        bpf_prog_attach(map0, progfd0.prog)
        if choose():
            bpf_prog_attach(map0, progfd1.prog)
        sock_map_prog_detach(map0, progfd0.prog)
        if choose():
            sock_map_prog_detach(map0, progfd1.prog)
        close_program(progfd0)
        close_program(progfd1)
    sys_prog_load(progfd2)
    bpf_prog_attach(map0, progfd2.prog)
    close_program(progfd2)


@user
def close_program(progfd: Ptr[bpf_prog_fd]) -> None:
    """The descriptor of a program is closed."""
    bpf_prog_put(progfd.prog)
    progfd.prog = NULL


@user
def links_come_and_go() -> None:
    """A link attaches a program to a map, which then refuses others. It gets another program, if it has the one that it
    should have; it is detached, gets another one again, which is refused, and is closed.
    """
    attach_by_a_link()
    if not linkfd0.link:
        return
    if choose():
        bpf_prog_attach(map0, progfd1.prog)
    else:
        link_update(linkfd0.link, progfd1.prog, progfd0.prog if choose() else progfd1.prog)
    if choose():
        link_update(linkfd0.link, progfd0.prog, NULL)
    if choose():
        sock_map_link_release(linkfd0.link)
        link_update(linkfd0.link, progfd1.prog, NULL)
    if choose():
        sys_link_close(linkfd0)
    close_program(progfd0)
    close_program(progfd1)


@user
def attach_by_a_link() -> None:
    """A link that attaches a program to the map."""
    if bpf_prog_inc_not_zero(progfd0.prog):
        linkfd0.link = sock_map_link_create(map0, progfd0.prog)
        if not linkfd0.link:
            bpf_prog_put(progfd0.prog)


@user
def attach_plainly() -> None:
    """A program that is attached to the map without a link."""
    bpf_prog_attach(map0, progfd1.prog)


@user
def attach_and_detach() -> None:
    """The same, and it is detached again."""
    bpf_prog_attach(map0, progfd1.prog)
    sock_map_prog_detach(map0, progfd1.prog)


@user
def looked_up_and_closed(fd: Ptr[file]) -> None:
    """A program looks a socket up in two maps and lets it go; then it is closed."""
    program_looks_up_socket()
    program_looks_key_up(0)
    sys_close(fd)


@user
def half_a_message_and_the_rest(fd: Ptr[file]) -> None:
    """A socket is put into a map with a parser, and half a message arrives: the other half, too, and it is read, or the
    socket is deleted.
    """
    sys_map_update(map0, 0, fd, BPF_ANY)
    net_rx_data(0)
    if choose():
        net_rx_next(0)
        sys_recv(fd, 2, MSG_DONTWAIT)
    else:
        sys_map_delete(map0, 0)


@user
def received_and_read_twice() -> None:
    """A packet arrives and is read, and then another one."""
    received_and_read()
    net_rx_next(0)
    sys_recv(fd0, 1, MSG_DONTWAIT)


@user
def sent_and_read_by_another() -> None:
    """A message is sent, and what comes of it is read from another socket."""
    sys_send(fd0, one0)
    sys_recv(fd1, 1, MSG_DONTWAIT)


@user
def never_accepted(fd: Ptr[file]) -> None:
    """A connection comes and is put into the map, a byte is redirected to it and sent, and its listener is closed."""
    net_rx_connection(0, 1)
    redirected_byte_is_sent(map0.sks[1])
    sys_close(fd)


@user
def received_and_read() -> None:
    """A packet arrives, and is read."""
    net_rx_data(0)
    sys_recv(fd0, 1, MSG_DONTWAIT)


@user
def sent_and_read_on_a_stream() -> None:
    """A byte is sent to the socket in the map and read there."""
    sys_unix_send(fd1, 1)
    sys_unix_recv(fd0, True)


@user
def sent_and_read_as_a_datagram() -> None:
    """A datagram is sent to the socket in the map and read there."""
    sys_unix_dgram_send(fd1, 1)
    sys_unix_dgram_recv(fd0, True)


@user
def received_and_read_by_udp() -> None:
    """A datagram arrives, and is read."""
    udp_rcv(0, 1)
    sys_udp_recv(fd0, True)


@user
def received_and_read_by_vsock() -> None:
    """Data arrives, and is read."""
    vsock_rx_data(0, 1)
    sys_vsock_recv(fd0, True)


# ---------------------------------------------------------------- setups


@user
def closable_socket_with_skb_programs() -> None:
    """A socket, which may be closed, in slot 0 of a map with an SK_MSG program and a skb_verdict."""
    closable(fd0)
    socket_with_skb_programs()


@user
def closable_socket_with_stream_programs() -> None:
    """The same with an SK_MSG program, a parser and a stream_verdict."""
    closable(fd0)
    socket_with_stream_programs()


@user
def closable_socket_with_parser_and_skb_verdict() -> None:
    """A socket, which may be closed, with a parser of one map and a skb_verdict of another one. Both maps have lost
    their programs since.
    """
    stream_parser()
    closable(fd0)
    connect(fd0, 0, True)
    map0.progs.stream_parser = loaded_parser()
    sys_map_update(map0, 0, fd0, BPF_ANY)
    map2.progs.skb_verdict = loaded()
    sys_map_update(map2, 0, fd0, BPF_ANY)
    sys_map_close_while_used(map0)
    sys_map_close_while_used(map2)


@user
def listening_plainly() -> None:
    """A listening socket in no map. A sock_ops program puts its connections into the map, which has no program."""
    listen()
    sockops.established = established_into_map


@user
def plain_socket() -> None:
    """A connection in no map; the map has no program."""
    closable(fd0)
    connect(fd0, 0, True)


@user
def plain_socket_and_map_with_skb_programs() -> None:
    """A connection in no map, which may be closed; the map has an SK_MSG program and a skb_verdict."""
    closable(fd0)
    socket_and_map_with_skb_programs()


@user
def plain_socket_and_map_with_stream_programs() -> None:
    """A connection in no map, which may be closed; the map has an SK_MSG program, a parser and a stream_verdict."""
    closable(fd0)
    socket_and_map_with_stream_programs()


@user
def plain_socket_and_parser_of_long_messages() -> None:
    """A connection in no map; the map has a parser, for which every two units of data are a message, and a verdict."""
    stream_parser()
    connect(fd0, 0, True)
    map0.progs.stream_parser = prog_parse_two
    map0.progs.stream_verdict = prog_pass


@user
def unsendable_data_and_map_with_parser() -> None:
    """A socket in slot 0 of a map without programs, which was shut down for sending and whose backlog has something to
    send. A second map has a stream parser and a stream_verdict.
    """
    stream_parser()
    sk = connect(fd0, 0, True)
    sys_map_update(map0, 0, fd0, BPF_ANY)
    sk.sk_shutdown = SEND_SHUTDOWN
    redirected(sk, 1, False)
    parser_and_verdict(map2)


@user
def unix_dgrams() -> None:
    """Two datagram sockets connected to each other, in no map; both may be closed."""
    closable(fd0)
    closable(fd1)
    unix_dgram_pair()


@user
def unix_dgrams_and_verdict() -> None:
    """The same; the map has a verdict."""
    unix_dgrams()
    map0.progs.stream_verdict = prog_pass


@user
def unix_stream_and_verdict() -> None:
    """Two ends of a stream, in no map; both may be closed. The map has a verdict."""
    unix_closable_stream_pair()
    map0.progs.stream_verdict = prog_pass


@user
def udp_and_verdict() -> None:
    """A UDP socket that is in no map, and may be closed. The map has a verdict."""
    udp_closable()
    map0.progs.stream_verdict = prog_pass


@user
def vsock_and_verdict() -> None:
    """A connected socket of AF_VSOCK in no map, which may be closed. The map has a verdict."""
    closable(fd0)
    vsock_connected_socket(fd0, 0)
    map0.progs.stream_verdict = prog_pass


@user
def redirecting_to_a_socket_with_a_verdict() -> None:
    """What is sent goes to the reader of another socket, which is in a second map that has a verdict."""
    redirecting()
    map2.progs.stream_verdict = loaded()
    sys_map_update(map2, 0, fd1, BPF_ANY)


@user
def accounted_socket() -> None:
    """A socket in slot 0 of a map with a verdict, whose receive memory is accounted."""
    sk = connect(fd0, 0, True)
    sk.accounted = True
    sk.sk_rcvbuf = 3
    map0.progs.stream_verdict = prog_pass
    sys_map_update(map0, 0, fd0, BPF_ANY)


@user
def socket_in_two_kinds_of_maps() -> None:
    """A socket in slot 0 of an array map and under key 0 of a hash map; it may be closed."""
    plain_socket_in_hash()
    sys_map_update(map0, 0, fd0, BPF_ANY)


@user
def two_sockets_in_an_array() -> None:
    """Two sockets in the slots of an array map, which keeps their psocks; the hash map is empty."""
    connect(fd0, 0, True)
    connect(fd1, 1, True)
    sys_map_update(map0, 0, fd0, BPF_ANY)
    sys_map_update(map0, 1, fd1, BPF_ANY)


@user
def two_sockets_in_an_array_and_one_under_a_key() -> None:
    """The same; the first socket is under key 0 of the hash map as well."""
    two_sockets_in_an_array()
    sys_hash_update(htab0, 0, fd0, BPF_ANY)


@user
def messages_for_udp() -> None:
    """What is sent should go out on a UDP socket, which is connected."""
    udp_bound_socket(fd1, 0).sk_state = TCP_ESTABLISHED
    sys_map_update(map0, 1, fd1, BPF_ANY)
    sending_socket(prog_msg_redirect_out)


@user
def messages_for_vsock() -> None:
    """What is sent should go to the reader of an AF_VSOCK socket."""
    vsock_connected_socket(fd1, 0)
    sys_map_update(map0, 1, fd1, BPF_ANY)
    sending_socket(prog_msg_redirect)


@user
def packets_for_vsock() -> None:
    """What arrives should go to the reader of an AF_VSOCK socket."""
    connect(fd0, 0, True)
    vsock_connected_socket(fd1, 0)
    sys_map_update(map0, 1, fd1, BPF_ANY)
    map0.progs.stream_verdict = prog_redirect_ingress
    sys_map_update(map0, 0, fd0, BPF_ANY)


@user
def nothing_yet() -> None:
    """No socket and no program."""


@user
def two_programs() -> None:
    """Two programs, each with a descriptor."""
    sys_prog_load(progfd0)
    sys_prog_load(progfd1)
