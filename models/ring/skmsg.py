"""Messages: their elements come, go and are read.

Source: net/core/skmsg.c of 7.2, with 406e8a651a7b (copy bits), 929e30f93125 (bytes in the queue are counted),
b40cc5adaa80 (bytes of the socket's own stream are counted apart), d888b7af7c14 (received bytes count against the
receive buffer) and the change that made sk_msg_memcopy_from_iter() return how many bytes it copied.

Locks are left out: one thread.
"""

from psockmc.lang import NULL, Ptr, check, kernel, s32, u32, wrapping

from models.ring.skmsg_h import (
    kfree_sk_msg,
    sk_msg_check_to_free,
    sk_msg_elem_used,
    sk_msg_full,
    sk_msg_init,
    sk_msg_iter_dist,
    sk_msg_iter_var_next,
    sk_msg_iter_var_prev,
    sk_msg_page_add,
    sk_psock_dequeue_msg,
    sk_psock_msg_len_add,
    sk_psock_next_msg,
    sk_psock_peek_msg,
)
from models.ring.sock import (
    as_int,
    as_u32,
    copy_from_iter,
    copy_page_to_iter,
    get_page,
    iov_iter_get_pages,
    iov_iter_revert,
    put_page,
    rmem_alloc_sub,
    sg_clear,
    sg_is_last,
    sg_set_page,
    sg_unmark_end,
    sk_mem_charge,
    sk_mem_uncharge,
    sk_page_frag_refill,
    sk_wmem_schedule,
)
from models.ring.types import (
    EFAULT,
    ENOMEM,
    ENOSPC,
    MAX_MSG_FRAGS,
    PAGE_SIZE,
    iov_iter,
    sk_msg,
    sk_psock,
    sock,
)

# ---------------------------------------------------------------- more elements


@kernel("net/core/skmsg.c")
def sk_msg_try_coalesce_ok(msg: Ptr[sk_msg], elem_first_coalesce: s32) -> bool:
    """Whether the last element is one of those that may grow."""
    # Callers pass `end - 1`: -1 when end is 0, which C compares as the largest u32 and so with the right outcome.
    first: u32 = as_u32(elem_first_coalesce)
    if msg.sg.end > msg.sg.start and first < msg.sg.end:
        return True
    return msg.sg.end < msg.sg.start and (first > msg.sg.start or first < msg.sg.end)


@kernel("net/core/skmsg.c")
def sk_msg_alloc_piece(sk: Ptr[sock], msg: Ptr[sk_msg], len: s32, elem_first_coalesce: s32) -> s32:
    """The body of the loop of sk_msg_alloc(): adds up to `len` bytes, as many as the page fragment has.

    Returns how many, -ENOSPC or -ENOMEM.
    """
    if not sk_page_frag_refill(sk, sk.sk_frag):
        return -ENOMEM
    orig_offset: u32 = sk.sk_frag.offset
    use: s32 = sk.sk_frag.size - orig_offset
    if len < use:
        use = len
    if not sk_wmem_schedule(sk, use):
        return -ENOMEM
    i: s32 = sk_msg_iter_var_prev(msg.sg.end)
    if (
        sk_msg_try_coalesce_ok(msg, elem_first_coalesce)
        and msg.sg.data[i].page == sk.sk_frag.page
        and msg.sg.data[i].offset + msg.sg.data[i].length == orig_offset
    ):
        msg.sg.data[i].length += use
    else:
        if sk_msg_full(msg):
            return -ENOSPC
        sg_unmark_end(msg.sg.data[msg.sg.end])
        sg_set_page(msg.sg.data[msg.sg.end], sk.sk_frag.page, use, orig_offset)
        msg.sg.copy[msg.sg.end] = False
        get_page(sk.sk_frag.page)
        msg.sg.end = sk_msg_iter_var_next(msg.sg.end)
    sk_mem_charge(sk, use)
    msg.sg.size += use
    sk.sk_frag.offset += use
    return use


@kernel("net/core/skmsg.c")
def sk_msg_alloc(sk: Ptr[sock], msg: Ptr[sk_msg], len: s32, elem_first_coalesce: s32) -> s32:
    """Makes the message `len` bytes long with pieces of the socket's page fragment.

    Returns 0; -ENOSPC when the ring is full, with the bytes that fitted; -ENOMEM, with the message as it was.
    """
    osize: u32 = msg.sg.size
    ret: s32 = 0
    # As in C: a target beyond INT_MAX has become negative and comes back here; one below the size ends up negative.
    len = as_int(wrapping(as_u32(len) - msg.sg.size))
    while len > 0 and ret >= 0:
        ret = sk_msg_alloc_piece(sk, msg, len, elem_first_coalesce)
        if ret >= 0:
            len -= ret
    if ret == -ENOMEM:
        sk_msg_trim(sk, msg, osize)
    return ret if ret < 0 else 0


@kernel("net/core/skmsg.c")
def sk_msg_clone_piece(sk: Ptr[sock], dst: Ptr[sk_msg], sgd: s32, src: Ptr[sk_msg], i: s32, off: u32, len: u32) -> s32:
    """The body of the second loop of sk_msg_clone(): up to `len` bytes of element i of `src`, from its byte `off` on.

    sgd: the last slot of `dst`, or -1 (NULL in C). Returns how many bytes, or -ENOSPC.
    """
    sge_len: u32 = src.sg.data[i].length - off
    if sge_len > len:
        sge_len = len
    if (
        sgd >= 0
        and src.sg.data[i].page == dst.sg.data[sgd].page
        and src.sg.data[i].offset + off == dst.sg.data[sgd].offset + dst.sg.data[sgd].length
    ):
        dst.sg.data[sgd].length += sge_len
        dst.sg.size += sge_len
    elif not sk_msg_full(dst):
        sk_msg_page_add(dst, src.sg.data[i].page, sge_len, src.sg.data[i].offset + off)
    else:
        return -ENOSPC
    sk_mem_charge(sk, sge_len)
    return sge_len


@kernel("net/core/skmsg.c")
def sk_msg_clone(sk: Ptr[sock], dst: Ptr[sk_msg], src: Ptr[sk_msg], off: u32, len: u32) -> s32:
    """Appends to `dst` references to `len` bytes of `src` from byte `off`.

    Returns 0, or -ENOSPC when `src` ends before or `dst` is full, with what fitted.
    """
    i: s32 = src.sg.start
    sgd: s32 = -1  # slot of dst; -1 is NULL
    while off != 0:
        if src.sg.data[i].length > off:
            break
        off -= src.sg.data[i].length
        i = sk_msg_iter_var_next(i)
        if i == src.sg.end and off != 0:
            return -ENOSPC

    while len != 0:
        if dst.sg.end != 0:
            sgd = dst.sg.end - 1
        ret: s32 = sk_msg_clone_piece(sk, dst, sgd, src, i, off, len)
        if ret < 0:
            return ret
        off = 0
        len -= ret
        i = sk_msg_iter_var_next(i)
        if i == src.sg.end and len != 0:
            return -ENOSPC
    return 0


# ---------------------------------------------------------------- fewer bytes


@kernel("net/core/skmsg.c")
def sk_msg_return_zero(sk: Ptr[sock], msg: Ptr[sk_msg], bytes: s32) -> None:
    """Gives the charge of the first `bytes` bytes back and takes them out of the elements; the caller changes size."""
    i: s32 = msg.sg.start
    while True:
        if bytes < msg.sg.data[i].length:
            msg.sg.data[i].length -= bytes
            msg.sg.data[i].offset += bytes
            sk_mem_uncharge(sk, bytes)
            break
        sk_mem_uncharge(sk, msg.sg.data[i].length)
        bytes -= msg.sg.data[i].length
        msg.sg.data[i].length = 0
        msg.sg.data[i].offset = 0
        i = sk_msg_iter_var_next(i)
        if not (bytes != 0 and i != msg.sg.end):
            break
    msg.sg.start = i


@kernel("net/core/skmsg.c")
def sk_msg_return(sk: Ptr[sock], msg: Ptr[sk_msg], bytes: s32) -> None:
    """Gives the charge of the first `bytes` bytes back; the message does not change."""
    i: s32 = msg.sg.start
    while True:
        uncharge: s32 = bytes if bytes < msg.sg.data[i].length else msg.sg.data[i].length
        sk_mem_uncharge(sk, uncharge)
        bytes -= uncharge
        i = sk_msg_iter_var_next(i)
        if i == msg.sg.end:
            break


@kernel("net/core/skmsg.c")
def sk_msg_free_elem(sk: Ptr[sock], msg: Ptr[sk_msg], i: u32, charge: bool) -> s32:
    """Frees one element: its charge and its page, unless a packet owns both. Returns its length."""
    len: u32 = msg.sg.data[i].length
    if not msg.skb:
        if charge:
            sk_mem_uncharge(sk, len)
        put_page(msg.sg.data[i].page)
    msg.sg.copy[i] = False
    sg_clear(msg.sg.data[i])
    return len


@kernel("net/core/skmsg.c")
def __sk_msg_free(sk: Ptr[sock], msg: Ptr[sk_msg], i: u32, charge: bool) -> s32:
    """Frees all elements from slot i on; the message is empty then. Returns how many bytes there were."""
    freed: s32 = 0
    while msg.sg.size != 0:
        msg.sg.size -= msg.sg.data[i].length
        freed += sk_msg_free_elem(sk, msg, i, charge)
        i = sk_msg_iter_var_next(i)
        sk_msg_check_to_free(msg, i, msg.sg.size)
    if msg.skb:
        msg.skb.consumed = True
    sk_msg_init(msg)
    return freed


@kernel("net/core/skmsg.c")
def sk_msg_free_nocharge(sk: Ptr[sock], msg: Ptr[sk_msg]) -> s32:
    """Frees everything but the charge, which was given back before."""
    return __sk_msg_free(sk, msg, msg.sg.start, False)


@kernel("net/core/skmsg.c")
def sk_msg_free(sk: Ptr[sock], msg: Ptr[sk_msg]) -> s32:
    """Frees everything."""
    return __sk_msg_free(sk, msg, msg.sg.start, True)


@kernel("net/core/skmsg.c")
def __sk_msg_free_partial(sk: Ptr[sock], msg: Ptr[sk_msg], bytes: u32, charge: bool) -> None:
    """Frees the first `bytes` bytes."""
    i: u32 = msg.sg.start
    while bytes != 0:
        if msg.sg.data[i].length == 0:
            break
        if bytes < msg.sg.data[i].length:
            if charge:
                sk_mem_uncharge(sk, bytes)
            msg.sg.data[i].length -= bytes
            msg.sg.data[i].offset += bytes
            msg.sg.size -= bytes
            break
        msg.sg.size -= msg.sg.data[i].length
        bytes -= msg.sg.data[i].length
        sk_msg_free_elem(sk, msg, i, charge)
        i = sk_msg_iter_var_next(i)
        sk_msg_check_to_free(msg, i, bytes)
    msg.sg.start = i


@kernel("net/core/skmsg.c")
def sk_msg_free_partial(sk: Ptr[sock], msg: Ptr[sk_msg], bytes: u32) -> None:
    """Frees the first `bytes` bytes and their charge."""
    __sk_msg_free_partial(sk, msg, bytes, True)


@kernel("net/core/skmsg.c")
def sk_msg_free_partial_nocharge(sk: Ptr[sock], msg: Ptr[sk_msg], bytes: u32) -> None:
    """Frees the first `bytes` bytes; their charge was given back before."""
    __sk_msg_free_partial(sk, msg, bytes, False)


@kernel("net/core/skmsg.c")
def sk_msg_trim(sk: Ptr[sock], msg: Ptr[sk_msg], len: s32) -> None:
    """Cuts the message to `len` bytes, from its end."""
    # A target beyond the size gives a negative number, as in C; it is what the test below looks for.
    trim: s32 = as_int(wrapping(msg.sg.size - as_u32(len)))
    i: u32 = msg.sg.end
    if trim <= 0:
        check(trim == 0, "warn: a message is not trimmed to more than it has")
        return
    i = sk_msg_iter_var_prev(i)
    msg.sg.size = len
    whole: bool = False  # the cut is between two elements (goto out)
    while msg.sg.data[i].length != 0 and trim >= msg.sg.data[i].length:
        trim -= msg.sg.data[i].length
        sk_msg_free_elem(sk, msg, i, True)
        i = sk_msg_iter_var_prev(i)
        if trim == 0:
            whole = True
            break
    if not whole:
        msg.sg.data[i].length -= trim
        sk_mem_uncharge(sk, trim)
        if msg.sg.curr == i and msg.sg.copybreak > msg.sg.data[i].length:
            msg.sg.copybreak = msg.sg.data[i].length
    i = sk_msg_iter_var_next(i)
    msg.sg.end = i
    if msg.sg.size == 0:
        msg.sg.curr = msg.sg.start
        msg.sg.copybreak = 0
    elif sk_msg_iter_dist(msg.sg.start, msg.sg.curr) >= sk_msg_iter_dist(msg.sg.start, msg.sg.end):
        i = sk_msg_iter_var_prev(i)
        msg.sg.curr = i
        msg.sg.copybreak = msg.sg.data[i].length


# ---------------------------------------------------------------- bytes from the user


@kernel("net/core/skmsg.c")
def sk_msg_zerocopy_from_iter(sk: Ptr[sock], frm: Ptr[iov_iter], msg: Ptr[sk_msg], bytes: u32) -> s32:
    """Appends `bytes` bytes of the user as they are: their pages become elements.

    Returns 0, or -EFAULT when there are no pages or no slots; then the iterator is where it was and the caller trims.
    """
    ret: s32 = 0
    num_elems: s32 = sk_msg_elem_used(msg)
    orig: u32 = msg.sg.size
    while bytes > 0:
        i: s32 = 0
        maxpages: s32 = MAX_MSG_FRAGS - num_elems
        if maxpages == 0:
            ret = -EFAULT
            break
        offset: u32 = frm.offset
        page: u32 = frm.page
        copied: s32 = iov_iter_get_pages(frm, bytes, maxpages)
        if copied <= 0:
            ret = -EFAULT
            break
        bytes -= copied
        msg.sg.size += copied
        while copied != 0:
            use: s32 = PAGE_SIZE - offset
            if copied < use:
                use = copied
            sg_set_page(msg.sg.data[msg.sg.end], page + i, use, offset)
            sg_unmark_end(msg.sg.data[msg.sg.end])
            sk_mem_charge(sk, use)
            offset = 0
            copied -= use
            msg.sg.end = sk_msg_iter_var_next(msg.sg.end)
            num_elems += 1
            i += 1
        msg.sg.copybreak = 0
        msg.sg.curr = msg.sg.end
    if ret != 0:
        iov_iter_revert(frm, msg.sg.size - orig)
    return ret


@kernel("net/core/skmsg.c")
def sk_msg_memcopy_from_iter(sk: Ptr[sock], frm: Ptr[iov_iter], msg: Ptr[sk_msg], bytes: u32) -> s32:
    """Fills space that was allocated before, from (curr, copybreak) on, with `bytes` bytes of the user.

    Returns how many bytes were copied, -ENOSPC when there was no space, -EFAULT when the user's memory faults.
    """
    ret: s32 = -ENOSPC
    i: s32 = msg.sg.curr
    total: u32 = 0
    while True:
        # This is possible when a trim has shortened the element.
        if msg.sg.copybreak >= msg.sg.data[i].length:
            msg.sg.copybreak = 0
            i = sk_msg_iter_var_next(i)
            if i == msg.sg.end:
                break
        buf_size: u32 = msg.sg.data[i].length - msg.sg.copybreak
        copy: u32 = bytes if buf_size > bytes else buf_size
        to: u32 = msg.sg.data[i].offset + msg.sg.copybreak
        msg.sg.copybreak += copy
        ret = copy_from_iter(msg.sg.data[i].page, to, copy, frm)
        if ret != copy:
            ret = -EFAULT
            break
        bytes -= copy
        total += copy
        if bytes == 0:
            break
        msg.sg.copybreak = 0
        i = sk_msg_iter_var_next(i)
        if i == msg.sg.end:
            break
    msg.sg.curr = i
    if ret < 0:
        return ret
    return total


# ---------------------------------------------------------------- bytes to the user


@kernel("net/core/skmsg.c")
def sk_msg_rx_more(msg_rx: Ptr[sk_msg], i: s32, sge: s32) -> bool:
    """The loop condition of __sk_msg_recvmsg(): whether the walk goes on at i, behind element sge.

    A message that redirect has made ends at its end index; one of a packet at its end mark.
    """
    return i != msg_rx.sg.end and not sg_is_last(msg_rx.sg.data[sge])


@kernel("net/core/skmsg.c")
def __sk_msg_recvmsg(sk: Ptr[sock], psock: Ptr[sk_psock], iter: Ptr[iov_iter], len: s32, peek: bool) -> s32:
    """Hands up to `len` bytes of the queue to the user, and takes them out of the messages unless `peek` is set.

    Returns how many, or -EFAULT when there was none to be had although there is a message. How many of them are of
    the socket's own stream is in psock.copied_from_self.
    """
    copied: s32 = 0
    psock.copied_from_self = 0
    msg_rx = sk_psock_peek_msg(psock)
    while copied != len and msg_rx != NULL:
        i: s32 = msg_rx.sg.start
        last: s32 = i
        from_self: bool = msg_rx.sk == sk
        while True:
            last = i
            copy: s32 = msg_rx.sg.data[i].length
            page: u32 = msg_rx.sg.data[i].page
            if copied + copy > len:
                copy = len - copied
            if copy != 0:
                copy = copy_page_to_iter(page, msg_rx.sg.data[i].offset, copy, iter)
            if copy == 0:
                return copied if copied != 0 else -EFAULT
            copied += copy
            if from_self:
                psock.copied_from_self += copy
            if not peek:
                msg_rx.sg.data[i].offset += copy
                msg_rx.sg.data[i].length -= copy
                if not msg_rx.skb:
                    sk_mem_uncharge(sk, copy)
                    rmem_alloc_sub(sk, copy)
                msg_rx.sg.size -= copy
                sk_psock_msg_len_add(psock, -copy)
                if msg_rx.sg.data[i].length == 0:
                    i = sk_msg_iter_var_next(i)
                    if not msg_rx.skb:
                        put_page(page)
            else:
                if copy != msg_rx.sg.data[i].length:
                    return copied
                i = sk_msg_iter_var_next(i)
            if copied == len:
                break
            if not sk_msg_rx_more(msg_rx, i, last):
                break
        if peek:
            msg_rx = sk_psock_next_msg(psock, msg_rx)
        else:
            msg_rx.sg.start = i
            if msg_rx.sg.data[last].length == 0 and not sk_msg_rx_more(msg_rx, i, last):
                msg_rx = sk_psock_dequeue_msg(psock)
                kfree_sk_msg(msg_rx)
            msg_rx = sk_psock_peek_msg(psock)
    return copied
