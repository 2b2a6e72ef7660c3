"""The environment of programs that come and go: system calls, and how their scenarios begin."""

from psockmc.kernel.refcount import refcount_set
from psockmc.lang import GFP_KERNEL, NULL, Ptr, Struct, instance, kernel, kzalloc, omits, user

from models.setups import connect, receiving
from models.skmsg_verdict import bpf_prog, bpf_prog_inc_not_zero, bpf_prog_put
from models.sock_map import BPF_ANY, bpf_stab, sock_map_release_progs
from models.sock_map_progs import (
    bpf_link_free,
    bpf_link_get_info_by_fd,
    sock_map_bpf_prog_query,
    sock_map_get_from_fd,
    sock_map_link_create,
    sock_map_link_release,
    sock_map_link_update_prog,
    sock_map_prog_detach,
    sockmap_link,
)
from models.syscalls import fd0, map0, pass_all, sys_map_update


class bpf_prog_fd(Struct, name="progfd"):
    """A file descriptor of a program: one reference on it."""

    prog: Ptr[bpf_prog]


class bpf_link_fd(Struct, name="linkfd"):
    """A file descriptor of a bpf_link: the reference that keeps it."""

    link: Ptr[sockmap_link]


progfd0 = instance(bpf_prog_fd)
progfd1 = instance(bpf_prog_fd)
progfd2 = instance(bpf_prog_fd)
linkfd0 = instance(bpf_link_fd)


# ---------------------------------------------------------------- system calls


@kernel("kernel/bpf/syscall.c")
def bpf_prog_attach(map: Ptr[bpf_stab], prog: Ptr[bpf_prog]) -> None:
    """bpf(BPF_PROG_ATTACH)."""
    if bpf_prog_inc_not_zero(prog):
        ret = sock_map_get_from_fd(map, prog)
        if ret:
            bpf_prog_put(prog)


@kernel("kernel/bpf/syscall.c")
def link_update(link: Ptr[sockmap_link], prog: Ptr[bpf_prog], old: Ptr[bpf_prog]) -> None:
    """bpf(BPF_LINK_UPDATE), with BPF_F_REPLACE when there is an old program; both are held by descriptors."""
    omits("the reference on the link; its descriptor stays open meanwhile")
    if bpf_prog_inc_not_zero(prog):
        if old:
            bpf_prog_inc_not_zero(old)
        ret = sock_map_link_update_prog(link, prog, old)
        bpf_prog_put(old)
        if ret:
            bpf_prog_put(prog)


@user
def sys_prog_attach(map: Ptr[bpf_stab], progfd: Ptr[bpf_prog_fd]) -> None:
    """Attach the program of a descriptor, and close that."""
    bpf_prog_attach(map, progfd.prog)
    bpf_prog_put(progfd.prog)
    progfd.prog = NULL


@user
def sys_prog_detach(map: Ptr[bpf_stab], progfd: Ptr[bpf_prog_fd]) -> None:
    """Detach the program of a descriptor, and close that."""
    sock_map_prog_detach(map, progfd.prog)
    bpf_prog_put(progfd.prog)
    progfd.prog = NULL


@user
def sys_map_close_while_used(map: Ptr[bpf_stab]) -> None:
    """The last descriptor of a map is closed that a program uses, too: the map stays, and loses its programs."""
    sock_map_release_progs(map)


@user
def sys_prog_query(map: Ptr[bpf_stab]) -> None:
    """bpf(BPF_PROG_QUERY)."""
    sock_map_bpf_prog_query(map)


@user
def sys_link_info(linkfd: Ptr[bpf_link_fd]) -> None:
    """bpf(BPF_OBJ_GET_INFO_BY_FD) of a link."""
    bpf_link_get_info_by_fd(linkfd.link)


@user
def sys_link_update(linkfd: Ptr[bpf_link_fd], progfd: Ptr[bpf_prog_fd]) -> None:
    """Give a link the program of a descriptor, and close that."""
    link_update(linkfd.link, progfd.prog, NULL)
    bpf_prog_put(progfd.prog)
    progfd.prog = NULL


@user
def sys_link_replace(linkfd: Ptr[bpf_link_fd], progfd: Ptr[bpf_prog_fd], oldfd: Ptr[bpf_prog_fd]) -> None:
    """Give a link the program of a descriptor, if it still has that of another one, and close the new one's."""
    link_update(linkfd.link, progfd.prog, oldfd.prog)
    bpf_prog_put(progfd.prog)
    progfd.prog = NULL


@user
def sys_link_detach(linkfd: Ptr[bpf_link_fd]) -> None:
    """bpf(BPF_LINK_DETACH); the link stays, and attaches nothing any more."""
    sock_map_link_release(linkfd.link)


@user
def sys_link_detach_and_close(linkfd: Ptr[bpf_link_fd]) -> None:
    """bpf(BPF_LINK_DETACH), after which the link attaches nothing any more, and close() of its last descriptor."""
    sock_map_link_release(linkfd.link)
    sys_link_close(linkfd)


@user
def sys_link_close(linkfd: Ptr[bpf_link_fd]) -> None:
    """The last descriptor of a link is closed."""
    link = linkfd.link
    linkfd.link = NULL
    bpf_link_free(link)


# ---------------------------------------------------------------- how scenarios begin


@user
def sys_prog_load(progfd: Ptr[bpf_prog_fd]) -> Ptr[bpf_prog]:
    """A program whose references are counted, behind a descriptor."""
    prog = kzalloc(bpf_prog, GFP_KERNEL)
    prog.run = pass_all
    prog.counted = True
    prog.id = True
    refcount_set(prog.refcnt, 1)
    progfd.prog = prog
    return prog


@user
def socket_in_map_with_a_loaded_program() -> None:
    """A socket in slot 0, and the program that it came with, behind a descriptor."""
    receiving(connect(fd0, 0, True))
    bpf_prog_attach(map0, sys_prog_load(progfd0))
    sys_map_update(map0, 0, fd0, BPF_ANY)


@user
def socket_and_two_programs() -> None:
    """A socket in no map, a map with a program, and another program."""
    receiving(connect(fd0, 0, True))
    bpf_prog_attach(map0, sys_prog_load(progfd0))
    sys_prog_load(progfd1)


@user
def link_and_two_programs() -> None:
    """A map to which a link attaches a program that has no descriptor, and another program."""
    linkfd0.link = sock_map_link_create(map0, sys_prog_load(progfd0))
    progfd0.prog = NULL
    sys_prog_load(progfd1)


@user
def socket_and_a_link() -> None:
    """A socket in no map, a map to which a link attaches a program, and another program."""
    receiving(connect(fd0, 0, True))
    link_and_two_programs()


@user
def link_in_use() -> None:
    """A socket in slot 0 with the program that a link attaches to the map, and another program."""
    socket_and_a_link()
    sys_map_update(map0, 0, fd0, BPF_ANY)


@user
def link_and_three_programs() -> None:
    """A map to which a link attaches a program, which has a descriptor, too, and two other programs."""
    prog = sys_prog_load(progfd0)
    if bpf_prog_inc_not_zero(prog):
        linkfd0.link = sock_map_link_create(map0, prog)
    sys_prog_load(progfd1)
    sys_prog_load(progfd2)


@user
def map_with_a_loaded_program() -> None:
    """A map without sockets, which has a program with a descriptor."""
    bpf_prog_attach(map0, sys_prog_load(progfd0))
