"""The environment: programs that use sockets and maps, packets that arrive, verdict programs."""

from psockmc.kernel.socklock import bh_lock_sock, bh_unlock_sock, sock_owned_by_user
from psockmc.lang import (
    NULL,
    READ_ONCE,
    Const,
    Ptr,
    Struct,
    choose,
    instance,
    kernel,
    list_empty,
    rcu_dereference,
    rcu_read_lock,
    rcu_read_unlock,
    user,
    wait_event,
    xchg,
)

from models.skbuff import alloc_skb, sk_buff
from models.skmsg import sk_msg
from models.skmsg_verdict import SK_DROP, SK_PASS, bpf_prog, sk_action
from models.sock import MSG_DONTWAIT, TCP_CLOSE, file, fput, hash_t, int_t, sock, sock_put, socket
from models.sock_map import (
    BPF_ANY,
    bpf_sk_redirect_map,
    bpf_stab,
    flags_t,
    slot_t,
    sock_map_delete_elem,
    sock_map_free,
    sock_map_release_progs,
    sock_map_update_elem,
    sock_map_update_elem_sys,
)
from models.tcp import (
    __inet_lookup_established,
    inet_recvmsg,
    tcp_check_space,
    tcp_done,
    tcp_urg,
    tcp_v4_do_rcv,
    tcp_v4_rcv,
)
from models.tcp_bpf_send import tcp_bpf_sendmsg_redir
from models.tcp_send import msghdr

# ---------------------------------------------------------------- what is there from the beginning

fd0 = instance(file)
fd1 = instance(file)
map0 = instance(bpf_stab)


class bpf_map_fd(Struct, name="mapfd"):
    """A file descriptor of a map that may go away."""

    map: Ptr[bpf_stab]


mapfd0 = instance(bpf_map_fd)


class msg_sender(Struct, name="sender"):
    """A socket with an SK_MSG program. sk_redir: the target that its psock remembers, with a reference. msg: the
    message that it sends there by hdr.
    """

    sk_redir: Ptr[sock]
    msg: Const[Ptr[sk_msg]]
    hdr: Const[Ptr[msghdr]]


sent0 = instance(sk_msg, on_stack=True)
sending0 = instance(msghdr, size=1, tmp=sent0)
sender0 = instance(msg_sender, msg=sent0, hdr=sending0)


# ---------------------------------------------------------------- verdict programs


@user
def pass_all(skb: Ptr[sk_buff]) -> sk_action:
    """Everything goes to the socket it came for."""
    return SK_PASS


@user
def redirect_to_ingress(skb: Ptr[sk_buff]) -> sk_action:
    """Everything goes to the reader of the socket in slot 1."""
    return bpf_sk_redirect_map(skb, map0, 1, True)


@user
def redirect_to_egress(skb: Ptr[sk_buff]) -> sk_action:
    """Everything is sent on the socket in slot 1."""
    return bpf_sk_redirect_map(skb, map0, 1, False)


@user
def pass_or_drop(skb: Ptr[sk_buff]) -> sk_action:
    """Either of the two, as it likes."""
    return SK_PASS if choose() else SK_DROP


prog_pass = instance(bpf_prog, run=pass_all)
prog_redirect_ingress = instance(bpf_prog, run=redirect_to_ingress)
prog_redirect_egress = instance(bpf_prog, run=redirect_to_egress)
prog_pass_or_drop = instance(bpf_prog, run=pass_or_drop)


# ---------------------------------------------------------------- system calls


@user
def sys_close(fd: Ptr[file]) -> None:
    """close(): the descriptor goes at once, the file with its last reference."""
    if xchg(fd.installed, False):
        fput(fd)


@kernel("fs/file.c")
def fdget(fd: Ptr[file]) -> Ptr[socket]:
    """The socket of a descriptor, without a reference on the file: the process is alone with its table of
    descriptors and closes nothing meanwhile.
    """
    return fd.private_data


@user
def sys_recvmsg(fd: Ptr[file], nonblock: bool) -> None:
    """recvmsg() of one unit of data."""
    sock = fdget(fd)
    sk = sock.sk
    inet_recvmsg(sk, 1, MSG_DONTWAIT if nonblock else 0)


@user
def sys_recvmsg_twice(fd: Ptr[file], nonblock: bool) -> None:
    """Two units of data, one after the other."""
    sys_recvmsg(fd, nonblock)
    sys_recvmsg(fd, nonblock)


@user
def sys_poll(fd: Ptr[file]) -> None:
    """poll() for data, urgent or not: returns when there is some. For scenarios in which the psock stays attached."""
    sock = fdget(fd)
    sk = sock.sk
    wq = rcu_dereference(sk.sk_wq)
    psock = rcu_dereference(sk.sk_user_data)
    wait_event(
        wq.wq,
        not list_empty(sk.sk_receive_queue.list) or not list_empty(psock.ingress_msg) or READ_ONCE(sk.urg_data),
    )


@user
def sys_sendmsg(sender: Ptr[msg_sender]) -> None:
    """sendmsg() on a socket whose program sends everything to the reader of another one."""
    sk = sender.sk_redir
    if sk:
        tcp_bpf_sendmsg_redir(sk, True, sender.msg, 1, sender.hdr)
        sender.sk_redir = NULL
        sock_put(sk)


@user
def sys_map_update(map: Ptr[bpf_stab], key: slot_t, fd: Ptr[file], flags: flags_t) -> None:
    """bpf(BPF_MAP_UPDATE_ELEM)."""
    sock_map_update_elem_sys(map, key, fd, flags)


@user
def program_updates_map(hash: hash_t, key: slot_t) -> None:
    """A program that runs for a packet puts the packet's socket into the map."""
    sk = __inet_lookup_established(hash)
    if sk:
        sock_map_update_elem(map0, key, sk, BPF_ANY)
        sock_put(sk)


@user
def program_updates_map_and_redirects(hash: hash_t, key: slot_t, other: hash_t) -> None:
    """A program puts its packet's socket into the map, then a packet of another socket arrives."""
    program_updates_map(hash, key)
    tcp_v4_rcv(other, 1)


@kernel("kernel/bpf/syscall.c")
def map_delete_elem(map: Ptr[bpf_stab], key: slot_t) -> int_t:
    """bpf(BPF_MAP_DELETE_ELEM)."""
    rcu_read_lock()
    err = sock_map_delete_elem(map, key)
    rcu_read_unlock()
    return err


@user
def sys_map_delete(map: Ptr[bpf_stab], key: slot_t) -> None:
    """bpf(BPF_MAP_DELETE_ELEM)."""
    map_delete_elem(map, key)


@user
def sys_map_delete_both(map: Ptr[bpf_stab]) -> None:
    """Both slots, one after the other."""
    map_delete_elem(map, 0)
    map_delete_elem(map, 1)


@user
def sys_map_reinsert_and_close(map: Ptr[bpf_stab], key: slot_t, fd: Ptr[file]) -> None:
    """Take a socket out of the map, put it in again, and close it."""
    map_delete_elem(map, key)
    sock_map_update_elem_sys(map, key, fd, BPF_ANY)
    sys_close(fd)


@user
def sys_map_close(mapfd: Ptr[bpf_map_fd]) -> None:
    """The last reference on the map goes. The kernel frees it in a kworker, which this process stands for."""
    map = mapfd.map
    mapfd.map = NULL
    sock_map_release_progs(map)
    sock_map_free(map)


@user
def sys_map_delete_then_close(mapfd: Ptr[bpf_map_fd], key: slot_t) -> None:
    """The last user of a map empties a slot, and then closes the map."""
    sys_map_delete(mapfd.map, key)
    sys_map_close(mapfd)


# ---------------------------------------------------------------- packets


@user
def net_rx_data(hash: hash_t) -> None:
    """One packet with data."""
    tcp_v4_rcv(hash, 1)


@user
def net_rx_two(hash: hash_t) -> None:
    """Two packets with data, one after the other."""
    tcp_v4_rcv(hash, 1)
    tcp_v4_rcv(hash, 2)


@user
def net_rx_urgent(hash: hash_t) -> None:
    """A packet whose data is urgent. (Left out when a process owns the socket: the urgent byte is told of at once.)"""
    sk = __inet_lookup_established(hash)
    if sk:
        bh_lock_sock(sk.sk_lock)
        if not sock_owned_by_user(sk.sk_lock):
            tcp_urg(sk)
            tcp_v4_do_rcv(sk, alloc_skb(1))
        bh_unlock_sock(sk.sk_lock)
        sock_put(sk)


@kernel("net/ipv4/tcp_ipv4.c")
def net_rx_reset(hash: hash_t) -> None:
    """A RST: the connection is over. On a socket that a process owns it waits in the backlog; here it is lost
    instead, as the peer would send another.
    """
    sk = __inet_lookup_established(hash)
    if sk:
        bh_lock_sock(sk.sk_lock)
        if not sock_owned_by_user(sk.sk_lock) and sk.sk_state != TCP_CLOSE:
            tcp_done(sk)
        bh_unlock_sock(sk.sk_lock)
        sock_put(sk)


@kernel("net/ipv4/tcp_ipv4.c")
def net_rx_ack(hash: hash_t) -> None:
    """An ACK that makes room in the send buffer; left out when a process owns the socket."""
    sk = __inet_lookup_established(hash)
    if sk:
        bh_lock_sock(sk.sk_lock)
        if not sock_owned_by_user(sk.sk_lock):
            tcp_check_space(sk)
        bh_unlock_sock(sk.sk_lock)
        sock_put(sk)
