"""The picture of a trace."""

from __future__ import annotations

import re
from xml.etree import ElementTree

import pytest

from psockmc.render import render
from psockmc.render.svg import CHARACTER
from psockmc.render.trace_svg import MOST_STEPS, WIDTH
from tests.render.making import Maker
from tests.render.test_html import HOSTILE, hostile_trace
from tests.render.tracing import CASES, recorded

SVG = "{http://www.w3.org/2000/svg}"


def texts(picture: str, kind: str) -> list[ElementTree.Element]:
    root = ElementTree.fromstring(picture)
    return [e for e in root.iter(f"{SVG}text") if kind in (e.get("class") or "").split()]


def words(element: ElementTree.Element) -> str:
    return "".join(element.itertext())


@pytest.mark.parametrize("name", CASES)
def test_every_failure_has_a_picture(name):
    picture = render(recorded(name), "svg")
    shown = " ".join(words(e) for e in texts(picture, "title"))
    assert shown == recorded(name).failure.sentence
    assert not re.search(r"https?:", picture.replace('xmlns="http://www.w3.org/2000/svg"', ""))


@pytest.mark.parametrize("name", CASES)
def test_no_code_runs_out_of_the_picture(name):
    for kind in ("code", "note"):
        for element in texts(render(recorded(name), "svg"), kind):
            assert float(element.get("x", "0")) + CHARACTER * len(words(element)) <= WIDTH


def test_the_last_sixty_steps_are_drawn():
    maker = Maker(2)
    for number in range(150):
        maker.step(maker.roots[number % 2], f"work({number})", changes=[("x.a", str(number), str(number + 1))])
    picture = render(maker.trace(), "svg")
    numbers = [int(words(e)) for e in texts(picture, "number")]
    assert numbers == list(range(151 - MOST_STEPS, 151))
    assert words(texts(picture, "dim")[0]) == "... 90 steps before"


def test_what_decides_nothing_is_folded():
    trace = recorded("use-after-free")
    numbers = [int(words(e)) for e in texts(render(trace, "svg"), "number")]
    assert numbers == sorted(set(numbers))
    assert numbers[-1] == len(trace.steps)
    assert any(words(e) == "..." for e in texts(render(recorded("long"), "svg"), "code"))


def test_locks_that_are_held_have_a_bar_with_the_digit_of_the_owner():
    picture = render(recorded("deadlock-three-locks"), "svg")
    assert sorted({words(e) for e in texts(picture, "owner")}) == ["0", "1", "2"]
    assert picture.count('class="wanted"') >= 3


def test_markup_in_names_and_sentences_stays_text():
    picture = render(hostile_trace(HOSTILE), "svg")
    tags = {element.tag for element in ElementTree.fromstring(picture).iter()}
    assert f"{SVG}script" not in tags
    assert f"{SVG}img" not in tags


def test_it_follows_light_and_dark():
    assert "@media (prefers-color-scheme:dark)" in render(recorded("leak"), "svg")


def test_a_context_that_is_over_has_no_line_any_more():
    trace = recorded("three-contexts")
    picture = render(trace, "svg")
    over = next(s.number for s in trace.steps if any(i.context == 0 and i.status == "done" for i in s.intents))
    assert over == max(s.number for s in trace.steps if s.context == 0)
    assert 'class="in c0"' not in picture


def test_names_of_locks_do_not_push_the_columns_down():
    long = next(iter(texts(render(recorded("use-after-free"), "svg"), "lane")))
    top = float(re.search(r"translate\([\d.]+,([\d.]+)\)", long.get("transform", ""))[1])
    assert top < 140
