"""Nobody puts a reference on a program."""

from psockmc.lang import Ptr, replaces

from models.skmsg_verdict import bpf_prog, bpf_prog_put


@replaces(bpf_prog_put)
def bpf_prog_put(prog: Ptr[bpf_prog]) -> None:
    """Nothing."""
    pass
