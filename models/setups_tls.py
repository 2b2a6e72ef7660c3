"""How scenarios with kTLS begin, and what users do in them."""

from psockmc.kernel.socklock import lock_sock
from psockmc.lang import NULL, READ_ONCE, Ptr, user

from models.setups import closable, connect, receiving
from models.sock import ENOPROTOOPT, file, int_t, release_sock_and_backlog
from models.sock_map import BPF_ANY
from models.syscalls import fd0, fd1, fdget, map0, prog_pass, sys_close, sys_map_delete, sys_map_update
from models.tcp_bpf import tcp_bpf_v4_build_proto
from models.tls import tcp_set_ulp

# ---------------------------------------------------------------- users


@user
def sys_tcp_ulp(fd: Ptr[file]) -> int_t:
    """setsockopt(TCP_ULP, "tls")."""
    sock = fdget(fd)
    sk = sock.sk
    lock_sock(sk.sk_lock)
    err = tcp_set_ulp(sk)
    release_sock_and_backlog(sk)
    return err


@user
def sys_tls_tx(fd: Ptr[file]) -> int_t:
    """setsockopt(SOL_TLS, TLS_TX): only the table of a socket with TLS knows it."""
    sock = fdget(fd)
    sk = sock.sk
    setsockopt = READ_ONCE(sk.sk_prot).setsockopt
    if not setsockopt:
        return -ENOPROTOOPT
    return setsockopt(sk)


@user
def tls_then_close(fd: Ptr[file]) -> None:
    """A program puts TLS on its socket and closes it later."""
    sys_tcp_ulp(fd)
    sys_close(fd)


@user
def tls_then_encrypt(fd: Ptr[file]) -> None:
    """A program puts TLS on its socket and begins to encrypt."""
    sys_tcp_ulp(fd)
    sys_tls_tx(fd)


@user
def delete_then_close(fd: Ptr[file]) -> None:
    """A program takes its socket out of the map and closes it."""
    sys_map_delete(map0, 0)
    sys_close(fd)


# ---------------------------------------------------------------- setups


@user
def tls_on_a_socket_in_map() -> None:
    """A socket in slot 0 of a map without programs, with TLS on top."""
    closable(fd0)
    tcp_bpf_v4_build_proto()
    connect(fd0, 0, True)
    sys_map_update(map0, 0, fd0, BPF_ANY)
    sys_tcp_ulp(fd0)


@user
def tls_on_a_socket_with_a_verdict() -> None:
    """The same in a map with a verdict program."""
    tcp_bpf_v4_build_proto()
    connect(fd0, 0, True)
    map0.progs.stream_verdict = prog_pass
    sys_map_update(map0, 0, fd0, BPF_ANY)
    sys_tcp_ulp(fd0)


@user
def tls_on_a_socket_whose_map_has_no_verdict() -> None:
    """The same; the verdict was detached from the map after that."""
    tls_on_a_socket_with_a_verdict()
    map0.progs.stream_verdict = NULL


@user
def closable_socket_in_map() -> None:
    """A socket in slot 0 of a map without programs."""
    closable(fd0)
    tcp_bpf_v4_build_proto()
    connect(fd0, 0, True)
    sys_map_update(map0, 0, fd0, BPF_ANY)


@user
def closable_receiving_socket() -> None:
    """A socket in no map."""
    closable(fd0)
    tcp_bpf_v4_build_proto()
    receiving(connect(fd0, 0, True))


@user
def socket_with_tls() -> None:
    """A socket with TLS, which is in no map."""
    closable(fd0)
    tcp_bpf_v4_build_proto()
    connect(fd0, 0, True)
    sys_tcp_ulp(fd0)


@user
def tls_beside_a_socket_in_map() -> None:
    """A socket with TLS, which is in no map, and another one in a map."""
    closable(fd0)
    tcp_bpf_v4_build_proto()
    connect(fd0, 0, True)
    sys_tcp_ulp(fd0)
    connect(fd1, 1, True)
    sys_map_update(map0, 0, fd1, BPF_ANY)


@user
def tls_in_map_beside_a_socket() -> None:
    """A socket in slot 0 of a map, with TLS on top, and a plain one."""
    tls_on_a_socket_in_map()
    connect(fd1, 1, True)


@user
def two_sockets_in_map() -> None:
    """Two sockets in slots 0 and 1 of a map without programs."""
    closable_socket_in_map()
    closable(fd1)
    connect(fd1, 1, True)
    sys_map_update(map0, 1, fd1, BPF_ANY)
