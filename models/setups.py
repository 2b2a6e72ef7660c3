"""How scenarios begin: connections, sockets in maps, data under way. A setup runs alone, to its end, before
everything else.
"""

from psockmc.kernel.refcount import refcount_set
from psockmc.kernel.work import schedule_delayed_work
from psockmc.lang import GFP_KERNEL, NULL, Ptr, kzalloc, user

from models.skbuff import alloc_skb, seq_t, sk_buff, skb_queue_tail
from models.skmsg_send import get_pages
from models.sock import (
    TCP_ESTABLISHED,
    file,
    hash_t,
    sk_stream_write_space,
    sock,
    sock_close,
    sock_def_readable,
    sock_hold,
    socket,
)
from models.sock_map import BPF_ANY, bpf_stab
from models.syscalls import (
    fd0,
    fd1,
    map0,
    mapfd0,
    prog_pass,
    prog_pass_or_drop,
    prog_redirect_egress,
    prog_redirect_ingress,
    sender0,
    sys_map_delete,
    sys_map_update,
)
from models.tcp import inet_stream_ops, tcp_hashinfo, tcp_prot, tcp_queue_rcv, tcp_v4_do_rcv


@user
def connect(fd: Ptr[file], hash: hash_t, lingertime0: bool) -> Ptr[sock]:
    """An established connection behind a file descriptor; with lingertime0 its close() aborts it.

    Nothing arrives on it and nobody closes it: a packet in its backlog, or the last reference on its file, would
    call NULL. See receiving() and closable(). (So the code that a scenario cannot reach is not compiled into it.)
    """
    ends_in = kzalloc(socket, GFP_KERNEL)
    sk = kzalloc(sock, GFP_KERNEL)
    ends_in.sk = sk
    ends_in.ops = inet_stream_ops
    sk.sk_prot = tcp_prot
    sk.sk_prot_creator = tcp_prot
    sk.sk_socket = ends_in
    sk.sk_wq = ends_in
    sk.sk_data_ready = sock_def_readable
    sk.sk_write_space = sk_stream_write_space
    sk.sk_state = TCP_ESTABLISHED
    sk.sk_lingertime0 = lingertime0
    sk.sk_hash = hash
    refcount_set(sk.sk_refcnt, 1)
    tcp_hashinfo.ehash[hash] = sk
    fd.private_data = ends_in
    fd.installed = True
    refcount_set(fd.f_count, 1)
    return sk


@user
def receiving(sk: Ptr[sock]) -> None:
    """Packets may arrive on this connection."""
    sk.sk_backlog_rcv = tcp_v4_do_rcv


@user
def closable(fd: Ptr[file]) -> None:
    """The file may be closed."""
    fd.release = sock_close


@user
def received(sk: Ptr[sock], seq: seq_t) -> None:
    """Native data that is on the receive queue already."""
    tcp_queue_rcv(sk, alloc_skb(seq))


@user
def redirected(sk: Ptr[sock], seq: seq_t, ingress: bool) -> None:
    """Data that was redirected to this socket's psock some time ago: its backlog is pending."""
    redirected_skb(sk, alloc_skb(seq), ingress)


@user
def redirected_skb(sk: Ptr[sock], skb: Ptr[sk_buff], ingress: bool) -> None:
    """The same with this buffer."""
    skb._sk_redir = sk
    skb._sk_redir_ingress = ingress
    skb.for_reader = ingress
    skb_queue_tail(sk.sk_user_data.ingress_skb, skb)
    schedule_delayed_work(sk.sk_user_data.work, 0)


@user
def connected_socket() -> None:
    """A socket that is in no map yet; the map has a program."""
    closable(fd0)
    connect(fd0, 0, True)
    map0.progs.skb_verdict = prog_pass


@user
def two_connected_sockets() -> None:
    """Two sockets that are in no map yet."""
    connect(fd0, 0, True)
    connect(fd1, 1, True)


@user
def socket_in_map() -> None:
    """One socket in slot 0, whose program lets everything pass."""
    closable(fd0)
    connect(fd0, 0, True)
    map0.progs.stream_verdict = prog_pass
    sys_map_update(map0, 0, fd0, BPF_ANY)


@user
def receiving_socket_in_map() -> None:
    """The same, and packets may arrive on it."""
    receiving(connect(fd0, 0, True))
    map0.progs.stream_verdict = prog_pass
    sys_map_update(map0, 0, fd0, BPF_ANY)


@user
def receiving_closable_socket_in_map() -> None:
    """The same, and it may be closed."""
    closable(fd0)
    receiving_socket_in_map()


@user
def socket_in_two_slots() -> None:
    """One socket in both slots. The map was without its program during the second update, or that would have been
    refused.
    """
    closable(fd0)
    receiving(connect(fd0, 0, True))
    map0.progs.stream_verdict = prog_pass
    sys_map_update(map0, 0, fd0, BPF_ANY)
    map0.progs.stream_verdict = NULL
    sys_map_update(map0, 1, fd0, BPF_ANY)
    map0.progs.stream_verdict = prog_pass


@user
def plain_socket_in_map() -> None:
    """One socket in slot 0, without a program: others may redirect to it."""
    connect(fd0, 0, True)
    sys_map_update(map0, 0, fd0, BPF_ANY)


@user
def data_to_send_in_backlog() -> None:
    """A socket in slot 0 whose backlog has something to send."""
    closable(fd0)
    sk = connect(fd0, 0, True)
    sys_map_update(map0, 0, fd0, BPF_ANY)
    redirected(sk, 1, False)


@user
def more_data_to_send_in_backlog() -> None:
    """The same, two pieces of it."""
    data_to_send_in_backlog()
    redirected(fd0.private_data.sk, 2, False)


@user
def data_to_read_in_backlog() -> None:
    """A socket in slot 0 whose backlog has something for its reader."""
    sk = connect(fd0, 0, True)
    sys_map_update(map0, 0, fd0, BPF_ANY)
    redirected(sk, 1, True)


@user
def more_data_to_read_in_backlog() -> None:
    """The same, two pieces of it."""
    data_to_read_in_backlog()
    redirected(fd0.private_data.sk, 2, True)


@user
def backlog_of_an_old_psock() -> None:
    """The socket was taken out of the map and put in again, while a backlog was pending."""
    data_to_send_in_backlog()
    sys_map_delete(map0, 0)
    sys_map_update(map0, 0, fd0, BPF_ANY)


@user
def socket_and_another() -> None:
    """A socket in slot 0, another one outside of the map."""
    closable(fd0)
    closable(fd1)
    connect(fd0, 0, True)
    connect(fd1, 1, True)
    sys_map_update(map0, 0, fd0, BPF_ANY)


@user
def two_sockets_redirecting_to_the_reader() -> None:
    """Slot 0 holds a socket whose data goes to the reader of the socket in slot 1."""
    closable(fd1)
    connect(fd0, 0, True)
    connect(fd1, 1, True)
    sys_map_update(map0, 1, fd1, BPF_ANY)
    map0.progs.stream_verdict = prog_redirect_ingress
    sys_map_update(map0, 0, fd0, BPF_ANY)


@user
def two_sockets_redirecting_to_the_wire() -> None:
    """Slot 0 holds a socket whose data is sent on the socket in slot 1."""
    closable(fd1)
    connect(fd0, 0, True)
    connect(fd1, 1, True)
    sys_map_update(map0, 1, fd1, BPF_ANY)
    map0.progs.stream_verdict = prog_redirect_egress
    sys_map_update(map0, 0, fd0, BPF_ANY)


@user
def socket_redirecting_to_an_empty_slot() -> None:
    """Slot 0 holds a socket whose data is sent on the socket in slot 1, once there is one. Another socket is in no
    map.
    """
    connect(fd0, 0, True)
    closable(fd1)
    connect(fd1, 1, True)
    map0.progs.stream_verdict = prog_redirect_egress
    sys_map_update(map0, 0, fd0, BPF_ANY)
    map0.progs.stream_verdict = NULL


@user
def full_send_buffer() -> None:
    """A socket in slot 0 whose backlog waits for room to send."""
    sk = connect(fd0, 0, True)
    map0.progs.stream_verdict = prog_pass
    sys_map_update(map0, 0, fd0, BPF_ANY)
    sk.sk_wmem_full = True
    redirected(sk, 1, False)


@user
def choosy_socket_in_map() -> None:
    """A socket in slot 0, whose program lets pass what it likes."""
    receiving(connect(fd0, 0, True))
    map0.progs.skb_verdict = prog_pass_or_drop
    sys_map_update(map0, 0, fd0, BPF_ANY)


@user
def target_of_a_sender() -> None:
    """A socket in slot 0, to whose reader another socket's program sends. Its close() leaves the end to the peer."""
    sk = connect(fd0, 0, False)
    closable(fd0)
    sys_map_update(map0, 0, fd0, BPF_ANY)
    sock_hold(sk)
    sender0.sk_redir = sk
    sender0.msg.sg.size = 1
    get_pages(sender0.msg, 1)


@user
def map_with_an_end() -> None:
    """A socket in slot 0 of a map that can be freed."""
    closable(fd0)
    connect(fd0, 0, True)
    map = kzalloc(bpf_stab, GFP_KERNEL)
    mapfd0.map = map
    map.progs.stream_verdict = prog_pass
    sys_map_update(map, 0, fd0, BPF_ANY)
