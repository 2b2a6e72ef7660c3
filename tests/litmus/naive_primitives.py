"""What each kernel primitive does, as tables for naive.py: written from the model's description, not from psockmc's file."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from psockmc.litmus.execution import Value

READS = {
    "READ_ONCE": "once",
    "rcu_dereference": "once",
    "atomic_read": "once",
    "rcu_access_pointer": "once",
    "refcount_read": "once",
    "smp_load_acquire": "acquire",
    "atomic_read_acquire": "acquire",
}
WRITES = {
    "WRITE_ONCE": "once",
    "atomic_set": "once",
    "refcount_set": "once",
    "smp_store_mb": "once",
    "smp_store_release": "release",
    "rcu_assign_pointer": "release",
    "atomic_set_release": "release",
}
UNLOCKS = ("mutex_unlock", "release_sock", "write_unlock", "write_unlock_bh")
"""Stores of 0 with release."""
STARTS = {"call_rcu": 1, "queue_rcu_work": 2}
"""What starts a thread behind a grace period, with the argument that names the thread."""

FENCES = {
    "smp_mb": "mb",
    "smp_rmb": "rmb",
    "smp_wmb": "wmb",
    "barrier": "barrier",
    "smp_mb__before_atomic": "before-atomic",
    "smp_mb__after_atomic": "after-atomic",
    "smp_mb__after_spinlock": "after-spinlock",
    "smp_mb__after_unlock_lock": "after-unlock-lock",
    "smp_mb__after_srcu_read_unlock": "after-srcu-read-unlock",
    "rcu_read_lock": "rcu-lock",
    "rcu_read_unlock": "rcu-unlock",
    "synchronize_rcu": "sync-rcu",
    "synchronize_rcu_expedited": "sync-rcu",
}

NewValue = Callable[[Value, Sequence[Value]], Value | None]
Result = Callable[[Value, Value | None, Sequence[Value]], Value]


@dataclass(frozen=True)
class RMW:
    """A read-modify-write. `new` computes what is stored from the old value and the operands (None: it fails).

    address: which argument points to the location. order: `full`, `relaxed`, `acquire`, `release` or `noreturn`.
    arithmetic: what is stored is computed from what was read, else the last operand is stored. blocks: what fails goes on
    waiting, so that there is no such run. acquires_zero: a load fence follows where 0 was stored.
    """

    address: int
    order: str
    arithmetic: bool
    new: NewValue
    result: Result
    blocks: bool = False
    acquires_zero: bool = False


def number(value: Value) -> int:
    """The value as a number."""
    if not isinstance(value, int):
        raise ValueError(f"arithmetic on {value}")
    return value


CALCULATIONS: dict[str, Callable[[int, int], int]] = {
    "add": lambda old, v: old + v,
    "sub": lambda old, v: old - v,
    "inc": lambda old, v: old + 1,
    "dec": lambda old, v: old - 1,
    "and": lambda old, v: old & v,
    "or": lambda old, v: old | v,
    "xor": lambda old, v: old ^ v,
    "andnot": lambda old, v: old & ~v,
}
NAMES = "|".join(sorted(CALCULATIONS, key=len, reverse=True))
ORDERS = "(?:_(relaxed|acquire|release))?"


def arithmetic(name: str, order: str, result: Result) -> RMW:
    """A read-modify-write that calculates."""
    calculate, unary = CALCULATIONS[name], name in ("inc", "dec")

    def new(old: Value, operands: Sequence[Value]) -> Value:
        return calculate(number(old), 0 if unary else number(operands[0]))

    return RMW(0 if unary else 1, order, True, new, result)


def new_value(old: Value, new: Value | None, _: Sequence[Value]) -> Value:
    """The result of `*_return`."""
    assert new is not None
    return new


def old_value(old: Value, new: Value | None, _: Sequence[Value]) -> Value:
    """The result of `fetch_*`, xchg and cmpxchg."""
    return old


def is_zero(old: Value, new: Value | None, _: Sequence[Value]) -> Value:
    """The result of `*_and_test`."""
    return int(new == 0)


def is_negative(old: Value, new: Value | None, _: Sequence[Value]) -> Value:
    """The result of `add_negative`."""
    assert new is not None
    return int(number(new) < 0)


def exchange(order: str) -> RMW:
    """xchg"""
    return RMW(0, order, False, lambda old, operands: operands[0], old_value)


def compare_and_exchange(order: str) -> RMW:
    """cmpxchg"""
    return RMW(0, order, False, lambda old, operands: operands[1] if old == operands[0] else None, old_value)


def add_unless() -> RMW:
    """atomic_add_unless(p, a, u)"""

    def new(old: Value, operands: Sequence[Value]) -> Value | None:
        return None if old == operands[1] else number(old) + number(operands[0])

    return RMW(0, "full", True, new, lambda old, new, operands: int(new is not None))


def count(name: str) -> RMW | None:
    """The operations of refcount_t, saturation aside: include/linux/refcount.h."""
    match name:
        case "refcount_inc":
            return arithmetic("inc", "relaxed", old_value)
        case "refcount_inc_not_zero":
            return RMW(0, "relaxed", True, lambda old, _: None if old == 0 else number(old) + 1, succeeded)
        case "refcount_dec":
            return arithmetic("dec", "release", old_value)
        case "refcount_dec_and_test":
            return RMW(0, "release", True, lambda old, _: number(old) - 1, is_zero, acquires_zero=True)
    return None


def succeeded(old: Value, new: Value | None, _: Sequence[Value]) -> Value:
    """Did it store?"""
    return int(new is not None)


BITS: dict[str, Callable[[int, int], int]] = {
    "set": lambda word, bit: word | 1 << bit,
    "clear": lambda word, bit: word & ~(1 << bit),
}


def bit(name: str) -> RMW | None:
    """set_bit(), clear_bit() and what tests the bit too."""
    match = re.fullmatch("(test_and_)?(set|clear)_bit", name)
    if match is None:
        return None
    change = BITS[match[2]]
    return RMW(
        1,
        "full" if match[1] else "noreturn",
        True,
        lambda old, operands: change(number(old), number(operands[0])),
        lambda old, new, operands: number(old) >> number(operands[0]) & 1,
    )


def lock(name: str) -> RMW | None:
    """Locks that are mere words here: taken with acquire, and waited for."""
    if name in ("mutex_lock", "lock_sock", "write_lock", "write_lock_bh"):
        taken = 1 if name in ("mutex_lock", "lock_sock") else -1
        return RMW(0, "acquire", False, lambda old, _: taken if old == 0 else None, old_value, blocks=True)
    if name in ("read_lock", "read_lock_bh"):
        return RMW(
            0, "acquire", True, lambda old, _: number(old) + 1 if number(old) >= 0 else None, old_value, blocks=True
        )
    if name in ("read_unlock", "read_unlock_bh"):
        return arithmetic("dec", "release", old_value)
    return None


def rmw_of(name: str) -> RMW | None:
    """The read-modify-write of this name, None if it is none."""
    if match := re.fullmatch(f"(?:atomic_)?(xchg|cmpxchg){ORDERS}", name):
        order = match[2] or "full"
        return exchange(order) if match[1] == "xchg" else compare_and_exchange(order)
    if match := re.fullmatch(f"atomic_({NAMES})", name):
        return arithmetic(match[1], "noreturn", old_value)
    if match := re.fullmatch(f"atomic_({NAMES})_return{ORDERS}", name):
        return arithmetic(match[1], match[2] or "full", new_value)
    if match := re.fullmatch(f"atomic_fetch_({NAMES}){ORDERS}", name):
        return arithmetic(match[1], match[2] or "full", old_value)
    if match := re.fullmatch("atomic_(sub|inc|dec)_and_test", name):
        return arithmetic(match[1], "full", is_zero)
    if name == "atomic_add_negative":
        return arithmetic("add", "full", is_negative)
    if name == "atomic_add_unless":
        return add_unless()
    return count(name) or bit(name) or lock(name)
