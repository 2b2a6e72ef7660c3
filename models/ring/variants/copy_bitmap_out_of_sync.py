"""The helpers as they were before 2ccbc9a38746 (v7.2): the copy bits stay where they are when elements move.

Only bpf_msg_push_data() cleared a bit, that of the new element.
"""

from psockmc.lang import Ptr, replaces, u32

from models.ring.helpers import (
    kept0,
    sk_msg_clear_copy_range,
    sk_msg_clear_elem_copy,
    sk_msg_set_elem_copy,
    sk_msg_sg_move,
)
from models.ring.push import push_place
from models.ring.skmsg_h import sk_msg_iter_var_next
from models.ring.sock import get_page, sg_assign, sg_set_page, sk_mem_charge
from models.ring.types import sk_msg


@replaces(sk_msg_clear_elem_copy)
def sk_msg_clear_elem_copy(msg: Ptr[sk_msg], i: u32) -> None:
    """Did not exist."""


@replaces(sk_msg_set_elem_copy)
def sk_msg_set_elem_copy(msg: Ptr[sk_msg], i: u32, sg_copy: bool) -> None:
    """Did not exist."""


@replaces(sk_msg_clear_copy_range)
def sk_msg_clear_copy_range(msg: Ptr[sk_msg], start: u32, end: u32) -> None:
    """Did not exist."""


@replaces(sk_msg_sg_move)
def sk_msg_sg_move(msg: Ptr[sk_msg], dst: u32, src: u32) -> None:
    """Copies the element only."""
    sg_assign(msg.sg.data[dst], msg.sg.data[src])


@replaces(push_place)
def push_place(msg: Ptr[sk_msg], new: u32, page: u32, len: u32, copy: u32) -> None:
    """Clears the bit of the new element, and leaves that of the rest alone."""
    sk_mem_charge(msg.sk, len)
    msg.sg.size += len
    msg.sg.copy[new] = False
    sg_set_page(msg.sg.data[new], page, len + copy, 0)
    if kept0.rsge.length != 0:
        get_page(kept0.rsge.page)
        sg_assign(msg.sg.data[sk_msg_iter_var_next(new)], kept0.rsge)
