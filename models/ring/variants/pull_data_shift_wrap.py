"""bpf_msg_pull_data() as it was before 2e43f95dd8ee (v4.19): the merged elements are counted as if no ring wrapped.

When they lie around the end of the ring the count is negative.
"""

from psockmc.lang import replaces, u32

from models.ring.pull import pull_shift


@replaces(pull_shift)
def pull_shift(first_sge: u32, last_sge: u32) -> u32:
    """last - first - 1, whichever of them is greater."""
    return last_sge - first_sge - 1
