"""Witnesses as text and pictures: what is shown, and that boxes and labels do not cover each other."""

from __future__ import annotations

import itertools
import xml.etree.ElementTree as ElementTree
from collections.abc import Callable
from pathlib import Path

import pytest

from psockmc.litmus.answer import Options, Verdict, decide
from psockmc.litmus.forbidden import why_not
from psockmc.litmus.model import load_model
from psockmc.litmus.parser import parse
from psockmc.litmus.picture import Picture, picture_of, picture_of_cycle
from psockmc.litmus.witness import Nodes, flag_lines, witness_lines
from psockmc.render.litmus_layout import layout
from psockmc.render.litmus_svg import litmus_svg
from tests.litmus import examples

HERE = Path(__file__).parent
FILES = sorted([*HERE.glob("psock/*.litmus"), *list(HERE.glob("directed/*.litmus"))[::40]])
EXAMPLES = {name: text for name, text in vars(examples).items() if name.isupper() and name != "UNREACHABLE"}


def picture(text: str) -> Picture:
    answer = decide(parse(text), Options(model="6.1"))
    if answer.verdict is Verdict.SOMETIMES:
        assert answer.witness is not None
        return picture_of(load_model("6.1"), answer.witness.execution())
    explanation = why_not(answer).explanation
    assert explanation is not None
    return picture_of_cycle(explanation)


@pytest.mark.parametrize("name", ["MP", "RACE"])
def test_a_witness_stands_in_columns_with_its_relations(name: str, golden: Callable[[str, str], None]) -> None:
    answer = examples.answer(EXAMPLES[name])
    assert answer.witness is not None
    golden("\n".join([*witness_lines(answer.witness.execution()), ""]), f"witness-{name}.txt")


def test_a_data_race_is_told_by_its_two_accesses() -> None:
    raised = examples.answer(examples.RACE).flags["data-race"]
    assert flag_lines(raised.found.execution(), raised.flag) == [
        "data-race: nothing orders",
        "  a  P0  line 7   *x = 1    plain write of x",
        "  d  P1  line 17  r1 = *r0  plain read of x",
    ]


def test_one_operation_is_one_node() -> None:
    answer = examples.answer("C x\n\n{}\n\nP0(int *x) { int r0; r0 = xchg(x, 1); r0 = xchg(x, 2); }\n\nexists (x=2)\n")
    assert answer.witness is not None
    nodes = Nodes(answer.witness.execution())
    own = [node for node in nodes.all if node.thread == 0]
    assert [nodes.effect(node) for node in own] == ["R x=0, W x=1", "R x=1, W x=2"]


def test_an_allowed_execution_shows_rf_fr_and_what_is_preserved() -> None:
    shown = picture(examples.MP_FENCES.replace("\tsmp_rmb();\n", ""))
    letters = [node.letter for node in shown.nodes.all]
    arrows = {(arrow.label, letters[arrow.source], letters[arrow.target]) for arrow in shown.arrows}
    assert arrows == {("rf", "c", "d"), ("fr", "e", "a"), ("wmb", "a", "c")}


def test_a_data_race_is_drawn_between_its_accesses() -> None:
    shown = picture(examples.RACE)
    letters = [node.letter for node in shown.nodes.all]
    assert [(letters[a.source], letters[a.target]) for a in shown.arrows if a.sort == "race"] == [("a", "d")]


def test_a_cycle_is_marked() -> None:
    shown = picture(examples.MP_FENCES)
    assert {arrow.label for arrow in shown.arrows if arrow.cycle} == {"wmb", "rfe", "rmb", "fre"}


@pytest.mark.parametrize("name", ["MP_FENCES", "RCU"])
def test_a_picture_stays_as_it_is(name: str, golden: Callable[[str, str], None]) -> None:
    golden(litmus_svg(picture(EXAMPLES[name]), name, ["a note"]), f"picture-{name}.svg")


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_nothing_covers_a_box_and_everything_is_inside(path: Path) -> None:
    shown = picture(path.read_text(encoding="utf-8"))
    placed = layout(shown, 60)
    boxes = [box.place for box in placed.boxes]
    labels = [route.label for route in placed.routes if route.label]
    assert not any(one.overlaps(other) for one, other in itertools.combinations(boxes, 2))
    assert not any(label.overlaps(box) for label in labels for box in boxes)
    assert not any(one.overlaps(other) for one, other in itertools.combinations(labels, 2))
    for place in [*boxes, *labels]:
        assert place.left >= 0
        assert place.right <= placed.width
        assert place.top >= 0
        assert place.bottom <= placed.height


@pytest.mark.parametrize("name", EXAMPLES)
def test_a_picture_is_well_formed_and_has_every_statement(name: str) -> None:
    shown = picture(EXAMPLES[name])
    root = ElementTree.fromstring(litmus_svg(shown, "a < b & c", ["<&>"]))
    texts = {element.text for element in root.iter("{http://www.w3.org/2000/svg}text")}
    assert {"a < b & c", "<&>"} <= texts
    assert {shown.nodes.statement(node) for node in shown.nodes.all if node.thread >= 0} <= texts
