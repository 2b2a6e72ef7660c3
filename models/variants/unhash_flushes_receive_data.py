"""The end of a connection as it was before b8b8315e39ff (v5.16): our tables replaced `unhash`, too.

A RST unhashes the connection, which took the socket out of its maps and so destroyed what waited for its reader.
"""

from psockmc.lang import NULL, WRITE_ONCE, Ptr, rcu_read_lock, rcu_read_unlock, replaces

from models.skmsg import sk_psock
from models.sock import sock
from models.sock_map import sock_map_remove_links
from models.tcp import inet_unhash, tcp_hashinfo


@replaces(inet_unhash)
def inet_unhash(sk: Ptr[sock]) -> None:
    """sock_map_unhash() of that time, and the protocol's own function behind it."""
    rcu_read_lock()
    psock = sk_psock(sk)
    if psock:
        sock_map_remove_links(sk, psock)
    rcu_read_unlock()
    WRITE_ONCE(tcp_hashinfo.ehash[sk.sk_hash], NULL)
