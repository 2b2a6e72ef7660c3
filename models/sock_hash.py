"""The hash map of sockets.

Source: net/core/sock_map.c, 7.2-rc (incapdns/selinux-kernel b6265f6363c3) and 7.1.5; include/linux/rculist.h for the
chain.

An element of the map owns one psock reference: whoever takes the element off its chain under the bucket's lock puts
it. Programs walk the chain under RCU alone, so an element is freed a grace period after it was taken off. There is
one bucket, so all keys share a chain; the key is its own hash.

What is the same for both kinds of map is in models/sock_map.py.
"""

from psockmc.kernel.rcu import call_rcu, rcu_head, synchronize_rcu
from psockmc.kernel.refcount import refcount_inc_not_zero
from psockmc.kernel.socklock import bh_lock_sock, bh_unlock_sock, lock_sock
from psockmc.kernel.spinlock import spin_lock_bh, spin_unlock_bh, spinlock_t
from psockmc.lang import (
    GFP_ATOMIC,
    NULL,
    WRITE_ONCE,
    Const,
    Ghost,
    Int,
    Ptr,
    Struct,
    atomic,
    atomic_sub,
    check,
    container_of,
    kernel,
    kfree,
    kzalloc,
    local_bh_disable,
    local_bh_enable,
    omits,
    rcu_assign_pointer,
    rcu_dereference,
    rcu_read_lock,
    rcu_read_unlock,
)

from models.skbuff import sk_buff, skb_bpf_set_redir
from models.skmsg import (
    psock_progs_drop,
    sk_psock,
    sk_psock_free_link,
    sk_psock_link,
    sk_psock_progs,
    sk_psock_put,
)
from models.skmsg_verdict import SK_DROP, SK_PASS, sk_action
from models.sock import (
    EBADF,
    EEXIST,
    EINVAL,
    ENOENT,
    ENOMEM,
    EOPNOTSUPP,
    file,
    fput,
    int_t,
    release_sock_and_backlog,
    sk_is_refcounted,
    sk_is_vsock,
    sock,
    sock_hold,
    sock_put,
    sockfd_lookup,
)
from models.sock_map import (
    BPF_EXIST,
    BPF_NOEXIST,
    flags_t,
    sock_map_add_link,
    sock_map_link,
    sock_map_redirect_allowed,
    sock_map_sk_state_allowed,
    sock_map_unref,
)

key_t = Int[0, 1]
count_t = Int[0, 3]


class bpf_shtab_elem(Struct, name="elem"):
    """An element of the hash map. All but its place in the chain is set before it is on it, and never changed.

    next: node.next. prev: node.pprev, as the element whose `next` names this one; NULL when the head of the chain
    does.

    For properties: hashed: it is about to be put on its bucket's chain, is on it, or is on the list of those that the
    free of the map has taken off together. unhashed: it has been taken off, and pprev is LIST_POISON2.
    """

    rcu: rcu_head
    sk: Const[Ptr[sock]]
    key: Const[key_t]
    next: Ptr[bpf_shtab_elem]
    prev: Ptr[bpf_shtab_elem]
    hashed: Ghost[bool]
    unhashed: Ghost[bool]


class bpf_shtab_bucket(Struct):
    """A chain of elements. lock: of those who change it."""

    first: Ptr[bpf_shtab_elem]
    lock: spinlock_t


class bpf_shtab(Struct, name="htab"):
    """A hash map. count: the number of elements, those included that are about to be freed."""

    bucket: bpf_shtab_bucket
    progs: sk_psock_progs
    max_entries: Const[count_t]
    count: count_t


# ---------------------------------------------------------------- the chain


@kernel("include/linux/rculist.h")
def hlist_add_head_rcu(n: Ptr[bpf_shtab_elem], h: bpf_shtab_bucket) -> None:
    """Put an element to the front, for all who walk from now on; the caller holds the bucket's lock."""
    first = h.first
    n.next = first
    WRITE_ONCE(n.prev, NULL)
    rcu_assign_pointer(h.first, n)
    if first:
        WRITE_ONCE(first.prev, n)


@kernel("include/linux/list.h")
def __hlist_del(n: Ptr[bpf_shtab_elem], h: bpf_shtab_bucket) -> None:
    """Take an element off: two stores into its neighbours."""
    check(not n.unhashed, "__hlist_del() writes through LIST_POISON2: the element was taken off before")
    next = n.next
    prev = n.prev
    if prev:
        WRITE_ONCE(prev.next, next)
    else:
        WRITE_ONCE(h.first, next)
    if next:
        WRITE_ONCE(next.prev, prev)
    n.hashed = False
    n.unhashed = True


@kernel("include/linux/rculist.h")
def hlist_del_rcu(n: Ptr[bpf_shtab_elem], h: bpf_shtab_bucket) -> None:
    """Take an element off. It still names the next one, for those who stand at it; pprev is poisoned (`unhashed`)."""
    __hlist_del(n, h)


# ---------------------------------------------------------------- lookup


@kernel("net/core/sock_map.c")
def sock_hash_lookup_elem_raw(h: bpf_shtab_bucket, key: key_t) -> Ptr[bpf_shtab_elem]:
    """The element of a key, or NULL. The caller holds the bucket's lock, or is an RCU reader."""
    elem = rcu_dereference(h.first)
    while elem:
        if elem.key == key:
            return elem
        elem = rcu_dereference(elem.next)
    return NULL


@kernel("net/core/sock_map.c")
def __sock_hash_lookup_elem(htab: Ptr[bpf_shtab], key: key_t) -> Ptr[sock]:
    """The socket of a key, without a reference: RCU keeps it."""
    elem = sock_hash_lookup_elem_raw(htab.bucket, key)
    return elem.sk if elem else NULL


@kernel("net/core/sock_map.c")
def sock_hash_lookup(htab: Ptr[bpf_shtab], key: key_t) -> Ptr[sock]:
    """The socket of a key, for a program, or NULL: with a reference, unless RCU keeps the socket anyway."""
    sk = __sock_hash_lookup_elem(htab, key)
    if not sk:
        return NULL
    if sk_is_refcounted(sk):
        if not refcount_inc_not_zero(sk.sk_refcnt):
            return NULL
    return sk


@kernel("net/core/sock_map.c")
def bpf_sk_redirect_hash(skb: Ptr[sk_buff], htab: Ptr[bpf_shtab], key: key_t, ingress: bool) -> sk_action:
    """What a program calls to choose the target of an skb."""
    sk = __sock_hash_lookup_elem(htab, key)
    if not sk or not sock_map_redirect_allowed(sk):
        return SK_DROP
    if ingress and sk_is_vsock(sk):
        return SK_DROP
    skb_bpf_set_redir(skb, sk, ingress)
    return SK_PASS


# ---------------------------------------------------------------- elements


@kernel("net/core/sock_map.c")
def sock_hash_elem_free_rcu(head: rcu_head) -> None:
    """What kfree_rcu() does a grace period later."""
    kfree(container_of(head, bpf_shtab_elem, "rcu"))


@kernel("net/core/sock_map.c")
def sock_hash_free_elem(htab: Ptr[bpf_shtab], elem: Ptr[bpf_shtab_elem]) -> None:
    """Free an element that is on no chain any more, when all who may stand at it have left."""
    atomic_sub(1, htab.count)
    call_rcu(elem.rcu, sock_hash_elem_free_rcu)


@kernel("net/core/sock_map.c")
def sock_hash_alloc_elem(
    htab: Ptr[bpf_shtab], key: key_t, sk: Ptr[sock], old: Ptr[bpf_shtab_elem]
) -> Ptr[bpf_shtab_elem]:
    """A new element; NULL for -E2BIG (the map is full) and -ENOMEM. Replacing an old one may exceed the limit."""
    with atomic("atomic_inc_return() is one atomic instruction"):
        htab.count += 1
        full = htab.count > htab.max_entries
    if full and not old:
        atomic_sub(1, htab.count)
        return NULL
    new = kzalloc(bpf_shtab_elem, GFP_ATOMIC)
    if not new:
        atomic_sub(1, htab.count)
        return NULL
    new.key = key
    new.sk = sk
    return new


@kernel("net/core/sock_map.c")
def sock_hash_remove_elem(htab: Ptr[bpf_shtab], elem: Ptr[bpf_shtab_elem]) -> None:
    """Take an element off the chain and give back what it owns; the caller holds the bucket's lock.

    These three calls stand in the kernel wherever an element is deleted or replaced.
    """
    hlist_del_rcu(elem, htab.bucket)
    elem.sk.taken += 1
    sock_map_unref(elem.sk, NULL, 0, elem)
    sock_hash_free_elem(htab, elem)


# ---------------------------------------------------------------- update


@kernel("net/core/sock_map.c")
def sock_hash_update_common(htab: Ptr[bpf_shtab], key: key_t, sk: Ptr[sock], flags: flags_t) -> int_t:
    """Put the socket under a key; the caller holds the socket (by lock_sock() or slock) and an RCU section.

    The new element is on the chain before the old one goes, so that nobody finds the key without a socket.
    """
    link = kzalloc(sk_psock_link, GFP_ATOMIC)
    if not link:
        return -ENOMEM
    link.htab = htab
    ret = sock_map_link(htab.progs, sk)
    if ret < 0:
        sk_psock_free_link(link)
        return ret
    psock = sk_psock(sk)
    check(psock != NULL, "WARN_ON_ONCE(!psock) in sock_hash_update_common()")
    spin_lock_bh(htab.bucket.lock)
    elem = sock_hash_lookup_elem_raw(htab.bucket, key)
    if elem and flags == BPF_NOEXIST:
        ret = -EEXIST
    elif not elem and flags == BPF_EXIST:
        ret = -ENOENT
    else:
        elem_new = sock_hash_alloc_elem(htab, key, sk, elem)
        if not elem_new:
            ret = -ENOMEM
        else:
            link.elem = elem_new
            sock_map_add_link(psock, link)
            elem_new.hashed = True
            psock.entries += 1
            psock.temps -= 1
            hlist_add_head_rcu(elem_new, htab.bucket)
            if elem:
                sock_hash_remove_elem(htab, elem)
            ret = 0
    spin_unlock_bh(htab.bucket.lock)
    if ret:
        sk_psock_put(sk, psock)
        sk_psock_free_link(link)
    return ret


@kernel("net/core/sock_map.c")
def sock_hash_update_elem_sys(htab: Ptr[bpf_shtab], key: key_t, fd: Ptr[file], flags: flags_t) -> int_t:
    """Update from a system call: sock_map_update_elem_sys() of a hash map."""
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
                ret = sock_hash_update_common(htab, key, sk, flags)
            rcu_read_unlock()
            release_sock_and_backlog(sk)
    fput(fd)
    return ret


@kernel("net/core/sock_map.c")
def sock_hash_update_elem(htab: Ptr[bpf_shtab], key: key_t, sk: Ptr[sock], flags: flags_t) -> int_t:
    """Update from a BPF program that has a socket: sock_map_update_elem() of a hash map."""
    ret: int_t = -EOPNOTSUPP
    if not sk.sk_prot.psock_update_sk_prot:
        return ret
    local_bh_disable()
    bh_lock_sock(sk.sk_lock)
    if sock_map_sk_state_allowed(sk):
        ret = sock_hash_update_common(htab, key, sk, flags)
    bh_unlock_sock(sk.sk_lock)
    local_bh_enable()
    return ret


# ---------------------------------------------------------------- delete


@kernel("net/core/sock_map.c")
def sock_hash_delete_from_link(htab: Ptr[bpf_shtab], sk: Ptr[sock], elem: Ptr[bpf_shtab_elem]) -> None:
    """Remove the element of a link that was taken off its psock, unless somebody else has removed it already.

    The element may be removed before the lock is taken, but is not freed as long as the caller is an RCU reader.
    """
    spin_lock_bh(htab.bucket.lock)
    elem_probe = sock_hash_lookup_elem_raw(htab.bucket, elem.key)
    if elem_probe and elem_probe == elem:
        sock_hash_remove_elem(htab, elem)
    spin_unlock_bh(htab.bucket.lock)


@kernel("net/core/sock_map.c")
def sock_hash_delete_elem(htab: Ptr[bpf_shtab], key: key_t) -> int_t:
    """Delete by key, from a system call or a program."""
    ret: int_t = -ENOENT
    spin_lock_bh(htab.bucket.lock)
    elem = sock_hash_lookup_elem_raw(htab.bucket, key)
    if elem:
        sock_hash_remove_elem(htab, elem)
        ret = 0
    spin_unlock_bh(htab.bucket.lock)
    return ret


# ---------------------------------------------------------------- the map's end


@kernel("net/core/sock_map.c")
def sock_hash_release_progs(htab: Ptr[bpf_shtab]) -> None:
    """The last file descriptor of the map is closed."""
    psock_progs_drop(htab.progs)


@kernel("net/core/sock_map.c")
def sock_hash_unlink_bucket(bucket: bpf_shtab_bucket) -> Ptr[bpf_shtab_elem]:
    """Take all elements off together, each with a reference on its socket: the first of them.

    A part of sock_hash_free(). The elements' psocks keep the sockets until here. What hlist_move_list() makes of the
    old head is the caller's own list, of which only the first element's pprev tells.
    """
    spin_lock_bh(bucket.lock)
    elem = bucket.first
    while elem:
        sock_hold(elem.sk)
        elem = elem.next
    first = bucket.first
    if first:
        first.prev = NULL
    bucket.first = NULL
    spin_unlock_bh(bucket.lock)
    return first


@kernel("net/core/sock_map.c")
def sock_hash_free(htab: Ptr[bpf_shtab]) -> None:
    """The last reference on the map is gone; runs in a kworker.

    Closing sockets still come here by their links: they find the chain empty and leave the element alone.
    """
    omits("hlist_del() of the elements that were taken off together writes to the caller's own list only")
    synchronize_rcu()
    elem = sock_hash_unlink_bucket(htab.bucket)
    while elem:
        next = elem.next
        elem.hashed = False
        elem.sk.taken += 1
        lock_sock(elem.sk.sk_lock)
        rcu_read_lock()
        sock_map_unref(elem.sk, NULL, 0, elem)
        rcu_read_unlock()
        release_sock_and_backlog(elem.sk)
        sock_put(elem.sk)
        sock_hash_free_elem(htab, elem)
        elem = next
    synchronize_rcu()
    kfree(htab)
