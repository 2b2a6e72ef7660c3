"""How scenarios about listening sockets begin."""

from psockmc.lang import GFP_KERNEL, Ptr, kzalloc, user

from models.listener import sockops, tcp_disconnect
from models.setups import closable, connect, receiving
from models.skmsg_send import get_pages
from models.sock import TCP_LISTEN, sock
from models.sock_map import BPF_ANY, bpf_stab
from models.syscalls import fd0, fd1, map0, mapfd0, prog_pass, sender0, sys_close, sys_map_update
from models.syscalls_listener import established_into_dying_map, established_into_map, net_rx_connection, sys_accept
from models.tcp import tcp_hashinfo
from models.tcp_bpf_send import tcp_bpf_sendmsg_redir


@user
def listen() -> Ptr[sock]:
    """A listening socket behind fd0, on whose connections packets may arrive. It and they may be closed."""
    closable(fd0)
    closable(fd1)
    sk = connect(fd0, 0, True)
    receiving(sk)
    sk.sk_state = TCP_LISTEN
    return sk


@user
def listening_socket() -> None:
    """A listening socket in no map. A sock_ops program puts its connections into the map, which has a program."""
    listen()
    map0.progs.stream_verdict = prog_pass
    sockops.established = established_into_map


@user
def listening_socket_in_map() -> None:
    """A listening socket in slot 0 of a map with a program."""
    listen()
    map0.progs.stream_verdict = prog_pass
    sys_map_update(map0, 0, fd0, BPF_ANY)


@user
def listening_socket_in_plain_map() -> None:
    """A listening socket in slot 0 of a map without a program."""
    listen()
    sys_map_update(map0, 0, fd0, BPF_ANY)


@user
def listener_and_connections_in_map() -> None:
    """A listening socket in slot 0 of a map with a program; a sock_ops program puts its connections into slot 1 of
    that map.
    """
    listening_socket_in_map()
    sockops.established = established_into_map


@user
def connection_in_map() -> None:
    """A connection that waits for accept() and is in slot 1 of a map without a program."""
    listen()
    sockops.established = established_into_map
    net_rx_connection(0, 1)


@user
def connection_in_map_with_unacknowledged_data() -> None:
    """The same; the program of a sender has redirected a byte to it, which was sent and is not acknowledged."""
    connection_in_map()
    redirected_byte_is_sent(map0.sks[1])


@user
def redirected_byte_is_sent(sk: Ptr[sock]) -> None:
    """The program of a sender redirects a byte to a socket, on which it is sent."""
    sk.sk_sndbuf = 6
    sender0.msg.sg.size = 1
    get_pages(sender0.msg, 1)
    tcp_bpf_sendmsg_redir(sk, False, sender0.msg, 1, sender0.hdr)


@user
def connection_in_map_with_an_end() -> None:
    """A connection that waits for accept() and is in slot 1 of a map that can be freed."""
    listen()
    map = kzalloc(bpf_stab, GFP_KERNEL)
    mapfd0.map = map
    sockops.established = established_into_dying_map
    net_rx_connection(0, 1)


@user
def second_generation() -> None:
    """A connection that came from a listener in the map was aborted, listens itself now, and is in slot 0. The first
    listener is closed.
    """
    listening_socket_in_plain_map()
    net_rx_connection(0, 1)
    sys_accept(fd0, fd1)
    sys_close(fd0)
    sk = fd1.private_data.sk
    tcp_disconnect(sk)
    sk.sk_state = TCP_LISTEN
    tcp_hashinfo.ehash[1] = sk
    sys_map_update(map0, 0, fd1, BPF_ANY)


@user
def listening_socket_in_message_map() -> None:
    """A listening socket in slot 0 of a map with a program for messages that are sent."""
    listen()
    map0.progs.msg_parser = prog_pass
    sys_map_update(map0, 0, fd0, BPF_ANY)
