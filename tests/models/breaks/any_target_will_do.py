"""A program may send a message on any socket."""

from psockmc.lang import Ptr, replaces

from models.skmsg import sk_msg
from models.skmsg_verdict import SK_PASS, sk_action
from models.sock_map import __sock_map_lookup_elem, bpf_msg_redirect_map, bpf_stab, slot_t


@replaces(bpf_msg_redirect_map)
def bpf_msg_redirect_map(msg: Ptr[sk_msg], map: Ptr[bpf_stab], key: slot_t, ingress: bool) -> sk_action:
    """Without a look at it."""
    msg.ingress = ingress
    msg.sk_redir = __sock_map_lookup_elem(map, key)
    msg.named = True
    return SK_PASS
