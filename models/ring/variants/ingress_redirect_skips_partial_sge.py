"""bpf_tcp_ingress() as it was before 9072931f020b (v6.2): it stepped over an element of which bytes were left."""

from psockmc.lang import NULL, Ptr, replaces, s32, u32

from models.ring.skmsg import sk_msg_free
from models.ring.skmsg_h import kzalloc_sk_msg, sk_msg_iter_var_next, sk_msg_xfer, sk_psock_queue_msg
from models.ring.sock import __sk_rmem_schedule, get_page, rmem_alloc_add, rmem_alloc_sub, sk_mem_charge
from models.ring.tcp_bpf import bpf_tcp_ingress
from models.ring.types import ENOMEM, sk_msg, sk_psock, sock


@replaces(bpf_tcp_ingress)
def ingress_always_steps(sk: Ptr[sock], psock: Ptr[sk_psock], msg: Ptr[sk_msg], apply_bytes: u32) -> s32:
    """Moves bytes to the receive queue; goes on behind the last element that it touched."""
    apply: bool = apply_bytes != 0
    copied: u32 = 0
    ret: s32 = 0
    tmp = kzalloc_sk_msg()
    if tmp == NULL:
        return -ENOMEM
    tmp.sg.start = msg.sg.start
    i: s32 = msg.sg.start
    while True:
        sge: s32 = i
        size: u32 = apply_bytes if apply and apply_bytes < msg.sg.data[sge].length else msg.sg.data[sge].length
        if not __sk_rmem_schedule(sk, size):
            if copied == 0:
                ret = -ENOMEM
            break
        sk_mem_charge(sk, size)
        rmem_alloc_add(sk, size)
        sk_msg_xfer(tmp, msg, i, size)
        copied += size
        if msg.sg.data[sge].length != 0:
            get_page(tmp.sg.data[i].page)
        i = sk_msg_iter_var_next(i)
        tmp.sg.end = i
        if apply:
            apply_bytes -= size
            if apply_bytes == 0:
                break
        if i == msg.sg.end:
            break
    if ret == 0:
        msg.sg.start = i
        if not sk_psock_queue_msg(psock, tmp):
            rmem_alloc_sub(sk, copied)
    else:
        sk_msg_free(sk, tmp)
        tmp.freed = True
    return ret
