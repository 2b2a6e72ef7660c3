"""How scenarios with UDP, AF_UNIX and AF_VSOCK sockets begin."""

from psockmc.kernel.refcount import refcount_set
from psockmc.lang import GFP_KERNEL, Ptr, kzalloc, user

from models.af_unix import (
    unix_dgram_ops,
    unix_dgram_proto,
    unix_sock_destructor,
    unix_sockets,
    unix_stream_ops,
    unix_stream_proto,
    unix_write_space,
)
from models.setups import closable, connect, redirected
from models.skbuff import alloc_skb, skb_queue_tail
from models.sock import (
    AF_UNIX,
    AF_VSOCK,
    SOCK_DGRAM,
    SS_CONNECTED,
    TCP_ESTABLISHED,
    file,
    hash_t,
    proto,
    proto_ops,
    sk_free_by_rcu,
    sk_stream_write_space,
    sock,
    sock_def_readable,
    sock_hold,
    socket,
)
from models.sock_map import BPF_ANY
from models.syscalls import (
    fd0,
    fd1,
    map0,
    prog_pass,
    prog_redirect_egress,
    sys_close,
    sys_map_delete,
    sys_map_update,
)
from models.udp import inet_dgram_ops, udp_destruct_sock, udp_lib_get_port, udp_prot, udp_rcv
from models.vsock import (
    OP_RW,
    loopback_transport,
    virtio_transport_recv_pkt,
    vsock_insert_bound,
    vsock_proto,
    vsock_purge,
    vsock_stream_ops,
)

# ---------------------------------------------------------------- all families


@user
def open_socket(fd: Ptr[file]) -> Ptr[sock]:
    """socket(): a socket without a protocol behind a file descriptor."""
    ends_in = kzalloc(socket, GFP_KERNEL)
    sk = kzalloc(sock, GFP_KERNEL)
    ends_in.sk = sk
    sk.sk_socket = ends_in
    sk.sk_wq = ends_in
    sk.sk_data_ready = sock_def_readable
    refcount_set(sk.sk_refcnt, 1)
    fd.private_data = ends_in
    fd.installed = True
    refcount_set(fd.f_count, 1)
    return sk


# ---------------------------------------------------------------- AF_UNIX


@user
def unix_socket(fd: Ptr[file], hash: hash_t, ops: Ptr[proto_ops], prot: Ptr[proto]) -> Ptr[sock]:
    """A socket that is not connected."""
    sk = open_socket(fd)
    fd.private_data.ops = ops
    sk.sk_family = AF_UNIX
    sk.sk_prot = prot
    sk.sk_prot_creator = prot
    sk.sk_write_space = unix_write_space
    sk.sk_destruct = unix_sock_destructor
    sk.sk_hash = hash
    unix_sockets.buckets[hash] = sk
    return sk


@user
def unix_stream_socket(fd: Ptr[file], hash: hash_t) -> Ptr[sock]:
    """A stream socket that is not connected."""
    return unix_socket(fd, hash, unix_stream_ops, unix_stream_proto)


@user
def unix_dgram_socket(fd: Ptr[file], hash: hash_t) -> Ptr[sock]:
    """A datagram socket that is not connected."""
    sk = unix_socket(fd, hash, unix_dgram_ops, unix_dgram_proto)
    sk.sk_type = SOCK_DGRAM
    return sk


@user
def unix_join(one: Ptr[sock], other: Ptr[sock]) -> None:
    """socketpair(): each end holds the other."""
    sock_hold(one)
    sock_hold(other)
    one.unix.peer = other
    other.unix.peer = one
    one.sk_state = TCP_ESTABLISHED
    other.sk_state = TCP_ESTABLISHED


@user
def unix_stream_pair() -> None:
    """Two ends of a stream, in no map. The map has no program."""
    unix_join(unix_stream_socket(fd0, 0), unix_stream_socket(fd1, 1))


@user
def unix_dgram_pair() -> None:
    """Two datagram sockets connected to each other, in no map. The map has no program."""
    unix_join(unix_dgram_socket(fd0, 0), unix_dgram_socket(fd1, 1))


@user
def unix_closable_stream_pair() -> None:
    """Two ends of a stream, in no map; both may be closed."""
    closable(fd0)
    closable(fd1)
    unix_stream_pair()


@user
def unix_unconnected_stream() -> None:
    """A stream socket that is not connected."""
    unix_stream_socket(fd0, 0)


@user
def unix_stream_in_map() -> None:
    """One end of a stream is in slot 0, with a program that lets everything pass."""
    unix_stream_pair()
    map0.progs.stream_verdict = prog_pass
    sys_map_update(map0, 0, fd0, BPF_ANY)


@user
def unix_closable_stream_in_map() -> None:
    """The same, and both ends may be closed."""
    closable(fd0)
    closable(fd1)
    unix_stream_in_map()


@user
def unix_plain_stream_in_map() -> None:
    """One end of a stream is in slot 0, without a program; both ends may be closed."""
    unix_closable_stream_pair()
    sys_map_update(map0, 0, fd0, BPF_ANY)


@user
def unix_dgram_in_map() -> None:
    """One of two datagram sockets is in slot 0, with a program that lets everything pass."""
    unix_dgram_pair()
    map0.progs.stream_verdict = prog_pass
    sys_map_update(map0, 0, fd0, BPF_ANY)


@user
def unix_closable_dgram_in_map() -> None:
    """The same, and both may be closed."""
    closable(fd0)
    closable(fd1)
    unix_dgram_in_map()


@user
def unix_dgram_with_unread_data() -> None:
    """A datagram has arrived at a socket before it was put into slot 0. The map has no program."""
    unix_dgram_pair()
    skb_queue_tail(fd0.private_data.sk.sk_receive_queue, alloc_skb(1))
    sys_map_update(map0, 0, fd0, BPF_ANY)


@user
def unix_stream_with_data_to_send() -> None:
    """One end of a stream is in slot 0 and its backlog has something to send. The other end is closed already, and
    kept by this one.
    """
    unix_plain_stream_in_map()
    redirected(fd0.private_data.sk, 1, False)
    sys_close(fd1)


@user
def unix_stream_with_a_closed_peer() -> None:
    """One end of a stream is in slot 0, without a program, and may be closed. The other end is closed already, and kept
    by this one.
    """
    unix_plain_stream_in_map()
    sys_close(fd1)


@user
def unix_dgram_with_data_to_send() -> None:
    """One of two datagram sockets is in slot 0, and its backlog has something to send. Both may be closed."""
    closable(fd0)
    closable(fd1)
    unix_dgram_pair()
    sys_map_update(map0, 0, fd0, BPF_ANY)
    redirected(fd0.private_data.sk, 1, False)


@user
def unix_echo() -> None:
    """One end of a stream is in both slots, and may be closed. Its program sends everything back to the other end."""
    unix_plain_stream_in_map()
    sys_map_update(map0, 1, fd0, BPF_ANY)
    sys_map_delete(map0, 0)
    map0.progs.stream_verdict = prog_redirect_egress
    sys_map_update(map0, 0, fd0, BPF_ANY)


# ---------------------------------------------------------------- UDP


@user
def udp_socket(fd: Ptr[file], hash: hash_t) -> Ptr[sock]:
    """A UDP socket without a port."""
    sk = open_socket(fd)
    fd.private_data.ops = inet_dgram_ops
    sk.sk_type = SOCK_DGRAM
    sk.sk_prot = udp_prot
    sk.sk_prot_creator = udp_prot
    sk.sk_write_space = sk_stream_write_space
    sk.sk_destruct = udp_destruct_sock
    sk.sk_call_rcu = sk_free_by_rcu
    sk.sk_hash = hash
    return sk


@user
def udp_bound_socket(fd: Ptr[file], hash: hash_t) -> Ptr[sock]:
    """A UDP socket with a port."""
    sk = udp_socket(fd, hash)
    udp_lib_get_port(sk)
    return sk


@user
def udp_in_map() -> None:
    """A UDP socket in slot 0, with a program that lets everything pass."""
    udp_bound_socket(fd0, 0)
    map0.progs.stream_verdict = prog_pass
    sys_map_update(map0, 0, fd0, BPF_ANY)


@user
def udp_closable_in_map() -> None:
    """The same, and it may be closed."""
    closable(fd0)
    udp_in_map()


@user
def udp_closable() -> None:
    """A UDP socket that is in no map, and may be closed. The map has no program."""
    closable(fd0)
    udp_bound_socket(fd0, 0)


@user
def udp_with_messages() -> None:
    """A UDP socket in slot 0, whose psock has two messages."""
    udp_in_map()
    udp_rcv(0, 1)
    udp_rcv(0, 2)


@user
def udp_with_data_in_backlog() -> None:
    """A UDP socket in slot 0, to whose reader something was redirected: its backlog is pending."""
    sk = udp_bound_socket(fd0, 0)
    sys_map_update(map0, 0, fd0, BPF_ANY)
    redirected(sk, 1, True)


@user
def udp_without_port() -> None:
    """A UDP socket without a port, which somebody has tried to put into slot 0."""
    closable(fd0)
    udp_socket(fd0, 0)
    sys_map_update(map0, 0, fd0, BPF_ANY)


@user
def udp_with_data_to_send() -> None:
    """A UDP socket in slot 0, whose backlog has something to send. It may be closed."""
    closable(fd0)
    sk = udp_bound_socket(fd0, 0)
    sys_map_update(map0, 0, fd0, BPF_ANY)
    redirected(sk, 1, False)


# ---------------------------------------------------------------- TCP


@user
def tcp_connection_in_map() -> None:
    """A connection in slot 0, without a program. It may be closed, and its socket may listen instead."""
    closable(fd0)
    sk = connect(fd0, 0, True)
    sk.sk_call_rcu = sk_free_by_rcu
    sys_map_update(map0, 0, fd0, BPF_ANY)


# ---------------------------------------------------------------- AF_VSOCK


@user
def vsock_socket(fd: Ptr[file], hash: hash_t) -> Ptr[sock]:
    """A bound stream socket that is not connected and has no transport."""
    sk = open_socket(fd)
    fd.private_data.ops = vsock_stream_ops
    sk.sk_family = AF_VSOCK
    sk.sk_prot = vsock_proto
    sk.sk_prot_creator = vsock_proto
    sk.sk_write_space = sk_stream_write_space
    sk.sk_destruct = vsock_purge
    sk.sk_hash = hash
    vsock_insert_bound(sk)
    return sk


@user
def vsock_connected_socket(fd: Ptr[file], hash: hash_t) -> Ptr[sock]:
    """A connected stream socket."""
    sk = vsock_socket(fd, hash)
    sk.vsk.transport = loopback_transport
    sk.sk_state = TCP_ESTABLISHED
    fd.private_data.state = SS_CONNECTED
    return sk


@user
def vsock_in_map() -> None:
    """A connected socket in slot 0, with a program that lets everything pass."""
    vsock_connected_socket(fd0, 0)
    map0.progs.stream_verdict = prog_pass
    sys_map_update(map0, 0, fd0, BPF_ANY)


@user
def vsock_with_earlier_data_in_map() -> None:
    """The same; data had come before, which nobody has shown to the program."""
    vsock_connected_socket(fd0, 0)
    virtio_transport_recv_pkt(loopback_transport, 0, OP_RW, 1)
    map0.progs.stream_verdict = prog_pass
    sys_map_update(map0, 0, fd0, BPF_ANY)


@user
def vsock_closable_in_map() -> None:
    """The same, and it may be closed."""
    closable(fd0)
    vsock_in_map()


@user
def vsock_with_data_to_send() -> None:
    """The same without closing, and the backlog has something to send."""
    vsock_in_map()
    redirected(fd0.private_data.sk, 0, False)


@user
def vsock_unconnected() -> None:
    """A socket that is not connected, has no transport, and is in no map."""
    vsock_socket(fd0, 0)


@user
def vsock_with_a_transport() -> None:
    """A socket that is not connected, but has a transport from an attempt that was refused. Somebody has tried to put
    it into slot 0 of a map with a program.
    """
    sk = vsock_socket(fd0, 0)
    sk.vsk.transport = loopback_transport
    map0.progs.stream_verdict = prog_pass
    sys_map_update(map0, 0, fd0, BPF_ANY)


@user
def vsock_closable_with_data_to_send() -> None:
    """A connected socket in slot 0, whose backlog has something to send. It may be closed."""
    closable(fd0)
    vsock_with_data_to_send()
