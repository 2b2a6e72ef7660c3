"""Every operator computes in C what it computes in Python, at the edges of every kind of value.

The operands are picked by index from constant arrays, so that the compiler sees only their ranges; one invariant per
operator compares the result with a table that the reference's operator made.
"""

from __future__ import annotations

from itertools import product

import pytest

from psockmc.explore.limits import Limits
from psockmc.explore.native import EngineError, search_native
from psockmc.explore.reference import Interpreter
from psockmc.ir import system as ir
from tests.explore.native.agreement import agreed
from tests.explore.native.systems import Builder, op

RANGES = {
    "s8": (-8, 7, (-8, -7, -1, 0, 1, 2, 6, 7)),
    "s64": (-(2**63), 2**63 - 1, (-(2**63), -(2**63) + 1, -(2**32), -1, 0, 1, 2, 63, 64, 2**31, 2**62, 2**63 - 1)),
    "u64": (0, 2**64 - 1, (0, 1, 2, 3, 62, 63, 64, 2**31, 2**32 - 1, 2**63 - 1, 2**63, 2**64 - 1)),
    "u32": (0, 2**32 - 1, (0, 1, 5, 31, 63, 64, 2**16, 2**31, 2**32 - 1)),
}
BINARY = ("+", "-", "*", "//", "%", "&", "|", "^", "<<", ">>", "==", "!=", "<", "<=", ">", ">=", "and", "or")
UNARY = ("~", "neg", "not")


def truncated(a: int, b: int) -> int:
    """C's division, written otherwise than in the reference."""
    return 0 if b == 0 else (abs(a) // abs(b)) * (1 if (a >= 0) == (b > 0) else -1)


EXPECTED = {
    "+": lambda a, b: a + b,
    "-": lambda a, b: a - b,
    "*": lambda a, b: a * b,
    "//": truncated,
    "%": lambda a, b: a - b * truncated(a, b) if b else 0,
    "&": lambda a, b: a & b,
    "|": lambda a, b: a | b,
    "^": lambda a, b: a ^ b,
    "<<": lambda a, b: a * 2**b if 0 <= b <= 63 else 0,
    ">>": lambda a, b: a // 2**b if 0 <= b <= 63 else 0,
    "==": lambda a, b: int(a == b),
    "!=": lambda a, b: int(a != b),
    "<": lambda a, b: int(a < b),
    "<=": lambda a, b: int(a <= b),
    ">": lambda a, b: int(a > b),
    ">=": lambda a, b: int(a >= b),
    "and": lambda a, b: int(a != 0 and b != 0),
    "or": lambda a, b: int(a != 0 or b != 0),
    "~": lambda a, b: -a - 1,
    "neg": lambda a, b: -a,
    "not": lambda a, b: int(a == 0),
}
U64 = 2**64 - 1


class Pairs:
    """A system whose states are all pairs of values, with properties about them."""

    def __init__(self, left: str, right: str) -> None:
        self.b = Builder(f"{left}-{right}")
        (lo, hi, self.left), (lo2, hi2, self.right) = RANGES[left], RANGES[right]
        constants = self.b.array("left", len(self.left), lo, hi, start=self.left)
        others = self.b.array("right", len(self.right), lo2, hi2, start=self.right)
        i, j = self.b.scalar("i", 0, len(self.left) - 1), self.b.scalar("j", 0, len(self.right) - 1)
        self.position = op("+", op("*", i[0], len(self.right)), j[0])
        self.x, self.y = constants[i[0]], others[j[0]]
        p = self.b.context("picker")
        first, second = p.local("first", 0, len(self.left)), p.local("second", 0, len(self.right))
        p.stop()
        p.choose(first, len(self.left))
        p.store(i, first)
        p.stop()
        p.choose(second, len(self.right))
        p.store(j, second)
        p.end()

    def expect(self, name: str, expression: ir.Expr, values: list[int], shift: int = 0) -> None:
        """The 64 bits of the expression from bit `shift` are those of the value for each pair."""
        table = self.b.array(name, len(values), 0, U64, start=[value >> shift & U64 for value in values])
        bits = ir.Wrap(64, False, op(">>", expression, shift) if shift else expression)
        self.b.property(name, "invariant", op("==", bits, table[self.position]))

    def violated(self) -> list[str]:
        """Which properties do not hold."""
        ts = self.b.build()
        result = agreed(ts)
        assert result.complete
        assert result.states >= len(self.left) * len(self.right)
        return [ts.properties[v.property].id for v in result.violations]


@pytest.mark.parametrize(
    ("left", "right"), [("s8", "s8"), ("s64", "s64"), ("u64", "u64"), ("u32", "s8"), ("s64", "u64")]
)
def test_operators_compute_what_python_does(left: str, right: str) -> None:
    pairs = Pairs(left, right)
    for name in (*BINARY, *UNARY):
        args = (pairs.x, pairs.y) if name in BINARY else (pairs.x,)
        values = [EXPECTED[name](a, b) for a, b in product(pairs.left, pairs.right)]
        pairs.expect(f"{name} low", op(name, *args), values)
        if name != "*" or "u64" not in (left, right):  # there the product has more than 128 bits
            pairs.expect(f"{name} high", op(name, *args), values, shift=63)
    assert pairs.violated() == []


def test_a_wrong_table_is_noticed() -> None:
    pairs = Pairs("s8", "s8")
    sums = [a + b for a, b in product(pairs.left, pairs.right)]
    pairs.expect("sum", op("+", pairs.x, pairs.y), [*sums[:-1], 0])
    assert pairs.violated() == ["sum"]


@pytest.mark.parametrize("bits", [1, 7, 8, 16, 31, 32, 63, 64])
def test_wrap_reduces_modulo_a_power_of_two(bits: int) -> None:
    pairs = Pairs("s64", "u64")
    total = op("+", pairs.x, pairs.y)
    sums = [a + b for a, b in product(pairs.left, pairs.right)]
    unsigned = [value % 2**bits for value in sums]
    signed = [value - 2**bits if value >= 2 ** (bits - 1) else value for value in unsigned]
    pairs.expect("unsigned", ir.Wrap(bits, False, total), unsigned)
    pairs.expect("signed", ir.Wrap(bits, True, total), signed)
    pairs.expect("sign", ir.Wrap(bits, True, total), signed, shift=63)
    assert pairs.violated() == []


def test_wrap_of_more_than_128_bits_is_exact() -> None:
    pairs = Pairs("u64", "u64")
    product_of_four = op("*", op("*", pairs.x, pairs.y), op("*", pairs.x, op("neg", pairs.y)))
    mixed = op("^", op("-", product_of_four, pairs.x), op("~", op("|", product_of_four, 1)))
    values = [((-(a * b * a * b)) - a) ^ ~((-(a * b * a * b)) | 1) for a, b in product(pairs.left, pairs.right)]
    pairs.expect("mixed", mixed, values)
    pairs.expect("shifted", op("<<", mixed, 3), [value << 3 for value in values])
    chosen = [value if a < b else a for value, (a, b) in zip(values, product(pairs.left, pairs.right), strict=True)]
    pairs.expect("chosen", op("?:", op("<", pairs.x, pairs.y), mixed, pairs.x), chosen)
    assert pairs.violated() == []


def test_wrap_of_a_constant_beyond_128_bits_is_exact() -> None:
    pairs = Pairs("u64", "u64")
    huge = 2**200 + 2**129 + 12345
    values = [a + huge for a, _ in product(pairs.left, pairs.right)]
    pairs.expect("sum", op("+", pairs.x, huge), values)
    assert pairs.violated() == []


@pytest.mark.parametrize("name", ["//", "%", ">>", "<"])
def test_an_expression_beyond_128_bits_is_refused(name: str) -> None:
    pairs = Pairs("u64", "u64")
    big = op("*", op("*", pairs.x, pairs.y), pairs.x)
    pairs.b.property("big", "invariant", ir.Wrap(32, False, op(name, big, pairs.y)))
    with pytest.raises(EngineError, match="computes with 128 bits and an expression of the model may need more"):
        search_native(pairs.b.build(), Limits(), None)


def test_a_conversion_to_more_than_64_bits_is_refused() -> None:
    pairs = Pairs("u64", "u64")
    pairs.b.property("wide", "invariant", ir.Wrap(100, False, op("neg", pairs.x)))
    with pytest.raises(EngineError, match="computes with 128 bits"):
        search_native(pairs.b.build(), Limits(), None)


def test_an_index_outside_its_field_reads_0_in_a_property() -> None:
    pairs = Pairs("s64", "u64")
    table = pairs.b.array("table", 2, 5, 6, start=[5, 6])
    for name, index, values in (("by x", pairs.x, pairs.left), ("by sum", op("+", pairs.x, pairs.y), None)):
        indices = [a if values else a + b for a, b in product(pairs.left, pairs.right)]
        pairs.expect(name, table[index], [{0: 5, 1: 6}.get(i, 0) for i in indices])
    assert pairs.violated() == []


def test_a_conditional_has_the_value_of_its_branch() -> None:
    pairs = Pairs("s64", "u64")
    value = op("?:", op("<", pairs.x, 1), pairs.x, pairs.y)
    pairs.expect("?:", value, [a if a < 1 else b for a, b in product(pairs.left, pairs.right)])
    pairs.expect("?: high", value, [a if a < 1 else b for a, b in product(pairs.left, pairs.right)], shift=63)
    assert pairs.violated() == []


@pytest.mark.parametrize(("name", "empty"), [("and", 1), ("or", 0)])
def test_and_or_take_any_number_of_arguments(name: str, empty: int) -> None:
    pairs = Pairs("s8", "s8")
    both = list(product(pairs.left, pairs.right))
    combine = all if name == "and" else any
    pairs.expect("three", op(name, pairs.x, pairs.y, 1), [int(combine((a, b, 1))) for a, b in both])
    pairs.expect("one", op(name, pairs.x), [int(a != 0) for a, _ in both])
    pairs.expect("none", op(name), [empty for _ in both])
    assert pairs.violated() == []


def test_the_reference_evaluates_the_same_expressions() -> None:
    interpreter = Interpreter(Builder("empty").build())
    for name in BINARY:
        for a, b in product(RANGES["s64"][2], RANGES["u64"][2]):
            assert interpreter.evaluate(op(name, a, b), ()) == EXPECTED[name](a, b)
