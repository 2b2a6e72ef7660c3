"""Pictures of rings: every mark, as text and SVG, in golden files that a person has looked at."""

from __future__ import annotations

from xml.etree import ElementTree

import pytest

from psockmc.prove.plain_ring import Ring
from psockmc.render.ring import Panel, RingChange, RingPicture, SlotPicture, faults, picture_of, ring_text
from psockmc.render.ring_svg import ring_svg

SIZE = "R3: the size is the sum of the lengths of the elements"
CONTENT = "content: every byte that stays keeps its content and its position"


def change(ring: Ring, operation: str, claim: str = "", **arguments: int) -> RingChange:
    """Run the operation on the ring and draw it."""
    before = picture_of(ring)
    result = getattr(ring, operation)(*arguments.values())
    return RingChange(operation, arguments, (Panel("msg", before, picture_of(ring)),), claim, result)


def full_ring() -> RingChange:
    ring = Ring(frags=4, elements=[(page, 0, 2, page == 2) for page in (1, 2, 3, 4)])
    return change(ring, "bpf_msg_push_data", SIZE, start=8, len=3)


def many_slots() -> RingChange:
    elements = [(page, 0, 19 + page, page % 3 == 1) for page in range(1, 10)]
    ring = Ring(frags=17, start=14, elements=elements, bugs=["pop-data-several"])
    return change(ring, "bpf_msg_pop_data", CONTENT, start=25, len=60)


def chained() -> RingChange:
    ring = Ring(frags=4, start=3, elements=[(1, 0, 2, False), (2, 0, 2, False), (3, 0, 2, False)])
    before = picture_of(ring)
    ring.tls_push_record(tls13=True)
    return RingChange("tls_push_record", {}, (Panel("msg", before, picture_of(ring)),))


def unfinished() -> RingChange:
    ring = Ring(frags=3, start=1, elements=[(1, 0, 2, False)], bugs=["pop-data-bounds-u32-wrap"])
    return RingChange(
        "bpf_msg_pop_data",
        {"start": 0, "len": 2**32 - 1},
        (Panel("msg", picture_of(ring), None),),
        "pointer: NULL is not used",
    )


def two_rings() -> RingChange:
    source = Ring(frags=3, start=2, elements=[(1, 0, 4, True), (2, 0, 4, False)])
    target = Ring(frags=3, start=2, memory=source.memory, sk=source.sk)
    before = picture_of(target), picture_of(source)
    target.sk_msg_xfer(source, 2, 3)
    panels = (Panel("dst", before[0], picture_of(target)), Panel("src", before[1], picture_of(source)))
    return RingChange("sk_msg_xfer", {"which": 2, "size": 3}, panels)


CHANGES = {"full": full_ring, "many": many_slots, "chained": chained, "unfinished": unfinished, "two": two_rings}


@pytest.mark.parametrize("name", CHANGES)
def test_each_change_as_text(name, golden):
    golden(ring_text(CHANGES[name]()), f"ring.{name}.txt")


@pytest.mark.parametrize("name", CHANGES)
def test_each_change_as_svg(name, golden):
    golden(ring_svg(CHANGES[name]()), f"ring.{name}.svg")


@pytest.mark.parametrize("name", CHANGES)
def test_each_svg_is_well_formed_and_described(name):
    root = ElementTree.fromstring(ring_svg(CHANGES[name]()))
    described = root.findtext("{http://www.w3.org/2000/svg}desc")
    assert described == ring_text(CHANGES[name]())


@pytest.mark.parametrize("width", [40, 72])
def test_text_keeps_to_its_width(width):
    assert all(len(line) <= width for line in ring_text(many_slots(), width).splitlines())


def picture(**changes: object) -> RingPicture:
    """A ring of 3 fragments with elements in slots 1 and 2, and changes."""
    slots = (SlotPicture(), SlotPicture(1, 0, 4), SlotPicture(2, 0, 4), SlotPicture(), SlotPicture())
    fields: dict[str, object] = {"start": 1, "end": 3, "curr": 2, "copybreak": 4, "size": 8, "slots": slots}
    return RingPicture(3, **{**fields, **changes})  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({}, None),
        ({"size": 9}, "size is 9, the elements have 8 bytes"),
        ({"curr": 0}, "curr is outside the message"),
        ({"copybreak": 5}, "copybreak is 5, beyond slot 2"),
        ({"curr": 3}, "copybreak is 4, beyond slot 3"),
        ({"end": 7}, "end is 7, no slot of the ring"),
        ({"end": 0}, "slot 3 in the message without bytes"),
    ],
)
def test_a_picture_says_what_is_broken(changes, sentence):
    found = faults(picture(**changes)).sentences
    assert found == (() if sentence is None else (sentence,))


def test_a_copy_bit_outside_the_message_is_broken():
    slots = (SlotPicture(copy=True), *picture().slots[1:])
    assert faults(picture(slots=slots)).sentences == ("the copy bit of slot 0 outside the message is set",)
