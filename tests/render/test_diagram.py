"""What a diagram shows, line by line."""

from __future__ import annotations

import re
from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st

from psockmc.explore.tracedata import Access, Change, Held, Trace
from psockmc.render import render
from psockmc.render.story import Detail, story
from tests.render.making import Maker
from tests.render.tracing import recorded


def body(trace: Trace, **options: object) -> list[str]:
    """The lines of a diagram between its headings and its footer."""
    lines = render(trace, **options).splitlines()  # type: ignore[arg-type]
    end = next(i for i, line in enumerate(lines) if line.startswith("  scenario:"))
    begin = max((i + 1 for i, line in enumerate(lines) if "----" in line), default=0)
    return lines[begin : end - 1]


def test_runs_that_only_read_are_folded():
    maker = Maker(1)
    for i in range(3):
        maker.step(0, f"x = obj.f{i}", reads=[f"obj0.f{i}"])
    maker.step(0, "obj.g = 1", changes=[("obj0.g", "0", "1")])
    assert body(maker.trace()) == ["  main0()", "    ...", "    obj.g = 1  // g 0 -> 1", "    ^ it fails"]


def test_one_statement_that_only_reads_is_shown():
    maker = Maker(1)
    maker.step(0, "x = obj.f", reads=["obj0.f"])
    maker.step(0, "obj.g = 1", changes=[("obj0.g", "0", "1")])
    assert body(maker.trace()) == ["  main0()", "    x = obj.f", "    obj.g = 1  // g 0 -> 1", "    ^ it fails"]


def test_a_read_of_what_another_context_writes_decides():
    maker = Maker(2)
    maker.step(0, "x = obj.f", reads=["obj0.f"])
    maker.step(0, "y = obj.h", reads=["obj0.h"])
    maker.step(0, "z = obj.h", reads=["obj0.h"])
    maker.step(1, "obj.f = 1", changes=[("obj0.f", "0", "1")])
    assert "    x = obj.f  // f is 0" in body(maker.trace())


def test_a_frame_is_printed_once_and_callees_are_indented():
    maker = Maker(1)
    inner = maker.call(0, 0, "f", "sk0")
    maker.step(0, "a", changes=[("obj0.a", "0", "1")])
    maker.step(inner, "b", changes=[("obj0.b", "0", "1")])
    maker.step(inner, "c", changes=[("obj0.c", "0", "1")])
    maker.step(0, "d", changes=[("obj0.d", "0", "1")])
    assert [line.split("  //")[0] for line in body(maker.trace())] == [
        "  main0()",
        "    a",
        "    f(sk0)",
        "      b",
        "      c",
        "    d",
        "    ^ it fails",
    ]


def test_a_second_call_is_a_second_frame():
    maker = Maker(1)
    maker.step(maker.call(0, 0, "f"), "a", changes=[("obj0.a", "0", "1")])
    maker.step(maker.call(0, 0, "f"), "a", changes=[("obj0.a", "1", "2")])
    assert [line.strip() for line in body(maker.trace())].count("f()") == 2


def test_calls_that_only_lead_on_are_left_out_below_the_first():
    maker = Maker(1)
    deep = maker.call(0, maker.call(0, maker.call(0, 0, "f"), "g"), "h")
    maker.step(deep, "a", changes=[("obj0.a", "0", "1")])
    assert [line.strip() for line in body(maker.trace())] == ["main0()", "h()", "a  // a 0 -> 1", "^ it fails"]
    assert "    f()" in body(maker.trace(), all_steps=True)


def test_a_blank_line_where_a_context_is_preempted():
    maker = Maker(2)
    maker.step(0, "a", changes=[("obj0.a", "0", "1")])
    maker.step(1, "b", changes=[("obj0.b", "0", "1")])
    maker.step(0, "c", changes=[("obj0.c", "0", "1")])
    lines = body(maker.trace())
    assert [i for i, line in enumerate(lines) if not line] == [2, 5]


def test_a_call_that_gives_null_says_so():
    maker = Maker(1)
    maker.step(maker.call(0, 0, "sk_psock", "sk0", result="NULL"), "a", changes=[("obj0.a", "0", "1")])
    assert "    sk_psock(sk0)  // returns NULL" in body(maker.trace())


def test_an_object_is_named_where_several_are_touched():
    maker = Maker(1)
    maker.step(0, "a", changes=[("sk0.f", "0", "1")])
    maker.step(0, "b", changes=[("sk1.f", "0", "1")])
    text = "\n".join(body(maker.trace()))
    assert "// sk0.f 0 -> 1" in text
    assert "// sk1.f 0 -> 1" in text


def test_contexts_without_steps_have_no_column():
    maker = Maker(3)
    maker.step(0, "a", changes=[("obj0.a", "0", "1")])
    maker.step(2, "b", changes=[("obj0.b", "0", "1")])
    first = render(maker.trace()).splitlines()[0]
    assert first.split() == ["CPU0", "(process:", "main0)", "CPU2", "(process:", "main2)"]


def test_four_contexts_are_a_list():
    maker = Maker(4)
    for i in range(4):
        maker.step(i, "a", changes=[("obj0.a", str(i), str(i + 1))])
    assert "  CPU2 |   a  // a 2 -> 3" in body(maker.trace())


def test_a_long_sentence_stands_below_its_caret():
    maker = Maker(2)
    maker.step(0, "a", changes=[("obj0.a", "0", "1")])
    maker.step(1, "b", changes=[("obj0.b", "0", "1")])
    lines = body(maker.trace("word " * 40))
    caret = next(i for i, line in enumerate(lines) if line.strip() == "^")
    assert lines[caret + 1].startswith("  word word")


def test_a_diagram_longer_than_a_screen_shows_what_matters():
    lines = body(recorded("long"))
    assert len(lines) < 25
    assert any("psock0 freed" in line for line in lines)
    assert not any("psock.own" in line for line in lines)


def alone_for_long() -> Maker:
    """One context that changes more than a screen shows."""
    maker = Maker(1)
    for i in range(50):
        maker.step(0, f"obj.f{i} = 1", changes=[(f"obj0.f{i}", "0", "1")])
    return maker


def test_what_a_context_does_alone_fills_a_screen_from_the_failure_back():
    lines = body(alone_for_long().trace())
    assert lines[:2] == ["  main0()", "    ..."]
    assert lines[-2:] == ["    obj.f49 = 1  // f49 0 -> 1", "    ^ it fails"]
    assert 30 <= len(lines) <= 40


def test_what_gave_a_failing_statement_its_numbers_is_shown_however_early():
    maker = alone_for_long()
    maker.steps[2] = replace(
        maker.steps[2],
        accesses=(Access("obj0.early", False, False, "7", 0),),
        locals=(Change("seen", "0", "7", "local", 0),),
    )
    maker.step(0, "check(seen == 0)")
    assert "    obj.f2 = 1  // f2 0 -> 1, early is 7" in body(maker.trace())


def test_a_lock_that_is_held_at_the_end_is_seen_to_be_taken_however_early():
    maker = alone_for_long()
    maker.steps[-1] = replace(maker.steps[-1], held=(Held(0, "obj0.lock", "write", 3),))
    assert "    obj.f2 = 1  // f2 0 -> 1" in body(maker.trace())


def test_a_ghost_that_the_violated_property_reads_is_told():
    maker = Maker(1)
    maker.step(0, "obj.g = 1")
    maker.steps[0] = replace(maker.steps[0], changes=(Change("obj0.g", "0", "1", "ghost", 0),))
    trace = maker.trace()
    read = replace(trace, failure=replace(trace.failure, cells=("obj0.g",)))
    assert "    obj.g = 1" in body(trace)
    assert "    obj.g = 1  // g 0 -> 1" in body(read)


def test_the_calls_around_what_fails_are_shown():
    maker = alone_for_long()
    inner = maker.call(0, maker.call(0, maker.call(0, maker.call(0, 0, "far"), "third"), "second"), "first")
    maker.step(inner, "fails")
    calls = [line.strip() for line in body(maker.trace()) if line.endswith("()")]
    assert calls == ["main0()", "third()", "second()", "first()"]


def wrapping(contexts: int, steps: int) -> Maker:
    """Statements that are much too long for a column."""
    maker = Maker(contexts)
    for i in range(steps):
        statement = f"WRITE_ONCE(a_long_name.of_a_field{i}, another_long_name.of_another_field)"
        maker.step(i % contexts, statement, changes=[("obj0.a", "0", "1")])
    return maker


def test_long_columns_that_wrap_much_are_a_list():
    assert any(line.startswith("  CPU2 |   WRITE_ONCE(a_long_name.") for line in body(wrapping(3, 30).trace()))
    assert any(line.startswith("  CPU1 |   WRITE_ONCE(a_long_name.") for line in body(wrapping(2, 60).trace()))


def test_shorter_columns_stay_however_much_they_wrap():
    assert not any("|" in line for line in body(wrapping(2, 10).trace()))


def test_it_says_how_many_steps_are_folded():
    shown = render(recorded("long"))
    assert re.search(r"folded: \d+ of \d+ steps \(--all-steps shows them\)", shown)
    assert "folded" not in render(recorded("long"), all_steps=True)


# ---------------------------------------------------------------- nothing is lost

IDENTIFIERS = st.from_regex(r"[a-z_][a-z0-9_.]{0,40}", fullmatch=True)
STATEMENTS = st.lists(IDENTIFIERS, min_size=1, max_size=5).map(" ".join)


@st.composite
def made_traces(draw: st.DrawFn) -> Trace:
    """Traces of one to five contexts with any texts."""
    maker = Maker(draw(st.integers(1, 5)))
    for _ in range(draw(st.integers(1, 12))):
        context = draw(st.integers(0, maker.contexts - 1))
        own = [c.number for c in maker.calls if c.context == context]
        call = draw(st.sampled_from(own))
        if draw(st.booleans()):
            call = maker.call(context, call, draw(IDENTIFIERS), draw(IDENTIFIERS))
        changes = draw(st.lists(st.tuples(IDENTIFIERS, IDENTIFIERS, IDENTIFIERS), max_size=2))
        maker.step(call, draw(STATEMENTS), reads=draw(st.lists(IDENTIFIERS, max_size=2)), changes=changes)
    return maker.trace(draw(STATEMENTS))


def dense(text: str) -> str:
    """The text without blanks."""
    return "".join(text.split())


def told(trace: Trace, declared: dict[str, str]) -> str:
    """Everything that the story of a trace says, without blanks. declared: abbreviations of prefixes, by prefix."""
    lines, _ = story(trace, Detail.EVERYTHING)
    texts = []
    for line in lines:
        text = line.text + (f"//{', '.join(line.notes)}" if line.notes else "")
        if declared and line.kind != "caret":
            text = re.sub(rf"\b({'|'.join(map(re.escape, declared))})(?=[a-z])", lambda m: declared[m.group(1)], text)
        texts.append(text)
    return dense("".join(texts))


@settings(max_examples=60, deadline=None)
@given(made_traces(), st.integers(40, 120))
def test_wrapping_loses_no_word_and_stays_within_the_width(trace, width):
    lines = render(trace, width=width, all_steps=True).splitlines()
    assert max(map(len, lines)) <= width
    end = next(i for i, line in enumerate(lines) if line.startswith("  scenario:"))
    if any("----" in line for line in lines):  # below the headings, which may be of several heights
        begin = max(i + 1 for i, line in enumerate(lines) if "----" in line)
        head = "".join(lines[: lines.index("")]) if lines[0].startswith("  (") else ""
        declared = {prefix: short for short, prefix in re.findall(r"(\w+) = (\w+)", head)}
        assert dense("".join(lines[begin:end])) == told(trace, declared)
    else:  # the list form: its headings end with the first blank line
        rows = [re.sub(r"^ +(CPU\d)? \|", "", line) for line in lines[lines.index("") + 1 : end]]
        assert dense("".join(rows)) == told(trace, {})


def test_shared_prefixes_are_abbreviated_in_three_columns_and_declared_once():
    maker = Maker(3)
    for context, name in enumerate(["sk_psock_skb_redirect", "sk_psock_verdict_apply", "sk_psock_queue_msg"]):
        maker.step(maker.call(context, context, name, "psock"), "a", changes=[("obj0.a", str(context), "9")])
        maker.step(context, "b", changes=[("obj0.b", str(context), "9")])
    lines = render(maker.trace()).splitlines()
    assert lines[0] == "  (sp_ = sk_psock_)"
    assert any("sp_skb_redirect(psock)" in line for line in lines)
    assert sum("sk_psock_" in line for line in lines) == 1
