"""How the crypto layer walks a list of elements: sg_next()."""

from psockmc.lang import Ptr, check, u32, user

from models.ring.types import CHAIN_FRONT, CHAIN_SLOT, sk_msg

AT_TAIL = 100
AT_END = 101


@user
def next_entry(msg: Ptr[sk_msg], at: u32) -> u32:
    """The entry behind slot `at`: a slot, AT_TAIL for the list that a link leads to, or AT_END.

    Only one link is followed: what a link leads to is taken for data.
    """
    if at > CHAIN_SLOT or msg.sg.data[at].is_last:
        return AT_END
    check(at < CHAIN_SLOT, "chain: the walk does not leave the array")
    behind: u32 = at + 1 if at < CHAIN_SLOT else at
    if not msg.sg.data[behind].is_chain:
        return behind
    if msg.sg.data[behind].chain == CHAIN_FRONT:
        check(not msg.sg.data[0].is_chain, "chain: no link leads to a link")
        return 0
    return AT_TAIL
