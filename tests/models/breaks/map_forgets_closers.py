"""A hash map is freed at once when it is empty."""

from psockmc.lang import Ptr, kfree, replaces

from models.sock_hash import bpf_shtab, sock_hash_free, sock_hash_unlink_bucket


@replaces(sock_hash_free)
def sock_hash_free(htab: Ptr[bpf_shtab]) -> None:
    """Does not wait for who has taken a link that names it."""
    sock_hash_unlink_bucket(htab.bucket)
    kfree(htab)
