"""How scenarios of the send side begin: a socket with an SK_MSG program in slot 0, and a target in slot 1."""

from psockmc.lang import Ptr, user

from models.setups import closable, connect
from models.skmsg_verdict import bpf_prog
from models.sock import sock
from models.sock_map import BPF_ANY
from models.syscalls import fd0, fd1, map0, sys_map_update
from models.syscalls_send import (
    one0,
    prog_msg_bytes_or_cork,
    prog_msg_pass,
    prog_msg_pass_all_threes,
    prog_msg_pass_all_twos,
    prog_msg_pass_or_drop,
    prog_msg_redirect,
    prog_msg_redirect_all_twos,
    prog_msg_redirect_if_possible,
    prog_msg_redirect_out,
    prog_msg_redirect_pairs,
    prog_msg_redirect_pairs_out,
    prog_msg_redirect_then_pass,
    sys_send,
)


@user
def sending_socket(prog: Ptr[bpf_prog]) -> Ptr[sock]:
    """A socket in slot 0 with a program for what is sent on it, and a send buffer that is large enough."""
    sk = connect(fd0, 0, True)
    sk.sk_sndbuf = 6
    map0.progs.msg_parser = prog
    sys_map_update(map0, 0, fd0, BPF_ANY)
    return sk


@user
def target_socket() -> Ptr[sock]:
    """Another socket, in slot 1. Its close() aborts the connection."""
    sk = connect(fd1, 1, True)
    sk.sk_sndbuf = 6
    closable(fd1)
    sys_map_update(map0, 1, fd1, BPF_ANY)
    return sk


@user
def passing_through_a_small_buffer() -> None:
    """Everything passes, into a send buffer with room for one byte."""
    sk = connect(fd0, 0, True)
    sk.sk_sndbuf = 1
    map0.progs.msg_parser = prog_msg_pass
    sys_map_update(map0, 0, fd0, BPF_ANY)


@user
def passing_or_dropping() -> None:
    """The program lets pass what it likes."""
    sending_socket(prog_msg_pass_or_drop)


@user
def redirecting() -> None:
    """What is sent goes to the reader of another socket."""
    target_socket()
    sending_socket(prog_msg_redirect)


@user
def redirecting_out() -> None:
    """What is sent goes out on another socket."""
    target_socket()
    sending_socket(prog_msg_redirect_out)


@user
def redirecting_out_through_a_small_buffer() -> None:
    """What is sent goes out on another socket, whose send buffer has room for one byte, and whose close() leaves the
    end of the connection to the peer.
    """
    sk = connect(fd1, 1, False)
    sk.sk_sndbuf = 1
    closable(fd1)
    sys_map_update(map0, 1, fd1, BPF_ANY)
    sending_socket(prog_msg_redirect_out)


@user
def redirecting_to_a_short_target() -> None:
    """What is sent goes to the reader of another socket, byte by byte; memory is short there."""
    target_socket().mem_short = True
    sending_socket(prog_msg_redirect)


@user
def redirecting_pairs() -> None:
    """What is sent goes to the reader of another socket, with a verdict for two bytes."""
    target_socket()
    sending_socket(prog_msg_redirect_pairs)


@user
def redirecting_pairs_until_close() -> None:
    """The same, of a socket that may be closed as well."""
    closable(fd0)
    redirecting_pairs()


@user
def redirecting_pairs_out() -> None:
    """What is sent goes out on another socket, with a verdict for two bytes."""
    target_socket()
    sending_socket(prog_msg_redirect_pairs_out)


@user
def sending_to_itself() -> None:
    """What is sent goes to the reader of the same socket, which is in both slots."""
    connect(fd0, 0, True).sk_sndbuf = 6
    sys_map_update(map0, 1, fd0, BPF_ANY)
    map0.progs.msg_parser = prog_msg_redirect
    sys_map_update(map0, 0, fd0, BPF_ANY)


@user
def corking_for_a_reader() -> None:
    """Two bytes are waited for, and go to the reader of another socket."""
    target_socket()
    sending_socket(prog_msg_redirect_all_twos)


@user
def corked_byte_with_short_memory() -> None:
    """The same. One byte waits already, and from now on memory is short."""
    target_socket()
    sk = sending_socket(prog_msg_redirect_all_twos)
    sys_send(fd0, one0)
    sk.mem_short = True


@user
def corking_what_passes() -> None:
    """Two bytes are waited for, and are sent, into a send buffer with room for one."""
    sk = connect(fd0, 0, True)
    sk.sk_sndbuf = 1
    map0.progs.msg_parser = prog_msg_pass_all_twos
    sys_map_update(map0, 0, fd0, BPF_ANY)


@user
def corking_threes() -> None:
    """Three bytes are waited for."""
    closable(fd0)
    sending_socket(prog_msg_pass_all_threes)


@user
def corked_byte() -> None:
    """A byte waits for two more."""
    corking_threes()
    sys_send(fd0, one0)


@user
def corking_or_splitting() -> None:
    """Long messages go byte by byte to the reader of another socket, short ones may be waited for."""
    target_socket()
    sending_socket(prog_msg_bytes_or_cork)


@user
def redirecting_the_first_byte() -> None:
    """The first byte goes to the reader of another socket, the last one passes."""
    target_socket()
    sending_socket(prog_msg_redirect_then_pass)


@user
def redirecting_when_possible() -> None:
    """Byte by byte to the reader of another socket as long as there is one."""
    target_socket()
    sending_socket(prog_msg_redirect_if_possible)
