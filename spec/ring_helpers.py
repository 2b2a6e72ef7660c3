"""Places of bytes and elements, compared between a message and its copy from before a helper was called."""

from psockmc.lang import Ptr, Struct, instance, u32, user

from models.ring.types import sk_msg

UINT_MAX = 4294967295


class place(Struct, name="place"):
    """Where a byte of a message is. shared: its element's copy bit; left: bytes of the element from it on."""

    page: u32
    offset: u32
    shared: bool
    left: u32


was0 = instance(place)
is0 = instance(place)


@user
def same_element(msg: Ptr[sk_msg], before: Ptr[sk_msg], i: u32) -> bool:
    """Whether slot i is what it was."""
    return (
        msg.sg.data[i].page == before.sg.data[i].page
        and msg.sg.data[i].offset == before.sg.data[i].offset
        and msg.sg.data[i].length == before.sg.data[i].length
        and msg.sg.copy[i] == before.sg.copy[i]
    )
