"""Programs of a map: attached, detached and held by bpf_links, while sockets come and go.

Source: net/core/sock_map.c, 7.2-rc (incapdns/selinux-kernel b6265f6363c3); kernel/bpf/syscall.c, v6.19; both 7.1.5.

All this happens under sockmap_mutex, which sockets do not take: sock_map_link() reads the map's programs without it
and takes references of its own. Sockets that are in the map keep the programs that they came with.

One kind of program is modelled, stream_verdict; a map with a skb_verdict refuses it.
"""

from psockmc.kernel.mutex import mutex, mutex_lock, mutex_unlock
from psockmc.lang import (
    GFP_KERNEL,
    NULL,
    Ptr,
    Struct,
    check,
    cmpxchg,
    cover,
    data_race,
    instance,
    kernel,
    kfree,
    kzalloc,
    omits,
    rcu_read_lock,
    rcu_read_unlock,
    xchg,
)

from models.skmsg_verdict import bpf_prog, bpf_prog_inc_not_zero, bpf_prog_put
from models.sock import EBUSY, ENOENT, ENOLINK, EPERM, int_t
from models.sock_map import bpf_stab


class sockmap_mutex_t(Struct, name="sockmap_mutex"):
    """The one mutex of all maps' programs."""

    lock: mutex


sockmap_mutex = instance(sockmap_mutex_t)


class sockmap_link(Struct, name="bpf_link"):
    """A bpf_link: keeps a program attached to a map as long as it exists. map: NULL once it was detached."""

    prog: Ptr[bpf_prog]
    map: Ptr[bpf_stab]


@kernel("net/core/sock_map.c")
def sock_map_prog_update(map: Ptr[bpf_stab], prog: Ptr[bpf_prog], old: Ptr[bpf_prog], link: Ptr[sockmap_link]) -> int_t:
    """Attach prog, or detach old; with a link for the link. Takes over the caller's reference on prog."""
    omits("sock_map_prog_attach_check() refuses parsers that may change packets; no parser is attached here")
    if map.progs.skb_verdict:
        return -EBUSY
    if (not link or prog) and map.progs.stream_verdict_link:
        return -EBUSY
    if old:
        if cmpxchg(map.progs.stream_verdict, old, prog) != old:
            return -ENOENT
        bpf_prog_put(old)
        map.progs.stream_verdict_link = NULL
    else:
        bpf_prog_put(xchg(map.progs.stream_verdict, prog))
        if link:
            map.progs.stream_verdict_link = link
    return 0


@kernel("net/core/sock_map.c")
def sock_map_get_from_fd(map: Ptr[bpf_stab], prog: Ptr[bpf_prog]) -> int_t:
    """Attach a program; on success the caller's reference is the map's."""
    mutex_lock(sockmap_mutex.lock)
    ret = sock_map_prog_update(map, prog, NULL, NULL)
    mutex_unlock(sockmap_mutex.lock)
    return ret


@kernel("net/core/sock_map.c")
def sock_map_prog_detach(map: Ptr[bpf_stab], prog: Ptr[bpf_prog]) -> int_t:
    """Detach that program, on which the caller has a reference."""
    mutex_lock(sockmap_mutex.lock)
    ret = sock_map_prog_update(map, NULL, prog, NULL)
    mutex_unlock(sockmap_mutex.lock)
    return ret


@kernel("net/core/sock_map.c")
def sock_map_link_create(map: Ptr[bpf_stab], prog: Ptr[bpf_prog]) -> Ptr[sockmap_link]:
    """A link that attaches the program; it takes over the caller's reference, and the map gets one of its own."""
    omits("the link's reference on its map; maps outlive the links of every scenario")
    link = kzalloc(sockmap_link, GFP_KERNEL)
    if not link:
        return NULL
    link.prog = prog
    link.map = map
    mutex_lock(sockmap_mutex.lock)
    ret = sock_map_prog_update(map, prog, NULL, link)
    mutex_unlock(sockmap_mutex.lock)
    if ret:
        kfree(link)
        return NULL
    taken = bpf_prog_inc_not_zero(prog)
    check(taken, "bpf_prog_inc() of a program without references")
    return link


@kernel("net/core/sock_map.c")
def sock_map_link_release(link: Ptr[sockmap_link]) -> None:
    """The link goes, or is detached by force: detach its program, if that was not done before."""
    mutex_lock(sockmap_mutex.lock)
    if link.map:
        ret = sock_map_prog_update(link.map, NULL, link.prog, link)
        check(ret == 0, "WARN_ON_ONCE(sock_map_prog_update()) in sock_map_link_release()")
        link.map = NULL
    mutex_unlock(sockmap_mutex.lock)


@kernel("kernel/bpf/syscall.c")
def bpf_link_free(link: Ptr[sockmap_link]) -> None:
    """The last reference on the link is gone."""
    sock_map_link_release(link)
    bpf_prog_put(link.prog)
    kfree(link)


@kernel("net/core/sock_map.c")
def sock_map_link_exchange(link: Ptr[sockmap_link], prog: Ptr[bpf_prog], old: Ptr[bpf_prog]) -> int_t:
    """The second half of sock_map_link_update_prog(): the program goes into the map, then into the link.

    The map gets the caller's reference, and the link one of its own. The caller holds sockmap_mutex.
    """
    if old:
        if cmpxchg(link.map.progs.stream_verdict, old, prog) != old:
            return -ENOENT
        bpf_prog_put(old)
    else:
        bpf_prog_put(xchg(link.map.progs.stream_verdict, prog))
    taken = bpf_prog_inc_not_zero(prog)
    check(taken, "bpf_prog_inc() of a program without references")
    bpf_prog_put(xchg(link.prog, prog))
    return 0


@kernel("net/core/sock_map.c")
def sock_map_link_update_prog(link: Ptr[sockmap_link], prog: Ptr[bpf_prog], old: Ptr[bpf_prog]) -> int_t:
    """Another program for a link; on success the caller's reference on it is the map's.

    old: the program that the link must have (BPF_F_REPLACE), or NULL.
    """
    omits("programs of another kind than the link's")
    mutex_lock(sockmap_mutex.lock)
    if old and link.prog != old:
        ret = -EPERM
    elif not link.map:
        ret = -ENOLINK
    elif link.map.progs.skb_verdict or link.map.progs.stream_verdict_link != link:
        ret = -EBUSY
    else:
        ret = sock_map_link_exchange(link, prog, old)
    mutex_unlock(sockmap_mutex.lock)
    return ret


@kernel("net/core/sock_map.c")
def sock_map_bpf_prog_query(map: Ptr[bpf_stab]) -> bool:
    """The ID of the map's program, for user space (here True); 0 (False) without a program.

    Takes neither sockmap_mutex nor a reference: RCU keeps the program while its ID is read.
    """
    omits("a program whose last reference was put has the ID 0, and user space is told that there is none")
    omits("a query that asks only whether there is a program, and does not look at it")
    id = False
    rcu_read_lock()
    if not map.progs.skb_verdict:
        prog = map.progs.stream_verdict
        if prog:
            id = data_race(prog.id)
            cover("a query finds a program")
    rcu_read_unlock()
    return id


@kernel("kernel/bpf/syscall.c")
def bpf_link_get_info_by_fd(link: Ptr[sockmap_link]) -> bool:
    """What user space is told of a link, whose descriptor keeps it: the ID of its program (here True).

    Nothing keeps the program: no lock, no reference, no RCU section. bpf_link_show_fdinfo() does no more.
    """
    omits("sock_map_link_fill_info() looks at the link's map under sockmap_mutex")
    id = False
    if link.prog:
        id = link.prog.id
    return id
