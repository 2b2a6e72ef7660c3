"""Diagnostics as text."""

from __future__ import annotations

import pytest

from psockmc.lang import Diagnostic, ModelErrors, load_source
from psockmc.lang.codes import CODES
from psockmc.lang.diagnostics import did_you_mean, listed
from psockmc.lang.tree import Span


def first(text: str) -> Diagnostic:
    with pytest.raises(ModelErrors) as caught:
        load_source(text)
    return caught.value.diagnostics[0]


def test_color_changes_nothing_but_colors() -> None:
    diagnostic = first("import os\n")
    colored = diagnostic.render(color=True)
    for code in ("\x1b[1;31m", "\x1b[1;34m", "\x1b[1m", "\x1b[0m"):
        assert code in colored
        colored = colored.replace(code, "")
    assert colored == diagnostic.render()


def test_carets_stand_below_the_text_behind_wide_characters() -> None:
    diagnostic = first('from psockmc.lang import user\n@user\ndef f() -> None:\n    x = "ä€😀" + y\n')
    assert diagnostic.span.column == 8
    lines = diagnostic.render().splitlines()
    assert lines[4].index("^") == lines[3].index('"ä')


def test_carets_count_characters_not_bytes() -> None:
    diagnostic = first("from psockmc.lang import user\n@user\ndef f() -> None:\n    ä = ö\n")
    assert (diagnostic.span.column, diagnostic.span.end_column) == (8, 9)


def test_a_span_over_several_lines_is_underlined_to_the_end_of_the_first() -> None:
    diagnostic = first(
        "from psockmc.lang import user\n@user\ndef f() -> None:\n    try:\n        pass\n    except X:\n        pass\n"
    )
    assert diagnostic.render().splitlines()[4].endswith("^^^^ try")


def test_tabs_take_one_column() -> None:
    diagnostic = first("from psockmc.lang import user\n@user\ndef f() -> None:\n\tx = y\n")
    lines = diagnostic.render().splitlines()
    assert lines[4].index("^") == lines[3].index("y")


def test_a_diagnostic_without_a_line_names_the_file() -> None:
    diagnostic = Diagnostic("E0002", "cannot read the file", Span("a.py", 0, 0, 0, 0), help="give another")
    assert diagnostic.render() == "error[E0002]: cannot read the file\n --> a.py\n  = help: give another"


def test_a_diagnostic_without_help_has_no_help_line() -> None:
    assert "help" not in Diagnostic("E0002", "x", Span("a.py", 0, 0, 0, 0)).render()


def test_errors_count_themselves() -> None:
    error = ModelErrors([Diagnostic("E0002", "x", Span("a.py", 0, 0, 0, 0))])
    assert error.render().endswith("1 error in the model")
    assert str(error) == error.render()


def test_one_bad_name_is_one_error() -> None:
    text = """
from psockmc.lang import Ptr, Struct, u32, user
class sock(Struct):
    n: u32
    bad: Nothing
@user
def f(sk: Ptr[sock]) -> None:
    x = unknown(sk)
    y = x.n + 1
    z = y
    if z:
        sk.n = z
    for i in range(z):
        pass
    sk.bad = 3
    w = sk.bad
    w.n = 2
"""
    with pytest.raises(ModelErrors) as caught:
        load_source(text)
    assert [(d.code, d.span.line) for d in caught.value.diagnostics] == [("E0201", 5), ("E0504", 8), ("E0404", 13)]


def test_did_you_mean_says_nothing_without_a_near_name() -> None:
    assert did_you_mean("spin_lokc", ["spin_lock", "kfree"]) == "did you mean `spin_lock`?"
    assert did_you_mean("zzz", ["spin_lock"]) == ""


def test_names_in_a_sentence() -> None:
    assert (listed([]), listed("a"), listed("abc")) == ("", "`a`", "`a`, `b` and `c`")


def test_every_code_has_a_sentence() -> None:
    assert len(CODES) >= 30
    assert all(sentence.endswith(".") for sentence in CODES.values())
