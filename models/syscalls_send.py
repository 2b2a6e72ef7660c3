"""The environment of senders: SK_MSG programs, and processes that send on sockets in maps."""

from psockmc.lang import READ_ONCE, Ptr, choose, instance, kernel, user

from models.skmsg import sk_msg
from models.skmsg_verdict import SK_DROP, SK_PASS, bpf_prog, sk_action
from models.sock import bytes_t, file, fput, socket, sockfd_lookup
from models.sock_map import bpf_msg_redirect_map
from models.syscalls import fdget, map0, sys_close
from models.tcp_send import msghdr

# ---------------------------------------------------------------- messages on the stacks of senders

stack0 = instance(sk_msg, on_stack=True)
stack1 = instance(sk_msg, on_stack=True)

one0 = instance(msghdr, size=1, tmp=stack0)
one1 = instance(msghdr, size=1, tmp=stack1)
two0 = instance(msghdr, size=2, tmp=stack0)
three0 = instance(msghdr, size=3, tmp=stack0)
two0_dontwait = instance(msghdr, size=2, dontwait=True, tmp=stack0)
one0_signal = instance(msghdr, size=1, signal=True, tmp=stack0)


# ---------------------------------------------------------------- SK_MSG programs


@kernel("net/core/filter.c")
def bpf_msg_apply_bytes(msg: Ptr[sk_msg], bytes: bytes_t) -> None:
    """The verdict is for so many bytes, of this message and the next ones."""
    msg.apply_bytes = bytes


@kernel("net/core/filter.c")
def bpf_msg_cork_bytes(msg: Ptr[sk_msg], bytes: bytes_t) -> None:
    """Ask again when the message has so many bytes."""
    msg.cork_bytes = bytes


@user
def msg_pass(msg: Ptr[sk_msg]) -> sk_action:
    """Everything is sent."""
    return SK_PASS


@user
def msg_pass_or_drop(msg: Ptr[sk_msg]) -> sk_action:
    """Either of the two, as it likes."""
    return SK_PASS if choose() else SK_DROP


@user
def msg_redirect(msg: Ptr[sk_msg]) -> sk_action:
    """Each message goes to the reader of the socket in slot 1."""
    return bpf_msg_redirect_map(msg, map0, 1, True)


@user
def msg_redirect_out(msg: Ptr[sk_msg]) -> sk_action:
    """Each message is sent on the socket in slot 1."""
    return bpf_msg_redirect_map(msg, map0, 1, False)


@user
def msg_redirect_pairs(msg: Ptr[sk_msg]) -> sk_action:
    """Two bytes at a time to the reader of the socket in slot 1."""
    bpf_msg_apply_bytes(msg, 2)
    return bpf_msg_redirect_map(msg, map0, 1, True)


@user
def msg_redirect_pairs_out(msg: Ptr[sk_msg]) -> sk_action:
    """Two bytes at a time on the socket in slot 1."""
    bpf_msg_apply_bytes(msg, 2)
    return bpf_msg_redirect_map(msg, map0, 1, False)


@user
def msg_redirect_all_twos(msg: Ptr[sk_msg]) -> sk_action:
    """Waits for two bytes and has them go to the reader of the socket in slot 1."""
    if msg.sg.size < 2:
        bpf_msg_cork_bytes(msg, 2)
    return bpf_msg_redirect_map(msg, map0, 1, True)


@user
def msg_pass_all_twos(msg: Ptr[sk_msg]) -> sk_action:
    """Waits for two bytes and lets them pass."""
    if msg.sg.size < 2:
        bpf_msg_cork_bytes(msg, 2)
    return SK_PASS


@user
def msg_pass_all_threes(msg: Ptr[sk_msg]) -> sk_action:
    """Waits for three bytes and lets them pass."""
    if msg.sg.size < 3:
        bpf_msg_cork_bytes(msg, 3)
    return SK_PASS


@user
def msg_bytes_or_cork(msg: Ptr[sk_msg]) -> sk_action:
    """Messages of two and more bytes go to the reader of the socket in slot 1, byte by byte. It waits for the second
    byte of a shorter one, or lets it go there as it is, as it likes.
    """
    if msg.sg.size >= 2:
        bpf_msg_apply_bytes(msg, 1)
    elif choose():
        bpf_msg_cork_bytes(msg, 2)
    return bpf_msg_redirect_map(msg, map0, 1, True)


@user
def msg_redirect_then_pass(msg: Ptr[sk_msg]) -> sk_action:
    """Has the first byte of a message go to the reader of the socket in slot 1. The rest passes."""
    if msg.sg.size < 2:
        return SK_PASS
    bpf_msg_apply_bytes(msg, 1)
    return bpf_msg_redirect_map(msg, map0, 1, True)


@user
def msg_redirect_if_possible(msg: Ptr[sk_msg]) -> sk_action:
    """Byte by byte to the reader of the socket in slot 1 when there is one; else it lets everything pass."""
    bpf_msg_apply_bytes(msg, 1)
    bpf_msg_redirect_map(msg, map0, 1, True)
    return SK_PASS


prog_msg_pass = instance(bpf_prog, run_msg=msg_pass)
prog_msg_pass_or_drop = instance(bpf_prog, run_msg=msg_pass_or_drop)
prog_msg_redirect = instance(bpf_prog, run_msg=msg_redirect)
prog_msg_redirect_out = instance(bpf_prog, run_msg=msg_redirect_out)
prog_msg_redirect_pairs = instance(bpf_prog, run_msg=msg_redirect_pairs)
prog_msg_redirect_pairs_out = instance(bpf_prog, run_msg=msg_redirect_pairs_out)
prog_msg_redirect_all_twos = instance(bpf_prog, run_msg=msg_redirect_all_twos)
prog_msg_pass_all_twos = instance(bpf_prog, run_msg=msg_pass_all_twos)
prog_msg_pass_all_threes = instance(bpf_prog, run_msg=msg_pass_all_threes)
prog_msg_bytes_or_cork = instance(bpf_prog, run_msg=msg_bytes_or_cork)
prog_msg_redirect_then_pass = instance(bpf_prog, run_msg=msg_redirect_then_pass)
prog_msg_redirect_if_possible = instance(bpf_prog, run_msg=msg_redirect_if_possible)


# ---------------------------------------------------------------- system calls


@kernel("net/ipv4/af_inet.c")
def sock_sendmsg(sock: Ptr[socket], hdr: Ptr[msghdr]) -> None:
    """sendmsg() of an internet socket: the table of its protocol decides, see inet_sendmsg()."""
    sk = sock.sk
    sendmsg = READ_ONCE(sk.sk_prot).sendmsg
    sendmsg(sk, hdr)


@user
def sys_send(fd: Ptr[file], hdr: Ptr[msghdr]) -> None:
    """sendmsg() of a process that is alone with its descriptors."""
    sock_sendmsg(fdget(fd), hdr)


@user
def sys_send_twice(fd: Ptr[file], hdr: Ptr[msghdr]) -> None:
    """Two messages of the same size, one after the other."""
    sys_send(fd, hdr)
    sys_send(fd, hdr)


@user
def sys_send_and_close_both(fd: Ptr[file], hdr: Ptr[msghdr], other: Ptr[file]) -> None:
    """A message, then close() of the socket and of another one."""
    sys_send(fd, hdr)
    sys_close(fd)
    sys_close(other)


@user
def sys_send_shared(fd: Ptr[file], hdr: Ptr[msghdr]) -> None:
    """sendmsg() of a thread: another one may close the descriptor meanwhile."""
    sock = sockfd_lookup(fd)
    if sock:
        sock_sendmsg(sock, hdr)
        fput(fd)
