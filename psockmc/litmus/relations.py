"""The relation kernel: relations over a few dozen events, each packed into one int.

A set of events is an int with one bit per event. A relation is the concatenation of its rows, each `stride` = n + 1
bits wide: the bit i * stride + j stands for the pair (i, j). So union, intersection, difference and the test for
emptiness are one operation each, and the product of two sets is one multiplication. The extra bit per row is what makes
the multiplications of `column` and `_gather` free of carries: their summands i + k * n, i < n, are all distinct.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import lru_cache

Relation = int
"""A packed relation; only meaningful together with its universe."""

Nodes = tuple[tuple[int, int], ...]
"""Events as pairs of their index and the position of their row."""


class Universe:
    """The operations on relations over the events 0 .. n - 1.

    row: the bits of one row, also the set of all events. diagonal: the identity. full: all pairs. nodes: all events.
    """

    __slots__ = ("column_bits", "diagonal", "full", "n", "nodes", "row", "spread", "stride")

    def __init__(self, n: int) -> None:
        self.n = n
        self.stride = stride = n + 1
        self.row = (1 << n) - 1
        self.column_bits = sum(1 << i * stride for i in range(n))
        self.diagonal = sum(1 << i * stride + i for i in range(n))
        self.full = self.column_bits * self.row
        self.spread = sum(1 << i * n for i in range(n))
        self.nodes: Nodes = tuple((i, i * stride) for i in range(n))

    # ------------------------------------------------------------ in and out

    def pack(self, rows: Sequence[int]) -> Relation:
        """The relation whose row i is rows[i]."""
        packed = 0
        for (_, at), row in zip(self.nodes, rows, strict=True):
            if row:
                packed |= row << at
        return packed

    def unpack(self, relation: Relation) -> list[int]:
        """The rows of a relation."""
        return [relation >> at & self.row for _, at in self.nodes]

    def pair(self, i: int, j: int) -> Relation:
        """The relation with this one pair."""
        return 1 << i * self.stride + j

    def pairs(self, relation: Relation) -> Iterator[tuple[int, int]]:
        """The pairs of a relation, sorted."""
        while relation:
            lowest = relation & -relation
            yield divmod(lowest.bit_length() - 1, self.stride)
            relation ^= lowest

    def members(self, events: int) -> Nodes:
        """The events of a set."""
        return tuple(node for node in self.nodes if events >> node[0] & 1)

    # ------------------------------------------------------------ sets and relations

    def column(self, events: int) -> Relation:
        """The pairs (i, 0) for i in the set: shifted by j, the set as column j."""
        return events * self.spread & self.column_bits

    def product(self, left: int, right: int) -> Relation:
        """Left * right."""
        return (left * self.spread & self.column_bits) * right

    def identity(self, events: int) -> Relation:
        """[events]."""
        return self.column_bits * events & self.diagonal

    def domain(self, relation: Relation) -> int:
        """The events that have a successor."""
        # Adding ones to all bits of a row carries into its spare bit unless the row is empty.
        carried = relation + self.full >> self.n & self.column_bits
        return self._gather(carried)

    def range(self, relation: Relation) -> int:
        """The events that have a predecessor."""
        found = 0
        for _, at in self.nodes:
            found |= relation >> at
        return found & self.row

    def _gather(self, column: Relation) -> int:
        """The set whose `column` this is."""
        return column * self.spread >> (self.n - 1) * self.n & self.row if self.n else 0

    # ------------------------------------------------------------ relations

    def compose(self, left: Relation, right: Relation) -> Relation:
        """Left ; right."""
        return self.compose_at(left, right, self.nodes)

    def compose_at(self, left: Relation, right: Relation, middle: Nodes) -> Relation:
        """Left ; [middle] ; right: one product of a column of left with a row of right per event in the middle."""
        columns, row = self.column_bits, self.row
        found = 0
        for j, at in middle:
            before = left >> j & columns
            if before:
                after = right >> at & row
                if after:
                    found |= before * after
        return found

    def rows_of(self, relation: Relation) -> tuple[tuple[int, int], ...]:
        """The rows that are not empty, with their indices: the right operand of `compose_rows`."""
        return tuple((i, row) for i, at in self.nodes if (row := relation >> at & self.row))

    def columns_of(self, relation: Relation) -> tuple[tuple[int, int], ...]:
        """The columns that are not empty, with the positions of their rows: the left operand of `compose_columns`."""
        return tuple((at, column) for j, at in self.nodes if (column := relation >> j & self.column_bits))

    def compose_rows(self, left: Relation, right: tuple[tuple[int, int], ...]) -> Relation:
        """Left ; right, with the rows of right taken apart before by `rows_of`."""
        columns = self.column_bits
        found = 0
        for j, after in right:
            before = left >> j & columns
            if before:
                found |= before * after
        return found

    def compose_columns(self, left: tuple[tuple[int, int], ...], right: Relation) -> Relation:
        """Left ; right, with the columns of left taken apart before by `columns_of`."""
        row = self.row
        found = 0
        for at, before in left:
            after = right >> at & row
            if after:
                found |= before * after
        return found

    def inverse(self, relation: Relation) -> Relation:
        """Relation ^-1."""
        found = 0
        for j, at in self.nodes:
            row = relation >> at & self.row
            if row:
                found |= (row * self.spread & self.column_bits) << j
        return found

    def compose_inverse(self, left: Relation, right: Relation) -> Relation:
        """Left ^-1 ; right."""
        columns, row, spread = self.column_bits, self.row, self.spread
        found = 0
        for _, at in self.nodes:
            before = left >> at & row
            if before:
                after = right >> at & row
                if after:
                    found |= (before * spread & columns) * after
        return found

    def closure(self, relation: Relation) -> Relation:
        """Relation +, by Warshall's algorithm."""
        columns, row = self.column_bits, self.row
        for j, at in self.nodes:
            before = relation >> j & columns
            if before:
                after = relation >> at & row
                if after:
                    relation |= before * after
        return relation


@lru_cache(maxsize=256)
def universe(n: int) -> Universe:
    """The universe of n events; made once."""
    return Universe(n)
