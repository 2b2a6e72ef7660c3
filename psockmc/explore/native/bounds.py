"""Bounds of operators: from the intervals of the arguments to an interval that holds every result."""

from __future__ import annotations

from collections.abc import Callable

Interval = tuple[int, int]
MOST_SHIFT = 63


def operator_bounds(name: str, args: list[Interval]) -> Interval:
    """The least and the greatest result that the operator may have (exact for most). Arguments are not empty."""
    return _BOUNDS[name](*args)


def hull(*intervals: Interval) -> Interval:
    """The smallest interval that holds all of these."""
    return min(lo for lo, _ in intervals), max(hi for _, hi in intervals)


def _corners(apply: Callable[[int, int], int]) -> Callable[[Interval, Interval], Interval]:
    """Bounds of an operator that is monotonic in each argument."""

    def bounds(left: Interval, right: Interval) -> Interval:
        results = [apply(a, b) for a in left for b in right]
        return min(results), max(results)

    return bounds


def _quotient(left: Interval, right: Interval) -> Interval:
    """A quotient is no larger than the dividend; its sign needs one of each."""
    if left[0] >= 0 and right[0] >= 0:
        return 0, left[1]
    most = max(abs(left[0]), abs(left[1]))
    return -most, most


def _remainder(left: Interval, right: Interval) -> Interval:
    """A remainder is smaller than the divisor, no larger than the dividend, and has the dividend's sign."""
    most = min(max(abs(left[0]), abs(left[1])), max(abs(right[0]), abs(right[1]), 1) - 1)
    return (0 if left[0] >= 0 else -most), (0 if left[1] <= 0 else most)


def _bits(*args: Interval) -> int:
    """Bits beside the sign that hold all values."""
    return max(value.bit_length() if value >= 0 else (~value).bit_length() for arg in args for value in arg)


def _and(left: Interval, right: Interval) -> Interval:
    """A mask that is not negative bounds the result."""
    masks = [hi for lo, hi in (left, right) if lo >= 0]
    return (0, min(masks)) if masks else _or(left, right)


def _or(left: Interval, right: Interval) -> Interval:
    size = _bits(left, right)
    return (0 if left[0] >= 0 and right[0] >= 0 else -(1 << size)), (1 << size) - 1


def _shift(apply: Callable[[int, int], int]) -> Callable[[Interval, Interval], Interval]:
    """Amounts outside 0..63 give 0."""

    def bounds(left: Interval, right: Interval) -> Interval:
        first, last = max(right[0], 0), min(right[1], MOST_SHIFT)
        results = [apply(value, n) for value in left for n in (first, last) if first <= last]
        if right[0] < 0 or right[1] > MOST_SHIFT:
            results.append(0)
        return min(results), max(results)

    return bounds


def _truth(*args: Interval) -> Interval:
    return 0, 1


_BOUNDS: dict[str, Callable[..., Interval]] = {
    "+": _corners(lambda a, b: a + b),
    "-": _corners(lambda a, b: a - b),
    "*": _corners(lambda a, b: a * b),
    "//": _quotient,
    "%": _remainder,
    "&": _and,
    "|": _or,
    "^": _or,
    "<<": _shift(lambda a, n: a << n),
    ">>": _shift(lambda a, n: a >> n),
    "~": lambda arg: (~arg[1], ~arg[0]),
    "neg": lambda arg: (-arg[1], -arg[0]),
    **dict.fromkeys(("==", "!=", "<", "<=", ">", ">="), _truth),
}
