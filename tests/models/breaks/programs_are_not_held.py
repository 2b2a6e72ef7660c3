"""Who uses a program takes no reference on it."""

from psockmc.lang import Ptr, replaces

from models.skmsg_verdict import bpf_prog, bpf_prog_inc_not_zero


@replaces(bpf_prog_inc_not_zero)
def bpf_prog_inc_not_zero(prog: Ptr[bpf_prog]) -> bool:
    """It says that it has."""
    return True
