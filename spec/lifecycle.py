"""The life of a psock, as reports/lifecycle.md draws it: a psock that is allocated is in one of these states.

The functions are the states in the order of a life, their names the states' names, their docstrings what they mean.
"""

from psockmc.lang import NULL, Ptr, pure

from models.skmsg import sk_psock


@pure
def init(psock: Ptr[sk_psock]) -> bool:
    """Allocated, and in nobody's sk_user_data yet: only its maker knows it."""
    return psock.sk.sk_user_data != psock and psock.drops == 0


@pure
def published(psock: Ptr[sk_psock]) -> bool:
    """In its socket's sk_user_data, with references: whoever looks it up may take one."""
    return psock.sk.sk_user_data == psock and psock.refcnt.refs > 0


@pure
def without_references(psock: Ptr[sk_psock]) -> bool:
    """Still in its socket's sk_user_data, but the last reference is gone: whoever looks it up gets none."""
    return psock.sk.sk_user_data == psock and psock.refcnt.refs <= 0


@pure
def unpublished(psock: Ptr[sk_psock]) -> bool:
    """Not in sk_user_data any more, and not given to RCU yet: who found it before, inside an RCU reader, may use it."""
    return psock.sk.sk_user_data != psock and psock.drops > 0 and psock.rwork.func == NULL


@pure
def grace_period(psock: Ptr[sk_psock]) -> bool:
    """Given to RCU with its destruction as the work: all its readers leave, then a kworker begins to destroy it."""
    return psock.sk.sk_user_data != psock and psock.rwork.func != NULL and not psock.destroyed


@pure
def being_destroyed(psock: Ptr[sk_psock]) -> bool:
    """The grace period is over and its backlog has ended for good: its queues, programs and links are taken apart."""
    return psock.sk.sk_user_data != psock and psock.destroyed
