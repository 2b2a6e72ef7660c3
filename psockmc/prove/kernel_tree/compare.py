"""A kernel tree against the plain ring: random rings, one operation, and everything it did the same, or what not."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from random import Random
from typing import Any

from psockmc.prove.kernel_tree.cases import Case, Observed, on_kernel, on_ring
from psockmc.prove.kernel_tree.known import WITNESSES
from psockmc.prove.kernel_tree.library import Kernel, Op
from psockmc.prove.kernel_tree.random_cases import random_case


@dataclass(frozen=True)
class Difference:
    """What a tree's code does to a ring, and no known bug explains; a line for every number that is another one."""

    example: int
    case: Case
    lines: tuple[str, ...]


@dataclass(frozen=True)
class Comparison:
    """An operation on `rings` many random rings. known: the known bugs that it shows in this tree."""

    op: Op
    rings: int
    known: tuple[str, ...]
    differences: tuple[Difference, ...]


def compare(kernels: Sequence[Kernel], bugs: Collection[str], op: Op, seed: int, examples: int) -> Comparison:
    """Compare an operation on random rings, whose sizes are those of `kernels` in turn.

    bugs: the known bugs of the tree, which the plain ring has, too. A seed gives the same rings again.
    """
    shown = {bug for bug in bugs if WITNESSES[bug].op == op}
    differences = []
    for example in range(examples):
        kernel = kernels[example % len(kernels)]
        case = random_case(Random(f"{seed} {op.name} {example}"), op, kernel.frags)
        seen = on_kernel(case, kernel)
        expected = on_ring(case, bugs)
        if seen != expected:
            differences.append(Difference(example, case, tuple(different(expected, seen))))
        elif seen != on_ring(case):
            shown |= responsible(case, seen, bugs)
    return Comparison(op, examples, tuple(sorted(shown)), tuple(differences))


def responsible(case: Case, seen: Observed, bugs: Collection[str]) -> set[str]:
    """Of the bugs with which the plain ring does what was seen: some, none of which can be left out."""
    needed = set(bugs)
    for bug in sorted(bugs):
        if on_ring(case, needed - {bug}) == seen:
            needed.discard(bug)
    return needed


def different(ring: Observed, kernel: Observed) -> list[str]:
    """What two observations have different, a line each: `messages[0].size: plain ring 4, kernel 5`."""
    if ring.oopsed != kernel.oopsed:  # then nothing else was looked at
        return [f"oopsed: plain ring {ring.oopsed}, kernel {kernel.oopsed}"]
    return list(_leaves("", asdict(ring), asdict(kernel)))


def _leaves(where: str, one: Any, other: Any) -> Iterator[str]:
    """The places in which two nested values differ."""
    if one == other:
        return
    if isinstance(one, Mapping) and isinstance(other, Mapping):
        for key in dict.fromkeys([*one, *other]):
            place = f"[{key}]" if isinstance(key, int) else f".{key}" if where else str(key)
            yield from _leaves(where + place, one.get(key), other.get(key))
    elif isinstance(one, list | tuple | bytes) and isinstance(other, list | tuple | bytes) and len(one) == len(other):
        if isinstance(one, bytes):
            at = next(at for at in range(len(one)) if one[at] != other[at])
            yield f"{where}: byte {at} is the first: plain ring {one[at]}, kernel {other[at]}"
            return
        for at, (mine, theirs) in enumerate(zip(one, other, strict=True)):
            yield from _leaves(f"{where}[{at}]", mine, theirs)
    else:
        yield f"{where}: plain ring {_short(one)}, kernel {_short(other)}"


def _short(value: Any) -> str:
    return f"{len(value)} bytes" if isinstance(value, bytes) else str(value)
