"""Programs on tracepoints: they run wherever the kernel passes, with whatever locks it holds there.

Sources: kernel/bpf/verifier.c, v6.10 and 7.1.5; include/trace/events/kmem.h.
"""

from psockmc.lang import Callable, Const, Enum, Struct, instance, kernel


class bpf_prog_type(Enum):
    """The kinds of programs that ask for maps of sockets here."""

    BPF_PROG_TYPE_SCHED_CLS = 0
    BPF_PROG_TYPE_TRACEPOINT = 1


class tracepoint(Struct, name="tracepoint"):
    """The program on the tracepoint of kfree()."""

    run: Const[Callable[[], None]]


kfree_tracepoint = instance(tracepoint)


@kernel("include/trace/events/kmem.h")
def trace_kfree() -> None:
    """Run the program, if there is one. Called where a scenario wants it only, not in every kfree()."""
    if kfree_tracepoint.run:
        kfree_tracepoint.run()


@kernel("kernel/bpf/verifier.c")
def may_update_sockmap(type: bpf_prog_type) -> bool:
    """Whether programs of this type are loaded at all when they update a map of sockets, or delete from it."""
    return type == BPF_PROG_TYPE_SCHED_CLS
