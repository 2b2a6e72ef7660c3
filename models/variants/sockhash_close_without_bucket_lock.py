"""close() of a socket in a hash map as it was before e9db4ef6bf4c (v4.18): it takes the elements off without the lock.

The close of that time went through the psock's list of elements; today the links name them.
"""

from psockmc.lang import Ptr, replaces

from models.sock import sock
from models.sock_hash import bpf_shtab, bpf_shtab_elem, sock_hash_delete_from_link, sock_hash_remove_elem


@replaces(sock_hash_delete_from_link)
def sock_hash_delete_from_link(htab: Ptr[bpf_shtab], sk: Ptr[sock], elem: Ptr[bpf_shtab_elem]) -> None:
    """No lock, and no look whether the element is still there."""
    sock_hash_remove_elem(htab, elem)
