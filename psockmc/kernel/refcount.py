"""Reference counters (include/linux/refcount.h, lib/refcount.c).

The counter saturates instead of wrapping: an increment of 0 and a decrement below 0 are `refcount` findings, after
which the counter is REFCOUNT_SATURATED for good, so that the object leaks rather than being freed twice. The kernel's
saturated value is far below 0 and its range enormous; here it is -1, and counts go up to 6: a seventh reference cuts
the run.

Each function is one atomic instruction on the hardware, marked. An object that is never freed is found by the
compiler.
"""

from psockmc.lang import Int, Struct, atomic, finding, primitive

REFCOUNT_SATURATED = -1


class refcount_t(Struct):
    """refs: the number of references, or REFCOUNT_SATURATED."""

    refs: Int[-1, 6]


@primitive
def refcount_set(counter: refcount_t, value: Int[0, 6]) -> None:
    """Set the counter; for objects that nobody else sees yet."""
    with atomic("refcount_set() is one store"):
        counter.refs = value


@primitive
def refcount_read(counter: refcount_t) -> Int[-1, 6]:
    """The counter, which may have changed when the caller looks at the value."""
    with atomic("refcount_read() is one load"):
        value = counter.refs
    return value


@primitive
def refcount_inc(counter: refcount_t) -> None:
    """One more reference; the caller must own one already. An increment of 0 is a finding and saturates."""
    with atomic("refcount_inc() is one atomic instruction"):
        if counter.refs == 0:
            finding("refcount", "refcount_inc() on 0: the object is being destroyed, use refcount_inc_not_zero()")
            counter.refs = REFCOUNT_SATURATED
        elif counter.refs != REFCOUNT_SATURATED:
            counter.refs += 1


@primitive
def refcount_inc_not_zero(counter: refcount_t) -> bool:
    """One more reference unless there is none. True when the caller now owns one (a saturated counter counts as
    taken).
    """
    with atomic("refcount_inc_not_zero() takes effect in one cmpxchg"):
        taken = counter.refs != 0
        if taken and counter.refs != REFCOUNT_SATURATED:
            counter.refs += 1
    return taken


@primitive
def refcount_dec(counter: refcount_t) -> None:
    """One reference less, which is not the last one: reaching 0 here is a finding, since nobody would free the
    object.
    """
    with atomic("refcount_dec() is one atomic instruction"):
        if counter.refs == 0 or counter.refs == 1:
            finding("refcount", "refcount_dec() hits 0: nobody frees the object, use refcount_dec_and_test()")
            counter.refs = REFCOUNT_SATURATED
        elif counter.refs != REFCOUNT_SATURATED:
            counter.refs -= 1


@primitive
def refcount_dec_and_test(counter: refcount_t) -> bool:
    """One reference less. True for the caller that dropped the last one and now owns the destruction."""
    with atomic("refcount_dec_and_test() is one atomic instruction"):
        last = counter.refs == 1
        if counter.refs == 0:
            finding("refcount", "refcount_dec_and_test() on 0: underflow, one put too many")
            counter.refs = REFCOUNT_SATURATED
        elif counter.refs != REFCOUNT_SATURATED:
            counter.refs -= 1
    return last
