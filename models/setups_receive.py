"""How the scenarios of the receive path begin: data and ends of streams on their way to a reader."""

from psockmc.lang import Ptr, user

from models.setups import (
    closable,
    connect,
    receiving,
    receiving_socket_in_map,
    redirected,
    redirected_skb,
    socket_in_two_slots,
    target_of_a_sender,
    two_sockets_redirecting_to_the_wire,
)
from models.skbuff import alloc_skb, alloc_skb_with, kfree_skb, seq_t
from models.skmsg import sk_psock_stop
from models.skmsg_ingress import sk_psock_skb_ingress
from models.sock import MSG_DONTWAIT, SEND_SHUTDOWN, sock
from models.sock_map import BPF_ANY
from models.syscalls import fd0, fd1, map0, prog_pass, prog_redirect_ingress, sys_map_update
from models.syscalls_receive import prog_redirect_self, view0
from models.tcp import inet_recvmsg, tcp_reset, tcp_v4_do_rcv


@user
def socket0() -> Ptr[sock]:
    """The first socket."""
    return fd0.private_data.sk


@user
def arrives(sk: Ptr[sock], seq: seq_t) -> None:
    """A packet with data; a verdict program sees it at once."""
    tcp_v4_do_rcv(sk, alloc_skb(seq))


@user
def ends(sk: Ptr[sock]) -> None:
    """A FIN without data."""
    tcp_v4_do_rcv(sk, alloc_skb_with(2, 0, True, False))


# ---------------------------------------------------------------- a socket with a verdict program


@user
def unread_own_data() -> None:
    """A socket in slot 0, whose program lets everything pass; there is a message of its own stack to read."""
    receiving_socket_in_map()
    arrives(socket0(), 1)


@user
def unread_own_data_in_two_slots() -> None:
    """The same, and the socket is in both slots."""
    socket_in_two_slots()
    arrives(socket0(), 1)


@user
def unread_own_and_redirected_data() -> None:
    """The same, and a piece of data that was redirected to the reader is under way."""
    unread_own_data()
    redirected(socket0(), 2, True)


@user
def delivered(sk: Ptr[sock], seq: seq_t) -> None:
    """Data of another socket that the backlog has delivered."""
    skb = alloc_skb(seq)
    sk_psock_skb_ingress(sk.sk_user_data, skb, 0, 1)
    kfree_skb(skb)


@user
def unread_own_and_foreign_data() -> None:
    """A socket with a verdict program and two messages to read, one of its own stack; a third is under way."""
    unread_own_data()
    delivered(socket0(), 2)
    view0.floor = 2
    redirected(socket0(), 3, True)


@user
def reset_socket_in_map() -> None:
    """A socket in slot 0 whose connection was reset."""
    receiving_socket_in_map()
    tcp_reset(socket0())


@user
def ended_stream() -> None:
    """A socket in slot 0 whose peer has sent a FIN and nothing else."""
    receiving_socket_in_map()
    ends(socket0())


@user
def redirecting_to_itself() -> None:
    """A socket in slot 0 whose program redirects everything to the socket's own reader."""
    receiving(connect(fd0, 0, True))
    map0.progs.skb_verdict = prog_redirect_self
    sys_map_update(map0, 0, fd0, BPF_ANY)


@user
def native_data_and_a_program() -> None:
    """A socket got data, then a map with a program took it in."""
    sk = connect(fd0, 0, True)
    receiving(sk)
    arrives(sk, 1)
    map0.progs.stream_verdict = prog_pass
    sys_map_update(map0, 0, fd0, BPF_ANY)


@user
def native_data_outside() -> None:
    """A socket in no map has got data; the map redirects what its sockets receive to the reader of slot 1."""
    sk = connect(fd0, 0, True)
    arrives(sk, 1)
    connect(fd1, 1, True)
    sys_map_update(map0, 1, fd1, BPF_ANY)
    map0.progs.stream_verdict = prog_redirect_ingress


@user
def partly_read_data_and_a_program() -> None:
    """A socket got two units of data in one buffer, and its user has read the first; then a map with a program took it
    in.
    """
    sk = connect(fd0, 0, True)
    receiving(sk)
    tcp_v4_do_rcv(sk, alloc_skb_with(1, 2, False, False))
    inet_recvmsg(sk, 1, MSG_DONTWAIT)
    map0.progs.stream_verdict = prog_pass
    sys_map_update(map0, 0, fd0, BPF_ANY)


# ---------------------------------------------------------------- a socket without one


@user
def native_and_redirected_data() -> None:
    """A socket in slot 0 of a map without a program: native data to read, and something redirected under way."""
    sk = connect(fd0, 0, True)
    arrives(sk, 1)
    sys_map_update(map0, 0, fd0, BPF_ANY)
    view0.floor = 1
    redirected(sk, 2, True)


@user
def target_of_a_peer() -> None:
    """A socket in slot 0, to whose reader its peer's program sends; the peer's packets arrive, too."""
    target_of_a_sender()
    receiving(socket0())


@user
def native_data_of_a_closable_socket() -> None:
    """A socket in slot 0 of a map without a program: native data to read. It may be closed."""
    closable(fd0)
    sk = connect(fd0, 0, True)
    arrives(sk, 1)
    sys_map_update(map0, 0, fd0, BPF_ANY)


# ---------------------------------------------------------------- backlogs


@user
def long_data_to_send_in_backlog() -> None:
    """A socket in slot 0 whose backlog has two units of data in one buffer to send, of which TCP may take one."""
    sk = connect(fd0, 0, True)
    sk.short_writes = True
    map0.progs.stream_verdict = prog_pass
    sys_map_update(map0, 0, fd0, BPF_ANY)
    redirected_skb(sk, alloc_skb_with(1, 2, False, False), False)


@user
def data_in_pieces_in_backlog() -> None:
    """A socket in slot 0 whose backlog has something for its reader, in more pieces than a message can hold."""
    sk = connect(fd0, 0, True)
    map0.progs.stream_verdict = prog_pass
    sys_map_update(map0, 0, fd0, BPF_ANY)
    redirected_skb(sk, alloc_skb_with(1, 1, False, True), True)


@user
def fin_in_backlog() -> None:
    """A socket in slot 0 whose backlog has a FIN of another socket for its reader."""
    sk = connect(fd0, 0, True)
    sys_map_update(map0, 0, fd0, BPF_ANY)
    redirected_skb(sk, alloc_skb_with(1, 0, True, False), True)


@user
def accounted_socket_in_map() -> None:
    """A socket in slot 0, whose receive memory is accounted; something redirected to its reader is under way."""
    sk = connect(fd0, 0, True)
    sk.accounted = True
    sk.sk_rcvbuf = 3
    receiving(sk)
    map0.progs.stream_verdict = prog_pass
    sys_map_update(map0, 0, fd0, BPF_ANY)
    redirected(sk, 2, True)


@user
def unsendable_data_in_backlog() -> None:
    """A socket in slot 0 that was shut down for sending since, whose backlog has something to send."""
    receiving_socket_in_map()
    socket0().sk_shutdown = SEND_SHUTDOWN
    redirected(socket0(), 2, False)


@user
def redirecting_to_a_stopped_socket() -> None:
    """Slot 0 holds a socket whose data is sent on the socket in slot 1, whose backlog has given up."""
    two_sockets_redirecting_to_the_wire()
    sk_psock_stop(fd1.private_data.sk.sk_user_data)


@user
def native_data_outside_and_more_to_come() -> None:
    """native_data_outside(), and packets may arrive."""
    native_data_outside()
    receiving(socket0())
