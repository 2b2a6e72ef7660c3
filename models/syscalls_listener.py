"""The environment of listening sockets: connections that arrive, accept(), programs that put connections into maps."""

from psockmc.kernel.refcount import refcount_set
from psockmc.lang import GFP_KERNEL, WRITE_ONCE, Ptr, kernel, kzalloc, user

from models.listener import bpf_sock_map_update, inet_accept, tcp_v4_rcv_handshake
from models.sock import bytes_t, file, hash_t, msg_flags_t, sock, sock_put, socket
from models.sock_map import BPF_ANY
from models.syscalls import fdget, map0, mapfd0, sys_close
from models.tcp import __inet_lookup_established, inet_recvmsg, inet_stream_ops, tcp_v4_rcv


@user
def established_into_map(sk: Ptr[sock]) -> None:
    """A sock_ops program that puts each new connection into slot 1."""
    bpf_sock_map_update(sk, map0, 1, BPF_ANY)


@user
def established_into_dying_map(sk: Ptr[sock]) -> None:
    """The same, with a map that can be freed."""
    bpf_sock_map_update(sk, mapfd0.map, 1, BPF_ANY)


@kernel("net/socket.c")
def sys_accept(fd: Ptr[file], newfd: Ptr[file]) -> None:
    """accept(): returns when there is a connection, which is newfd then."""
    sock = fdget(fd)
    newsock = kzalloc(socket, GFP_KERNEL)
    WRITE_ONCE(newsock.ops, inet_stream_ops)
    inet_accept(sock.sk, newsock)
    newfd.private_data = newsock
    refcount_set(newfd.f_count, 1)
    newfd.installed = True


@user
def sys_accept_and_recvmsg(fd: Ptr[file], newfd: Ptr[file], len: bytes_t, flags: msg_flags_t) -> None:
    """Accept a connection and read from it."""
    sys_accept(fd, newfd)
    sock = fdget(newfd)
    sk = sock.sk
    inet_recvmsg(sk, len, flags)


@user
def sys_accept_and_close(fd: Ptr[file], newfd: Ptr[file]) -> None:
    """Accept a connection and close it."""
    sys_accept(fd, newfd)
    sys_close(newfd)


@user
def net_rx_connection(hash: hash_t, child: hash_t) -> None:
    """The last packet of a handshake with a listening socket."""
    sk = __inet_lookup_established(hash)
    if sk:
        tcp_v4_rcv_handshake(sk, child)
        sock_put(sk)


@user
def net_rx_connection_and_data(hash: hash_t, child: hash_t) -> None:
    """The same, and a packet with data on the new connection."""
    net_rx_connection(hash, child)
    tcp_v4_rcv(child, 1)
