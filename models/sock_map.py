"""The array map of sockets.

Source: net/core/sock_map.c, 7.2-rc (incapdns/selinux-kernel b6265f6363c3). Read again beside 7.1.5 (danayer/linux-7.1.5
9d1745cf8134), which differs in what may enter: it lets UDP sockets in without a port; and beside 6.1.192, which has
that test.

A slot of the map owns one psock reference: whoever takes the socket out of the slot puts it. The kernel tells the
entries of all maps apart by the address of the slot or element, which is link_raw. Here an entry is the map and the
number of the slot (and no element), or the element of a hash map (and no map): see models/sock_hash.py.
"""

from psockmc.kernel.rcu import synchronize_rcu
from psockmc.kernel.refcount import refcount_inc_not_zero
from psockmc.kernel.rwlock import write_lock_bh, write_unlock_bh
from psockmc.kernel.socklock import bh_lock_sock, bh_unlock_sock, lock_sock
from psockmc.kernel.spinlock import spin_lock_bh, spin_unlock_bh, spinlock_t
from psockmc.lang import (
    GFP_ATOMIC,
    NULL,
    READ_ONCE,
    Array,
    Ghost,
    Int,
    Ptr,
    Struct,
    check,
    kernel,
    kfree,
    kzalloc,
    list_add_tail,
    list_del,
    local_bh_disable,
    local_bh_enable,
    rcu_read_lock,
    rcu_read_unlock,
    xchg,
)

from models.skbuff import sk_buff, skb_bpf_set_redir
from models.skmsg import (
    psock_progs_drop,
    sk_msg,
    sk_psock,
    sk_psock_free_link,
    sk_psock_init,
    sk_psock_link,
    sk_psock_link_pop,
    sk_psock_progs,
    sk_psock_put,
)
from models.skmsg_strp import strp_config
from models.skmsg_verdict import (
    SK_DROP,
    SK_PASS,
    bpf_prog,
    bpf_prog_inc_not_zero,
    bpf_prog_put,
    sk_action,
    sk_psock_start_verdict,
    sk_psock_stop_verdict,
)
from models.sock import (
    EBADF,
    EBUSY,
    EEXIST,
    EINVAL,
    ENOENT,
    ENOMEM,
    EOPNOTSUPP,
    SOCK_STREAM,
    TCP_ESTABLISHED,
    TCP_LISTEN,
    file,
    fput,
    int_t,
    release_sock_and_backlog,
    sk_hashed,
    sk_is_refcounted,
    sk_is_stream_unix,
    sk_is_tcp,
    sk_is_udp,
    sk_is_vsock,
    sock,
    sock_hold,
    sock_put,
    sockfd_lookup,
)
from models.sock_hash import bpf_shtab_elem, sock_hash_delete_from_link
from models.sock_map_proto import sock_map_close

BPF_ANY = 0
BPF_NOEXIST = 1
BPF_EXIST = 2
MAX_ENTRIES = 2

slot_t = Int[0, 1]
flags_t = Int[0, 2]


class bpf_stab(Struct, name="map"):
    """An array map.

    For properties: replaced: an update that wanted an empty slot has replaced a socket.
    """

    sks: Array[Ptr[sock], 2]
    progs: sk_psock_progs
    lock: spinlock_t
    replaced: Ghost[bool]


# ---------------------------------------------------------------- links between psocks and slots


@kernel("net/core/sock_map.c")
def sock_map_add_link(psock: Ptr[sk_psock], link: Ptr[sk_psock_link]) -> None:
    """Note in the psock that the link's entry refers to it; the caller holds the map's lock.

    The kernel names the entry in the link here, too. Nobody sees the link before, so it is done when it is allocated.
    """
    spin_lock_bh(psock.link_lock)
    list_add_tail(link, psock.link)
    spin_unlock_bh(psock.link_lock)


@kernel("net/core/sock_map.c")
def sock_map_strp_to_stop(psock: Ptr[sk_psock], progs: sk_psock_progs) -> bool:
    """Whether the parser of a map may be the one that runs on the psock; the caller holds link_lock only. This and
    the next function are a part of sock_map_del_link().
    """
    return psock.saved_data_ready != NULL and progs.stream_parser != NULL


@kernel("net/core/sock_map.c")
def sock_map_verdict_to_stop(psock: Ptr[sk_psock], progs: sk_psock_progs) -> bool:
    """The same of the map's verdict."""
    verdict_stop = False
    if psock.saved_data_ready and progs.stream_verdict:
        verdict_stop = True
    if psock.saved_data_ready and progs.skb_verdict:
        verdict_stop = True
    return verdict_stop


@kernel("net/core/sock_map.c")
def sock_map_del_link(
    sk: Ptr[sock], psock: Ptr[sk_psock], map: Ptr[bpf_stab], link_raw: slot_t, elem: Ptr[bpf_shtab_elem]
) -> None:
    """Forget the entry, and stop what its map's programs may run.

    What to stop is decided under link_lock, by what the map has now, and done under sk_callback_lock: two sections.
    """
    strp_stop = False
    verdict_stop = False
    spin_lock_bh(psock.link_lock)
    for link in psock.link:
        if link.map == map and link.link_raw == link_raw and link.elem == elem:
            if elem:
                strp_stop = sock_map_strp_to_stop(psock, link.htab.progs)
                verdict_stop = sock_map_verdict_to_stop(psock, link.htab.progs)
            else:
                strp_stop = sock_map_strp_to_stop(psock, link.map.progs)
                verdict_stop = sock_map_verdict_to_stop(psock, link.map.progs)
            list_del(link, psock.link)
            sk_psock_free_link(link)
            break
    spin_unlock_bh(psock.link_lock)
    if strp_stop or verdict_stop:
        write_lock_bh(sk.sk_callback_lock)
        if strp_stop:
            strp_config.sk_psock_stop_strp(sk, psock)
        if verdict_stop:
            sk_psock_stop_verdict(sk, psock)
        if psock.psock_update_sk_prot:
            psock.psock_update_sk_prot(sk, psock, False)
        write_unlock_bh(sk.sk_callback_lock)


@kernel("net/core/sock_map.c")
def sock_map_unref(sk: Ptr[sock], map: Ptr[bpf_stab], link_raw: slot_t, elem: Ptr[bpf_shtab_elem]) -> None:
    """Give back the reference of an entry that the caller has just removed.

    The socket's psock is looked up anew; the reference itself keeps it from being another one than the entry's.
    """
    psock = sk_psock(sk)
    if psock:
        sk.taken -= 1
        psock.entries -= 1
        psock.temps += 1
        sock_map_del_link(sk, psock, map, link_raw, elem)
        sk_psock_put(sk, psock)


# ---------------------------------------------------------------- attach


@kernel("net/core/sock_map.c")
def sock_map_init_proto(sk: Ptr[sock], psock: Ptr[sk_psock]) -> int_t:
    """Put the table of protocol functions in that fits the psock's programs. Not under sk_callback_lock."""
    if not sk.sk_prot.psock_update_sk_prot:
        return -EINVAL
    psock.psock_update_sk_prot = sk.sk_prot.psock_update_sk_prot
    return sk.sk_prot.psock_update_sk_prot(sk, psock, False)


@kernel("net/core/sock_map.c")
def sock_map_psock_busy(sk: Ptr[sock], psock: Ptr[sk_psock]) -> bool:
    """The tests of sock_map_psock_get_checked() on a psock that exists: False when the caller now has a reference."""
    if sk.sk_prot.close != sock_map_close:
        return True
    if not refcount_inc_not_zero(psock.refcnt):
        return True
    psock.temps += 1
    return False


@kernel("net/core/sock_map.c")
def sock_map_put_progs(
    stream_verdict: Ptr[bpf_prog], stream_parser: Ptr[bpf_prog], msg_parser: Ptr[bpf_prog], skb_verdict: Ptr[bpf_prog]
) -> None:
    """Undo what sock_map_link() took of the map's programs."""
    bpf_prog_put(skb_verdict)
    bpf_prog_put(msg_parser)
    bpf_prog_put(stream_parser)
    bpf_prog_put(stream_verdict)


@kernel("net/core/sock_map.c")
def sock_map_link(progs: sk_psock_progs, sk: Ptr[sock]) -> int_t:
    """Attach a psock with the programs of a map, or add them to the one there is; a reference for the map's new entry.

    progs: sock_map_progs(map). sock_map_psock_get_checked() is in here, as it returns a pointer or an error.
    """
    stream_verdict = READ_ONCE(progs.stream_verdict)
    if stream_verdict and not bpf_prog_inc_not_zero(stream_verdict):
        return -ENOENT
    stream_parser = READ_ONCE(progs.stream_parser)
    if stream_parser and not bpf_prog_inc_not_zero(stream_parser):
        bpf_prog_put(stream_verdict)
        return -ENOENT
    msg_parser = READ_ONCE(progs.msg_parser)
    if msg_parser and not bpf_prog_inc_not_zero(msg_parser):
        sock_map_put_progs(stream_verdict, stream_parser, NULL, NULL)
        return -ENOENT
    skb_verdict = READ_ONCE(progs.skb_verdict)
    if skb_verdict and not bpf_prog_inc_not_zero(skb_verdict):
        sock_map_put_progs(stream_verdict, stream_parser, msg_parser, NULL)
        return -ENOENT
    rcu_read_lock()
    psock = sk_psock(sk)
    if psock:
        busy = sock_map_psock_busy(sk, psock)
        rcu_read_unlock()
        if busy:
            sock_map_put_progs(stream_verdict, stream_parser, msg_parser, skb_verdict)
            return -EBUSY
        if (
            (msg_parser and READ_ONCE(psock.progs.msg_parser))
            or (stream_parser and READ_ONCE(psock.progs.stream_parser))
            or (skb_verdict and READ_ONCE(psock.progs.skb_verdict))
            or (skb_verdict and READ_ONCE(psock.progs.stream_verdict))
            or (stream_verdict and READ_ONCE(psock.progs.skb_verdict))
            or (stream_verdict and READ_ONCE(psock.progs.stream_verdict))
        ):
            sk_psock_put(sk, psock)
            sock_map_put_progs(stream_verdict, stream_parser, msg_parser, skb_verdict)
            return -EBUSY
    else:
        rcu_read_unlock()
        psock = sk_psock_init(sk)
        if not psock:
            sock_map_put_progs(stream_verdict, stream_parser, msg_parser, skb_verdict)
            return -EBUSY
    if msg_parser:
        bpf_prog_put(xchg(psock.progs.msg_parser, msg_parser))
    if stream_parser:
        bpf_prog_put(xchg(psock.progs.stream_parser, stream_parser))
    if stream_verdict:
        bpf_prog_put(xchg(psock.progs.stream_verdict, stream_verdict))
    if skb_verdict:
        bpf_prog_put(xchg(psock.progs.skb_verdict, skb_verdict))
    ret = sock_map_init_proto(sk, psock)
    if ret < 0:
        sk_psock_put(sk, psock)
        return ret
    write_lock_bh(sk.sk_callback_lock)
    if stream_parser and stream_verdict and not psock.saved_data_ready:
        if not sk_is_tcp(sk):
            write_unlock_bh(sk.sk_callback_lock)
            sk_psock_put(sk, psock)
            return -EOPNOTSUPP
        strp_config.sk_psock_init_strp(sk, psock)
        strp_config.sk_psock_start_strp(sk, psock)
    elif not stream_parser and stream_verdict and not psock.saved_data_ready:
        sk_psock_start_verdict(sk, psock)
    elif not stream_verdict and skb_verdict and not psock.saved_data_ready:
        sk_psock_start_verdict(sk, psock)
    write_unlock_bh(sk.sk_callback_lock)
    return 0


@kernel("net/core/sock_map.c")
def sock_map_update_common(map: Ptr[bpf_stab], idx: slot_t, sk: Ptr[sock], flags: flags_t) -> int_t:
    """Put the socket into a slot; the caller holds the socket (by lock_sock() or slock) and an RCU section."""
    link = kzalloc(sk_psock_link, GFP_ATOMIC)
    if not link:
        return -ENOMEM
    link.map = map
    link.link_raw = idx
    ret = sock_map_link(map.progs, sk)
    if ret < 0:
        sk_psock_free_link(link)
        return ret
    psock = sk_psock(sk)
    check(psock != NULL, "WARN_ON_ONCE(!psock) in sock_map_update_common()")
    spin_lock_bh(map.lock)
    osk = map.sks[idx]
    if osk and flags == BPF_NOEXIST:
        ret = -EEXIST
    elif not osk and flags == BPF_EXIST:
        ret = -ENOENT
    else:
        sock_map_add_link(psock, link)
        map.sks[idx] = sk
        map.replaced = map.replaced or (osk != NULL and flags == BPF_NOEXIST)
        sk.entered_closed = sk.entered_closed or sk.closed
        psock.entries += 1
        psock.temps -= 1
        if osk:
            osk.taken += 1
            sock_map_unref(osk, map, idx, NULL)
        ret = 0
    spin_unlock_bh(map.lock)
    if ret:
        if psock:
            sk_psock_put(sk, psock)
        sk_psock_free_link(link)
    return ret


@kernel("net/core/sock_map.c")
def sock_map_redirect_allowed(sk: Ptr[sock]) -> bool:
    """What a program may redirect to."""
    if sk_is_tcp(sk):
        return sk.sk_state != TCP_LISTEN
    return READ_ONCE(sk.sk_state) == TCP_ESTABLISHED


@kernel("net/core/sock_map.c")
def sock_map_sk_state_allowed(sk: Ptr[sock]) -> bool:
    """Whether a socket may be put into a map: connections, listening TCP sockets, UDP sockets with a port, and every
    AF_UNIX datagram socket.
    """
    if sk_is_tcp(sk):
        state = sk.sk_state
        return state == TCP_ESTABLISHED or state == TCP_LISTEN
    if sk_is_udp(sk):
        return sk_hashed(sk)
    if sk_is_stream_unix(sk):
        return READ_ONCE(sk.sk_state) == TCP_ESTABLISHED
    if sk_is_vsock(sk) and sk.sk_type == SOCK_STREAM:
        return sk.sk_state == TCP_ESTABLISHED
    return True


@kernel("net/core/sock_map.c")
def sock_map_update_elem_sys(map: Ptr[bpf_stab], idx: slot_t, fd: Ptr[file], flags: flags_t) -> int_t:
    """Update from a system call, by file descriptor."""
    sock = sockfd_lookup(fd)
    if not sock:
        return -EBADF
    sk = sock.sk
    ret: int_t = -EINVAL
    if sk:
        if not sk.sk_prot.psock_update_sk_prot:
            ret = -EOPNOTSUPP
        else:
            lock_sock(sk.sk_lock)
            rcu_read_lock()
            if not sock_map_sk_state_allowed(sk):
                ret = -EOPNOTSUPP
            else:
                ret = sock_map_update_common(map, idx, sk, flags)
            rcu_read_unlock()
            release_sock_and_backlog(sk)
    fput(fd)
    return ret


@kernel("net/core/sock_map.c")
def sock_map_update_elem(map: Ptr[bpf_stab], idx: slot_t, sk: Ptr[sock], flags: flags_t) -> int_t:
    """Update from a BPF program that has a socket: takes slock, and does not ask whether a process owns the socket."""
    ret: int_t = -EOPNOTSUPP
    if not sk.sk_prot.psock_update_sk_prot:
        return ret
    local_bh_disable()
    bh_lock_sock(sk.sk_lock)
    if sock_map_sk_state_allowed(sk):
        ret = sock_map_update_common(map, idx, sk, flags)
    bh_unlock_sock(sk.sk_lock)
    local_bh_enable()
    return ret


# ---------------------------------------------------------------- lookup and redirect by programs


@kernel("net/core/sock_map.c")
def __sock_map_lookup_elem(map: Ptr[bpf_stab], key: slot_t) -> Ptr[sock]:
    """The socket in a slot, without a reference: RCU keeps it."""
    return READ_ONCE(map.sks[key])


@kernel("net/core/sock_map.c")
def sock_map_lookup(map: Ptr[bpf_stab], key: slot_t) -> Ptr[sock]:
    """bpf_map_lookup_elem() of a program: with a reference, unless RCU keeps the socket anyway."""
    sk = __sock_map_lookup_elem(map, key)
    if not sk:
        return NULL
    if sk_is_refcounted(sk):
        if not refcount_inc_not_zero(sk.sk_refcnt):
            return NULL
    return sk


@kernel("net/core/filter.c")
def bpf_sk_release(sk: Ptr[sock]) -> None:
    """What a program must do with a socket that it has looked up. Asks again whether a reference was taken."""
    if sk_is_refcounted(sk):
        sock_put(sk)


@kernel("net/core/sock_map.c")
def bpf_sk_redirect_map(skb: Ptr[sk_buff], map: Ptr[bpf_stab], key: slot_t, ingress: bool) -> sk_action:
    """What a program calls to choose the target of an skb."""
    sk = __sock_map_lookup_elem(map, key)
    if not sk or not sock_map_redirect_allowed(sk):
        return SK_DROP
    if ingress and sk_is_vsock(sk):
        return SK_DROP
    skb_bpf_set_redir(skb, sk, ingress)
    return SK_PASS


@kernel("net/core/sock_map.c")
def bpf_msg_redirect_map(msg: Ptr[sk_msg], map: Ptr[bpf_stab], key: slot_t, ingress: bool) -> sk_action:
    """What a program calls to choose the target of a message. The message keeps the pointer, without a reference."""
    sk = __sock_map_lookup_elem(map, key)
    if not sk or not sock_map_redirect_allowed(sk):
        return SK_DROP
    if not ingress and not sk_is_tcp(sk):
        return SK_DROP
    if sk_is_vsock(sk):
        return SK_DROP
    msg.ingress = ingress
    msg.sk_redir = sk
    msg.named = True
    return SK_PASS


# ---------------------------------------------------------------- delete


@kernel("net/core/sock_map.c")
def __sock_map_delete(stab: Ptr[bpf_stab], sk_test: Ptr[sock], psk: slot_t) -> int_t:
    """Empty a slot, if it holds sk_test (any socket with NULL), and put its reference."""
    sk: Ptr[sock] = NULL
    err: int_t = 0
    spin_lock_bh(stab.lock)
    if not sk_test or sk_test == stab.sks[psk]:
        sk = xchg(stab.sks[psk], NULL)
    if sk:
        sk.taken += 1
        sock_map_unref(sk, stab, psk, NULL)
    else:
        err = -EINVAL
    spin_unlock_bh(stab.lock)
    return err


@kernel("net/core/sock_map.c")
def sock_map_delete_elem(map: Ptr[bpf_stab], key: slot_t) -> int_t:
    """Delete by key, from a system call or a program."""
    return __sock_map_delete(map, NULL, key)


@kernel("net/core/sock_map.c")
def sock_map_unlink(sk: Ptr[sock], link: Ptr[sk_psock_link]) -> None:
    """Remove the entry of a link that was taken off its psock; who removed it before has put its reference, too."""
    if link.elem:
        sock_hash_delete_from_link(link.htab, sk, link.elem)
    else:
        __sock_map_delete(link.map, sk, link.link_raw)


@kernel("net/core/sock_map.c")
def sock_map_remove_links(sk: Ptr[sock], psock: Ptr[sk_psock]) -> None:
    """Take the socket out of all maps; the caller is in an RCU section, which keeps the maps."""
    link = sk_psock_link_pop(psock)
    while link:
        sock_map_unlink(sk, link)
        sk_psock_free_link(link)
        link = sk_psock_link_pop(psock)


# ---------------------------------------------------------------- the map's end


@kernel("net/core/sock_map.c")
def sock_map_release_progs(map: Ptr[bpf_stab]) -> None:
    """The last file descriptor of the map is closed."""
    psock_progs_drop(map.progs)


@kernel("net/core/sock_map.c")
def sock_map_free(stab: Ptr[bpf_stab]) -> None:
    """The last reference on the map is gone; runs in a kworker."""
    synchronize_rcu()
    for i in range(MAX_ENTRIES):
        sk = xchg(stab.sks[i], NULL)
        if sk:
            sk.taken += 1
            sock_hold(sk)
            lock_sock(sk.sk_lock)
            rcu_read_lock()
            sock_map_unref(sk, stab, i, NULL)
            rcu_read_unlock()
            release_sock_and_backlog(sk)
            sock_put(sk)
    synchronize_rcu()
    kfree(stab)
