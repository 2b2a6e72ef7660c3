"""The HTML page of a trace: what is in it, without a browser (test_html_browser.py opens it in one)."""

from __future__ import annotations

import base64
import hashlib
import json
import re
import time
from html.parser import HTMLParser

import pytest

from psockmc.explore.tracedata import Trace
from psockmc.render import render
from psockmc.render.html import html
from tests.render.making import Maker
from tests.render.tracing import CASES, recorded

HOSTILE = "</script><img src=x onerror=alert(1)><style>*{display:none}</style>\"'><script>alert(2)</script>&lt;"


class Page(HTMLParser):
    """The elements of a page, with their attributes, and the text of each that holds text only."""

    VOID = frozenset({"meta", "col", "input", "wbr"})

    def __init__(self, source: str) -> None:
        super().__init__(convert_charrefs=True)
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.texts: list[str] = []
        self.open: list[tuple[str, int]] = []
        self.feed(source)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        self.texts.append("")
        if tag not in self.VOID:
            self.open.append((tag, len(self.texts) - 1))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop()[0] == tag

    def handle_data(self, data: str) -> None:
        if self.open:
            self.texts[self.open[-1][1]] += data

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.elements if name == tag]

    def text(self, tag: str, **wanted: str) -> str:
        (found,) = (
            text
            for (name, attributes), text in zip(self.elements, self.texts, strict=True)
            if name == tag and wanted.items() <= attributes.items()
        )
        return found


def page(name: str) -> Page:
    return Page(render(recorded(name), "html"))


def hostile_trace(evil: str) -> Trace:
    """A trace in which every text ends in markup."""

    def spoil(value: object, key: str = "") -> object:
        if isinstance(value, dict):
            return {name: spoil(item, name) for name, item in value.items()}
        if isinstance(value, list):
            return [spoil(item, key) for item in value]
        fixed = {"format", "kind", "mode", "status", "what", "sections"}
        return value + evil if isinstance(value, str) and key not in fixed else value

    trace = recorded("use-after-free")
    return Trace.from_json(spoil(trace.to_json()))


def hostile(evil: str = HOSTILE) -> str:
    """Its page."""
    return render(hostile_trace(evil), "html")


@pytest.mark.parametrize("name", CASES)
def test_every_failure_has_a_well_formed_page(name):
    found = page(name)
    assert found.open == []
    assert found.text("h1") == recorded(name).failure.sentence


@pytest.mark.parametrize("name", CASES)
def test_a_page_names_nothing_on_the_network(name):
    source = render(recorded(name), "html")
    assert not re.search(r"https?:|//[a-z]+\.|@import|url\(", source)
    assert not [a for _, attributes in page(name).elements for a in attributes if a in ("src", "srcset", "style")]


def test_no_element_of_a_page_loads_anything():
    tags = {tag for tag, _ in page("use-after-free").elements}
    assert not tags & {"link", "img", "iframe", "object", "embed", "base", "audio", "video", "source"}


def test_the_policy_allows_the_own_style_and_script_and_nothing_else():
    found = page("use-after-free")
    (policy,) = (m["content"] for m in found.all("meta") if m.get("http-equiv") == "Content-Security-Policy")
    rules = dict(rule.strip().split(" ", 1) for rule in policy.split(";"))
    assert rules["default-src"] == "'none'"
    for tag in ("style", "script"):
        wanted = {} if tag == "style" else {"id": None}
        texts = [
            text
            for (name, attributes), text in zip(found.elements, found.texts, strict=True)
            if name == tag and attributes.get("id") == wanted.get("id")
        ]
        digests = [base64.b64encode(hashlib.sha256(text.encode()).digest()).decode() for text in texts]
        assert rules[f"{tag}-src"] == " ".join(f"'sha256-{digest}'" for digest in digests)
    assert "unsafe" not in policy


def test_the_policy_stands_before_what_it_governs():
    source = render(recorded("use-after-free"), "html")
    assert source.index("Content-Security-Policy") < source.index("<style>") < source.index("<script>")


def test_a_page_is_a_pure_function_of_its_trace():
    assert render(recorded("long"), "html") == render(recorded("long"), "html")


@pytest.mark.parametrize("name", CASES)
def test_each_step_is_one_row(name):
    steps = [int(row["data-step"]) for row in page(name).all("tr") if "data-step" in row]
    assert steps == [step.number for step in recorded(name).steps]


def test_every_row_has_a_cell_for_each_column():
    source = render(recorded("three-contexts"), "html")
    body = source[source.index("<tbody>") : source.index("</table>")]
    widths = set()
    for row in re.findall(r"<tr.*?</tr>", body, re.DOTALL):
        spans = map(int, re.findall(r'colspan="(\d+)"', row))
        widths.add(len(re.findall(r"<t[hd][ >]", row)) + sum(span - 1 for span in spans))
    assert len(widths) == 1


def test_markup_in_names_and_sentences_stays_text():
    clean, spoilt = Page(hostile("q")), Page(hostile())
    assert [tag for tag, _ in spoilt.elements if tag != "wbr"] == [tag for tag, _ in clean.elements if tag != "wbr"]
    assert HOSTILE in spoilt.text("h1")


def test_the_data_of_a_hostile_trace_is_json_that_ends_no_script():
    data = Page(hostile()).text("script", id="data")
    assert "<" not in data
    assert HOSTILE in json.loads(data)["cells"][0]["name"]


def test_a_loop_is_shown_where_it_begins_and_where_it_goes_back():
    maker = Maker(2)
    for number in range(6):
        maker.step(maker.roots[number % 2], f"work({number})", changes=[("x.a", str(number % 2), str(1 - number % 2))])
    trace = maker.trace("it goes round for ever")
    round_and_round = json.loads(json.dumps(trace.to_json())) | {"loop": 3}
    round_and_round["failure"] |= {"kind": "goal", "place": None}
    source = render(type(trace).from_json(round_and_round), "html")
    begins, back = source.index("from here on, for ever: steps 3 to 6"), source.index("and back to step 3")
    assert source.index('id="s2"') < begins < source.index('id="s3"') < source.index('id="s6"') < back


def test_the_life_of_the_blamed_object_leads_to_its_steps():
    trace = recorded("use-after-free")
    source = render(trace, "html")
    life = source[source.index("Lifetime of") : source.index("Where everybody is")]
    assert [int(number) for number in re.findall(r'href="#s(\d+)"', life)] == [
        *(event.step for event in trace.failure.life),
        len(trace.steps),
    ]


def test_the_reasons_are_shown_where_they_are_known():
    trace = recorded("use-after-free")
    assert "<h2>Why</h2>" not in html(trace)
    assert "<h2>Why</h2>\n<p>a &lt; b</p>\n<p>c</p>" in html(trace, ["a < b", "c"])


def test_who_waits_is_said_with_the_lock_and_its_holder():
    source = render(recorded("deadlock-grace-period"), "html")
    ends = source[source.index('id="where"') :]
    assert "waits for psock0.work_mutex, held by CPU0" in ends
    assert "waits for CPU1 " in ends


def test_the_page_without_a_script_shows_the_state_at_the_end():
    trace = recorded("use-after-free")
    end = {cell.name: cell.initial for cell in trace.cells}
    for step in trace.steps:
        end |= {change.cell: change.new for change in step.changes}
    source = render(trace, "html")
    data = json.loads(Page(source).text("script", id="data"))
    shown = re.findall(r'data-cell="(\d+)".*?<td>(.*?)</td>', source)
    assert {data["cells"][int(index)]["name"]: value for index, value in shown} == {
        name: value.replace(">", "&gt;") for name, value in end.items()
    }


def long_run(steps: int) -> str:
    """The page of a run of two contexts that take turns, with changes all the time."""
    maker = Maker(2)
    for number in range(steps):
        cell, root = f"psock{number % 9}.x", maker.roots[number // 7 % 2]
        maker.step(root, f"WRITE_ONCE(psock.x, {number})", changes=[(cell, str(number), str(number + 9))])
    return render(maker.trace(), "html")


def test_a_run_of_5000_steps_has_5000_rows():
    before = time.perf_counter()
    source = long_run(5000)
    assert source.count(" data-step=") == 5000
    assert time.perf_counter() - before < 60
