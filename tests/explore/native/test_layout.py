"""States are packed without loss, tightly, and in an order that keeps together what is used together."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from psockmc.explore.native.errors import EngineError
from psockmc.explore.native.layout import Layout, Place, lay_out, width
from psockmc.explore.native.reach import reach
from psockmc.ir import system as ir
from tests.explore.native.random_systems import systems
from tests.explore.native.systems import Builder

FEW = settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])


def written(b: Builder) -> Builder:
    """Make every field of the system variable: a context stores its least and its greatest value."""
    p = b.context("writer")
    p.stop()
    for number, field in enumerate(b.fields):
        for value in (field.lo, field.hi):
            p.emit(ir.Store(number, ir.Const(0), ir.Const(value)))
    p.end()
    return b


def laid_out(b: Builder) -> Layout:
    ts = b.build()
    return lay_out(ts, reach(ts))


@FEW
@given(systems(), st.data())
def test_unpack_gives_back_what_pack_took(ts: ir.TransitionSystem, data: st.DataObject) -> None:
    layout = lay_out(ts, reach(ts))
    state = tuple(data.draw(st.integers(place.lo, place.hi)) for place in layout.places)
    assert layout.unpack(layout.pack(state)) == state


@FEW
@given(systems())
def test_cells_neither_overlap_nor_straddle_words(ts: ir.TransitionSystem) -> None:
    layout = lay_out(ts, reach(ts))
    used = [0] * layout.words
    for place in layout.places:
        assert place.shift + place.bits <= 64
        assert used[place.word] & place.mask == 0
        used[place.word] |= place.mask


@FEW
@given(systems())
def test_the_stored_bytes_hold_all_bits(ts: ir.TransitionSystem) -> None:
    layout = lay_out(ts, reach(ts))
    assert layout.stride % 4 == 0
    assert all(
        8 * place.word + (place.shift + place.bits + 7) // 8 <= layout.stride for place in layout.places if place.bits
    )


def test_a_value_outside_its_cell_is_an_internal_error() -> None:
    layout = Layout((Place(0, 0, 2, 0, 3),), 1, 4)
    with pytest.raises(EngineError, match="internal error: the value 4 does not fit"):
        layout.pack((4,))


@pytest.mark.parametrize(
    ("lo", "hi", "bits"), [(0, 0, 0), (0, 1, 1), (3, 6, 2), (-1, 1, 2), (0, 2**64 - 1, 64), (5, 5, 0)]
)
def test_a_cell_takes_the_bits_that_its_values_need(lo: int, hi: int, bits: int) -> None:
    assert width(lo, hi) == bits


def test_a_field_that_nobody_writes_takes_no_bits() -> None:
    b = Builder("constants")
    b.array("c", 3, 0, 255, start=[7, 8, 9])
    written(b)
    b.array("d", 2, 0, 255, start=[1, 2])
    layout = laid_out(b)
    assert [place.bits for place in layout.places[:5]] == [8, 8, 8, 0, 0]
    assert [place.lo for place in layout.places[3:5]] == [1, 2]


def test_a_field_that_a_free_resets_to_another_value_is_stored() -> None:
    b = Builder("free")
    pool = b.pool("obj", 1, {"same": (0, 3, 2), "other": (0, 3, 2)}, live=1)
    b.initial[b.fields[pool.other.number].base] = 3
    p = b.context("A")
    p.stop()
    p.free(1, pool)
    p.end()
    layout = laid_out(b)
    assert layout.places[b.fields[pool.same.number].base].bits == 0
    assert layout.places[b.fields[pool.other.number].base].bits == 1  # 2 or 3


def test_the_cells_of_a_field_follow_each_other() -> None:
    b = Builder("array")
    b.scalar("first", 0, 1)
    b.array("a", 5, 0, 6)
    layout = laid_out(written(b))
    cells = layout.places[1:6]
    assert {place.word for place in cells} == {cells[0].word}
    assert [place.shift - cells[0].shift for place in cells] == [0, 3, 6, 9, 12]


def test_a_field_longer_than_a_word_is_split_between_cells() -> None:
    b = Builder("long")
    b.array("a", 5, 0, 2**30 - 1)
    layout = laid_out(written(b))
    assert sorted({place.word for place in layout.places[:5]}) == [0, 1, 2]


def test_a_cell_wider_than_a_word_is_refused() -> None:
    b = Builder("wide")
    b.scalar("x", -1, 2**64 - 1)
    with pytest.raises(EngineError, match=r"x\[0\] needs 65: give it a smaller range"):
        laid_out(written(b))
