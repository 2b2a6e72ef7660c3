"""tcp_bpf_sendmsg() as it was before fe1910f9337b (v6.11): a count below 0 was returned for an error number."""

from psockmc.lang import Ptr, replaces, s32

from models.ring.tcp_bpf import sending, tcp_bpf_sendmsg_result


@replaces(tcp_bpf_sendmsg_result)
def count_before_error(call: Ptr[sending]) -> s32:
    """The count unless it is 0."""
    return call.copied if call.copied != 0 else call.err
