"""Kernel TLS: the links that make a ring a list for the crypto layer, records that are split and merged again.

Source: net/tls/tls_sw.c of 7.1 with 406e8a651a7b (copy bits), 285943c6e7ca and ff26a0e8377d (links), 178f6a5c8cb3
(the ciphertext follows the plaintext that a program shortens). In the newest kernels TLS runs no programs any more;
the functions are those of the last ones that do.

Left out everywhere: encryption itself, the transmission of records, and the buffers for ciphertext, which
sk_msg_alloc() makes as anywhere else.
"""

from psockmc.lang import Ptr, Struct, check, kernel, omits, s32, u32, user

from models.ring.skmsg import sk_msg_free, sk_msg_trim
from models.ring.skmsg_h import (
    sk_msg_iter_var_next,
    sk_msg_iter_var_prev,
    sk_msg_sg_copy_assign,
    sk_msg_xfer_full,
)
from models.ring.sock import as_int, get_page, put_page, sg_assign, sg_clear, sg_mark_end, sg_set_page, sg_unmark_end
from models.ring.types import CHAIN_FRONT, CHAIN_SLOT, CHAIN_TAIL, scatterlist, sk_msg, sock


class split(Struct):
    """Variables of a split. tail: the part behind the cut of the element that was cut; orig_end: the end before."""

    tail: scatterlist
    tail_i: u32
    orig_end: u32


# ---------------------------------------------------------------- links


@kernel("include/linux/scatterlist.h")
def sg_chain(sg: scatterlist, where: u32) -> None:
    """Makes a link of the entry; what it was before is lost."""
    check(not sg.is_chain, "chain: a link is placed once")
    sg.page = 0
    sg.offset = 0
    sg.length = 0
    sg.is_chain = True
    sg.is_last = False
    sg.chain = where


@kernel("net/tls/tls_sw.c")
def tls_push_record_links(msg_pl: Ptr[sk_msg], tls13: bool) -> None:
    """The part of tls_push_record() that makes the plaintext a list: round the end of the ring, and to its tail.

    tls13: the protocol is TLS 1.3, whose record ends with one byte more, in a list of its own.
    """
    i: u32 = sk_msg_iter_var_prev(msg_pl.sg.end)
    if i < msg_pl.sg.start:
        sg_chain(msg_pl.sg.data[CHAIN_SLOT], CHAIN_FRONT)
    if tls13:
        sg_chain(msg_pl.sg.data[i + 1], CHAIN_TAIL)
    else:
        sg_mark_end(msg_pl.sg.data[i])


# ---------------------------------------------------------------- splitting a record


@kernel("net/tls/tls_sw.c")
def tls_split_open_record(sk: Ptr[sock], msg_opl: Ptr[sk_msg], msg_npl: Ptr[sk_msg], cut: Ptr[split]) -> None:
    """What is behind apply_bytes goes to the plaintext of a new record, which is empty."""
    omits("the new record and its ciphertext buffer: allocated before, with sk_msg_alloc()")
    orig_size: u32 = msg_opl.sg.size
    bytes: u32 = 0
    apply: u32 = msg_opl.apply_bytes
    sg_clear(cut.tail)
    cut.tail_i = 0
    cut.orig_end = msg_opl.sg.end
    i: u32 = msg_opl.sg.start
    while apply != 0 and msg_opl.sg.data[i].length != 0:
        if msg_opl.sg.data[i].length > apply:
            len: u32 = msg_opl.sg.data[i].length - apply
            cut.tail_i = i
            get_page(msg_opl.sg.data[i].page)
            sg_set_page(cut.tail, msg_opl.sg.data[i].page, len, msg_opl.sg.data[i].offset + apply)
            msg_opl.sg.data[i].length = apply
            bytes += apply
            apply = 0
        else:
            apply -= msg_opl.sg.data[i].length
            bytes += msg_opl.sg.data[i].length
        i = sk_msg_iter_var_next(i)
        if i == msg_opl.sg.end:
            break
    msg_opl.sg.end = i
    msg_opl.sg.curr = i
    msg_opl.sg.copybreak = 0
    msg_opl.apply_bytes = 0
    msg_opl.sg.size = bytes
    msg_npl.apply_bytes = apply
    msg_npl.sg.size = orig_size - bytes
    tls_split_rest(msg_opl, msg_npl, cut, i)


@kernel("net/tls/tls_sw.c")
def tls_split_rest(msg_opl: Ptr[sk_msg], msg_npl: Ptr[sk_msg], cut: Ptr[split], i: u32) -> None:
    """The part of tls_split_open_record() that fills the new record with what is behind the cut."""
    j: u32 = msg_npl.sg.start
    if cut.tail.length != 0:
        sg_assign(msg_npl.sg.data[j], cut.tail)
        sk_msg_sg_copy_assign(msg_npl, j, msg_opl, cut.tail_i)
        j = sk_msg_iter_var_next(j)
    while msg_opl.sg.data[i].length != 0:
        sg_assign(msg_npl.sg.data[j], msg_opl.sg.data[i])
        sk_msg_sg_copy_assign(msg_npl, j, msg_opl, i)
        sg_unmark_end(msg_npl.sg.data[j])
        i = sk_msg_iter_var_next(i)
        j = sk_msg_iter_var_next(j)
        if i == cut.orig_end:
            break
    msg_npl.sg.end = j
    msg_npl.sg.curr = j
    msg_npl.sg.copybreak = 0


@kernel("net/tls/tls_sw.c")
def tls_merge_open_record(msg_opl: Ptr[sk_msg], msg_npl: Ptr[sk_msg], orig_end: u32) -> None:
    """Undoes a split: the elements behind the cut are still in their slots."""
    omits("the ciphertext, which goes back with tls_merge_encrypted()")
    i: u32 = sk_msg_iter_var_prev(msg_opl.sg.end)
    j: u32 = msg_npl.sg.start
    if (
        msg_opl.sg.data[i].page == msg_npl.sg.data[j].page
        and msg_opl.sg.data[i].offset + msg_opl.sg.data[i].length == msg_npl.sg.data[j].offset
    ):
        msg_opl.sg.data[i].length += msg_npl.sg.data[j].length
        put_page(msg_npl.sg.data[j].page)
    msg_opl.sg.end = orig_end
    msg_opl.sg.curr = orig_end
    msg_opl.sg.copybreak = 0
    msg_opl.apply_bytes = msg_opl.sg.size + msg_npl.sg.size
    msg_opl.sg.size += msg_npl.sg.size


@kernel("net/tls/tls_sw.c")
def tls_merge_encrypted(sk: Ptr[sock], msg_oen: Ptr[sk_msg], msg_nen: Ptr[sk_msg]) -> None:
    """The part of tls_merge_open_record() for the ciphertext buffers: the new one replaces the old one."""
    sk_msg_free(sk, msg_oen)
    sk_msg_xfer_full(msg_oen, msg_nen)


# ---------------------------------------------------------------- after the verdict


@user
def program_pops(sk: Ptr[sock], msg: Ptr[sk_msg], bytes: u32) -> None:
    """A program that removes `bytes` bytes from the end of the message."""
    omits("where a program removes bytes: only the size matters here")
    sk_msg_trim(sk, msg, as_int(msg.sg.size - bytes))


@kernel("net/tls/tls_sw.c")
def tls_verdict_size(sk: Ptr[sock], msg: Ptr[sk_msg], msg_en: Ptr[sk_msg], popped: u32) -> None:
    """The part of bpf_exec_tx_verdict() that runs the program and lets the ciphertext buffer follow the plaintext."""
    delta: s32 = as_int(msg.sg.size)
    program_pops(sk, msg, popped)
    delta -= as_int(msg.sg.size)
    if delta > 0:
        tls_trim_ciphertext(sk, msg_en, delta)


@kernel("net/tls/tls_sw.c")
def tls_trim_ciphertext(sk: Ptr[sock], msg_en: Ptr[sk_msg], delta: s32) -> None:
    """The ciphertext buffer gets as many bytes shorter as the plaintext did."""
    sk_msg_trim(sk, msg_en, as_int(msg_en.sg.size - delta))
