"""The environment of UDP, AF_UNIX and AF_VSOCK sockets: programs that use them, data that arrives."""

from psockmc.kernel.wait import finish_wait, prepare_to_wait, schedule
from psockmc.lang import READ_ONCE, Ptr, rcu_dereference, rcu_read_lock, rcu_read_unlock, user

from models.af_unix import (
    bpf_iter_unix,
    queue_oob,
    unix_dgram_recvmsg,
    unix_dgram_send,
    unix_shutdown,
    unix_stream_connect,
    unix_stream_recvmsg,
    unix_stream_recvmsg_oob,
    unix_stream_send,
)
from models.skbuff import seq_t
from models.sock import EAGAIN, MSG_DONTWAIT, SEND_SHUTDOWN, file, hash_t, int_t, shutdown_t, sock
from models.sock_map import BPF_ANY, bpf_sk_release, slot_t, sock_map_lookup, sock_map_update_elem
from models.syscalls import fdget, map0, map_delete_elem, sys_close
from models.tcp import inet_ioctl, inet_recvmsg
from models.tcp_listen import inet_disconnect, inet_listen
from models.udp import __udp4_lib_lookup, inet_bind, udp_rcv
from models.vsock import (
    OP_REQUEST,
    OP_RESPONSE,
    OP_RW,
    broken_transport,
    loopback_transport,
    virtio_transport_recv_pkt,
    vsock_connect,
    vsock_connectible_recvmsg,
    vsock_listen,
    vsock_poll,
)

# ---------------------------------------------------------------- AF_UNIX


@user
def sys_unix_connect(fd: Ptr[file]) -> None:
    """connect() of a stream socket."""
    unix_stream_connect(fdget(fd))


@user
def sys_unix_send(fd: Ptr[file], seq: seq_t) -> None:
    """send() on a stream."""
    unix_stream_send(fdget(fd), seq)


@user
def sys_unix_send_two(fd: Ptr[file]) -> None:
    """send() on a stream, twice."""
    unix_stream_send(fdget(fd), 1)
    unix_stream_send(fdget(fd), 2)


@user
def sys_unix_send_and_shutdown(fd: Ptr[file]) -> None:
    """send() on a stream, and shutdown() of this direction: a request and its end."""
    unix_stream_send(fdget(fd), 1)
    unix_shutdown(fdget(fd), SEND_SHUTDOWN)


@user
def sys_unix_send_oob(fd: Ptr[file]) -> None:
    """send(MSG_OOB) on a stream."""
    queue_oob(fdget(fd), 1)


@user
def sys_unix_recv(fd: Ptr[file], nonblock: bool) -> None:
    """recv() on a stream."""
    sock = fdget(fd)
    sk = sock.sk
    ret = unix_stream_recvmsg(sock, 1, MSG_DONTWAIT if nonblock else 0)
    sk.gave_up = ret == -EAGAIN and not nonblock


@user
def sys_unix_recv_oob(fd: Ptr[file]) -> None:
    """recv(MSG_OOB) on a stream."""
    unix_stream_recvmsg_oob(fdget(fd))


@user
def sys_unix_shutdown(fd: Ptr[file], mode: shutdown_t) -> None:
    """shutdown() of a stream."""
    unix_shutdown(fdget(fd), mode)


@user
def sys_unix_dgram_send(fd: Ptr[file], seq: seq_t) -> None:
    """send() of a datagram."""
    unix_dgram_send(fdget(fd), seq)


@user
def sys_unix_dgram_recv(fd: Ptr[file], nonblock: bool) -> None:
    """recv() of a datagram."""
    sock = fdget(fd)
    sk = sock.sk
    ret = unix_dgram_recvmsg(sock, 1, MSG_DONTWAIT if nonblock else 0)
    sk.gave_up = ret == -EAGAIN and not nonblock


# ---------------------------------------------------------------- any family


@user
def sys_recv_nothing(fd: Ptr[file]) -> None:
    """recv() of no byte."""
    sk = fdget(fd).sk
    recvmsg = READ_ONCE(sk.sk_prot).recvmsg
    recvmsg(sk, 0, MSG_DONTWAIT)


# ---------------------------------------------------------------- UDP


@user
def net_rx_udp(hash: hash_t, seq: seq_t) -> None:
    """A datagram arrives."""
    udp_rcv(hash, seq)


@user
def net_rx_udp_two(hash: hash_t) -> None:
    """Two datagrams, one after the other."""
    udp_rcv(hash, 1)
    udp_rcv(hash, 2)


@user
def sys_udp_recv(fd: Ptr[file], nonblock: bool) -> None:
    """recv() of a datagram."""
    sock = fdget(fd)
    sk = sock.sk
    ret: int_t = inet_recvmsg(sk, 1, MSG_DONTWAIT if nonblock else 0)
    sk.gave_up = ret == -EAGAIN and not nonblock


@user
def sys_udp_inq(fd: Ptr[file]) -> None:
    """ioctl(SIOCINQ)."""
    sock = fdget(fd)
    inet_ioctl(sock.sk)


@user
def sys_bind_and_close(fd: Ptr[file]) -> None:
    """Give the socket a port, and close it."""
    inet_bind(fdget(fd))
    sys_close(fd)


@user
def program_updates_map_with_udp(hash: hash_t, key: slot_t) -> None:
    """A program that runs for a datagram puts its socket into the map; RCU keeps the socket."""
    sk = __udp4_lib_lookup(hash)
    if sk:
        sock_map_update_elem(map0, key, sk, BPF_ANY)


# ---------------------------------------------------------------- TCP


@user
def sys_disconnect_listen_and_close(fd: Ptr[file]) -> None:
    """End a connection, listen on its socket, and close it."""
    inet_disconnect(fdget(fd))
    inet_listen(fdget(fd))
    sys_close(fd)


# ---------------------------------------------------------------- AF_VSOCK


@user
def vsock_rx_data(hash: hash_t, seq: seq_t) -> None:
    """A packet with data; runs in the transport's worker."""
    virtio_transport_recv_pkt(loopback_transport, hash, OP_RW, seq)


@user
def vsock_rx_request(hash: hash_t) -> None:
    """Somebody wants to connect."""
    virtio_transport_recv_pkt(loopback_transport, hash, OP_REQUEST, 0)


@user
def vsock_rx_response(hash: hash_t) -> None:
    """The other side agrees to a connection."""
    virtio_transport_recv_pkt(loopback_transport, hash, OP_RESPONSE, 0)


@user
def sys_vsock_recv(fd: Ptr[file], nonblock: bool) -> None:
    """recv() on a stream."""
    sock = fdget(fd)
    sk = sock.sk
    ret = vsock_connectible_recvmsg(sock, 1, MSG_DONTWAIT if nonblock else 0)
    sk.gave_up = ret == -EAGAIN and not nonblock


@user
def sys_vsock_poll(fd: Ptr[file]) -> None:
    """poll(): looks, and sleeps until it is woken, until there is something to read."""
    sock = fdget(fd)
    sk = sock.sk
    wq = rcu_dereference(sk.sk_wq)
    while True:
        prepare_to_wait(wq.wq)
        if vsock_poll(sock):
            break
        schedule(wq.wq)
    finish_wait(wq.wq)


@user
def sys_vsock_connect_nowhere(fd: Ptr[file]) -> None:
    """connect() to an address whose transport takes no sockets."""
    vsock_connect(fdget(fd), broken_transport)


@user
def sys_vsock_connect_nowhere_and_listen(fd: Ptr[file]) -> None:
    """The same, and listen() afterwards."""
    vsock_connect(fdget(fd), broken_transport)
    vsock_listen(fdget(fd))


@user
def sys_vsock_connect_and_elsewhere(fd: Ptr[file]) -> None:
    """connect(), and, if a signal ends it, to another address."""
    if vsock_connect(fdget(fd), loopback_transport) < 0:
        vsock_connect(fdget(fd), broken_transport)


# ---------------------------------------------------------------- programs


@user
def put_into_slot_0(sk: Ptr[sock]) -> None:
    """A program that puts the socket it runs for into a map."""
    sock_map_update_elem(map0, 0, sk, BPF_ANY)


@user
def iterator_updates_map(hash: hash_t) -> None:
    """An iterator over AF_UNIX sockets puts what it finds into a map."""
    bpf_iter_unix(hash, put_into_slot_0)


@user
def program_copies_socket() -> None:
    """A program copies a socket from slot 0 to slot 1."""
    rcu_read_lock()
    sk = sock_map_lookup(map0, 0)
    if sk:
        sock_map_update_elem(map0, 1, sk, BPF_ANY)
        bpf_sk_release(sk)
    rcu_read_unlock()


@user
def program_looks_up_socket() -> None:
    """A program looks a socket up and lets it go."""
    rcu_read_lock()
    sk = sock_map_lookup(map0, 0)
    if sk:
        bpf_sk_release(sk)
    rcu_read_unlock()


@user
def sys_map_delete_and_recv_oob(fd: Ptr[file]) -> None:
    """Take the socket in slot 0 out of the map, and ask for its urgent byte."""
    map_delete_elem(map0, 0)
    sys_unix_recv_oob(fd)
