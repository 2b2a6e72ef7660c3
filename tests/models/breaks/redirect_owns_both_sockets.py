"""A redirect owns the first socket as well as the target."""

from psockmc.kernel.socklock import lock_sock
from psockmc.lang import Ptr, replaces

from models.skmsg import sk_msg, sk_psock_get, sk_psock_put
from models.sock import bytes_t, int_t, release_sock_and_backlog, sock
from models.syscalls import fd0
from models.tcp_bpf_send import bpf_tcp_ingress, tcp_bpf_sendmsg_redir
from models.tcp_send import msghdr


@replaces(tcp_bpf_sendmsg_redir)
def tcp_bpf_sendmsg_redir(sk: Ptr[sock], ingress: bool, msg: Ptr[sk_msg], bytes: bytes_t, hdr: Ptr[msghdr]) -> int_t:
    """Does not give the sender's socket up."""
    sender = fd0.private_data.sk
    lock_sock(sender.sk_lock)
    psock = sk_psock_get(sk)
    ret = bpf_tcp_ingress(sk, psock, msg, bytes)
    sk_psock_put(sk, psock)
    release_sock_and_backlog(sender)
    return ret
