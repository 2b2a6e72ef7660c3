"""The HTML page of a trace in a real browser: keys, themes, no scripts, nothing asked for, nothing executed."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from psockmc.render import render
from tests.render.chromium import BINARY, DARK, LIGHT, WORST_CONTRAST, driven, framed, run, visit
from tests.render.making import Maker
from tests.render.test_html import hostile, long_run
from tests.render.tracing import recorded

pytestmark = pytest.mark.skipif(BINARY is None, reason="no chromium here: apt-get install chromium")


def report(name: str, script: str, folder: Path, fragment: str = "") -> Any:
    """What a driver finds on the page of a recorded trace."""
    return visit(driven(render(recorded(name), "html"), script), folder, fragment=fragment).report()


@pytest.mark.parametrize("name", ["use-after-free", "deadlock-three-locks", "lost-wakeup"])
def test_a_page_asks_for_nothing_and_its_console_stays_empty(name, tmp_path):
    seen = visit(render(recorded(name), "html"), tmp_path)
    assert "tools" in seen.dom
    assert seen.requests == []
    assert seen.messages == []


def test_the_policy_is_in_force(tmp_path):
    page = render(recorded("use-after-free"), "html").replace("</main>", "<script>document.title = 1</script></main>")
    seen = visit(page, tmp_path)
    assert "<title>1</title>" not in seen.dom
    assert any("Content Security Policy" in message for message in seen.messages)


def test_a_hostile_trace_executes_nothing(tmp_path):
    seen = visit(driven(hostile(), 'press("j"); press("k"); return document.images.length;'), tmp_path)
    assert seen.report() == 0
    assert seen.messages == []
    assert seen.requests == []


def test_j_and_k_go_from_step_to_step(tmp_path):
    script = 'press("f"); const a = []; for (const key of "kkkj") { press(key); a.push(Number(now())); } return a;'
    last = len(recorded("use-after-free").steps)
    assert report("use-after-free", script, tmp_path) == [last - 1, last - 2, last - 3, last - 2]


def test_n_and_p_go_from_one_context_switch_to_the_next(tmp_path):
    steps = recorded("three-contexts").steps
    switches = [s.number for s in steps if s.number == 1 or steps[s.number - 2].context != s.context]
    script = (
        'const a = [], b = []; for (let i = 0; i < 30; i++) { press("p"); b.unshift(Number(now())); }'
        ' a.push(Number(now())); for (let i = 0; i < 30; i++) { press("n"); a.push(Number(now())); } return a;'
    )
    found = report("three-contexts", script, tmp_path)
    assert isinstance(found, list)
    assert sorted(set(found)) == switches


def test_brackets_go_to_the_writes_of_the_picked_field(tmp_path):
    trace = recorded("use-after-free")
    cell = next(c.cell for s in trace.steps for c in s.changes if c.kind == "value")
    index = [c.name for c in trace.cells].index(cell)
    wanted = [
        s.number
        for s in trace.steps
        if any(c.cell == cell for c in s.changes) or any(a.cell == cell and a.write for a in s.accesses)
    ]
    script = (
        f'document.querySelector("tr[data-cell=\\"{index}\\"] button").click(); const a = [];'
        'for (let i = 0; i < 20; i++) { press("["); a.push(Number(now())); }'
        'for (let i = 0; i < 20; i++) { press("]"); a.push(Number(now())); }'
        'return [a, document.querySelectorAll("tr[data-access=W]").length];'
    )
    visited, marked = report("use-after-free", script, tmp_path)
    assert sorted(set(visited) & set(wanted)) == wanted
    assert set(visited) <= {*wanted, len(trace.steps)}
    assert marked == len(wanted)


def test_g_goes_to_a_step_by_its_number(tmp_path):
    script = (
        'press("g"); const there = document.activeElement.id; $("goto").value = "3";'
        'press("Enter", $("goto")); return [there, now(), location.hash];'
    )
    assert report("use-after-free", script, tmp_path) == ["goto", "3", "#s3"]


def test_f_folds_and_unfolds(tmp_path):
    script = (
        'const shown = () => [...document.querySelectorAll("tr[data-step]")].filter((r) => r.offsetHeight).length;'
        'const a = [shown()]; press("f"); a.push(shown()); press("f"); a.push(shown()); return a;'
    )
    folded, unfolded, again = report("long", script, tmp_path)
    assert folded < unfolded == len(recorded("long").steps)
    assert again == folded


def test_t_turns_the_theme_and_question_mark_shows_the_keys(tmp_path):
    script = (
        "const paper = () => getComputedStyle(document.body).backgroundColor; const a = [paper()];"
        'press("t"); a.push(paper()); press("?"); a.push($("help").open); press("?"); a.push($("help").open); return a;'
    )
    light, dark, shown, hidden = report("leak", script, tmp_path)
    assert light == "rgb(255, 255, 255)"
    assert dark != light
    assert (shown, hidden) == (True, False)


def test_the_address_names_the_step(tmp_path):
    script = 'return [now(), $("after").textContent];'
    assert report("use-after-free", script, tmp_path, "#s4") == ["4", "after step 4"]


def test_a_step_is_read_aloud(tmp_path):
    script = 'press("p"); return [$("live").getAttribute("aria-live"), $("live").textContent];'
    polite, sentence = report("use-after-free", script, tmp_path)
    assert polite == "polite"
    assert re.match(r"Step \d+ of \d+, CPU\d in \w+: ", sentence)


def test_the_state_is_that_after_the_step(tmp_path):
    trace = recorded("use-after-free")
    script = (
        'press("f"); const a = [];'
        'for (let i = 1; i <= document.querySelectorAll("tr[data-step]").length; i++) {'
        '$("goto").value = i; press("Enter", $("goto"));'
        'a.push([...document.querySelectorAll("tr[data-cell]")].map((r) =>'
        '[Number(r.dataset.cell), r.querySelector("td").textContent.replace(/ \\(was .*/, "")]));} return a;'
    )
    states = report("use-after-free", script, tmp_path)
    assert isinstance(states, list)
    values = {cell.name: cell.initial for cell in trace.cells}
    for step, shown in zip(trace.steps, states, strict=True):
        values |= {change.cell: change.new for change in step.changes}
        assert {list(values)[index]: value for index, value in shown} == values


def test_behind_the_last_step_a_loop_begins_again(tmp_path):
    maker = Maker(1)
    for number in range(5):
        maker.step(maker.roots[0], f"work({number})", changes=[("x.a", str(number), str(number + 1))])
    data = maker.trace().to_json() | {"loop": 3}
    data["failure"] |= {"kind": "goal", "place": None}
    page = render(type(maker.trace()).from_json(json.loads(json.dumps(data))), "html")
    assert visit(driven(page, 'press("j"); return now();'), tmp_path).report() == "3"


OPEN_ALL = """
press("f"); press("p"); document.querySelectorAll("details").forEach((d) => { d.open = true; });
document.querySelector("tr[data-cell] button").click(); $("help").show();
"""


@pytest.mark.parametrize("theme", [LIGHT, DARK])
@pytest.mark.parametrize("name", ["use-after-free", "lost-wakeup", "deadlock-three-locks"])
def test_every_text_has_a_contrast_of_4_5_to_1(name, theme, tmp_path):
    page = driven(render(recorded(name), "html"), OPEN_ALL + WORST_CONTRAST)
    ratio, where = visit(page, tmp_path, theme=theme).report()
    assert ratio >= 4.5, where


def test_without_scripts_every_step_and_the_state_at_the_end_are_shown(tmp_path):
    page = render(recorded("long"), "html")
    script = (
        'const inner = document.querySelector("iframe").contentDocument;'
        "const shown = (what) => [...inner.querySelectorAll(what)].filter((e) => e.offsetHeight).length;"
        'return [shown("tr[data-step]"), shown("tr.fold"), shown("button[data-key]"), shown("#live"),'
        ' shown("tr[data-cell]") > 0, inner.documentElement.className];'
    )
    steps = len(recorded("long").steps)
    assert visit(framed(page, script), tmp_path).report() == [steps, 0, 0, 0, True, ""]


def test_a_page_can_be_printed(tmp_path):
    pdf = tmp_path / "page.pdf"
    run(render(recorded("long"), "html"), tmp_path, "", DARK, f"--print-to-pdf={pdf}")
    assert pdf.read_bytes().startswith(b"%PDF")


def test_5000_steps_open_soon(tmp_path):  # in about a second; a machine that is busy may take longer
    script = (
        "document.body.offsetHeight; const [entry] = performance.getEntriesByType('navigation');"
        "return performance.now() - entry.responseStart;"
    )
    assert visit(driven(long_run(5000), script), tmp_path).report() < 5000
