"""The end of the parser as it was before 809e4dc71a0f (v6.5): it is finished when the psock has a parser program.

The program was taken away when the parser was stopped, so it never is.
"""

from psockmc.lang import Ptr, replaces

from models.skmsg import sk_psock
from models.skmsg_strp import sk_psock_done_strp
from models.strparser import strp_done


@replaces(sk_psock_done_strp)
def sk_psock_done_strp(psock: Ptr[sk_psock]) -> None:
    """Asks for the program, not for the bit that stays."""
    if psock.progs.stream_parser:
        strp_done(psock.strp)
