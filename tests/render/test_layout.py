"""Wrapping: no line is too long, nothing is lost."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from psockmc.render.layout import annotated, wrap

WORDS = st.lists(
    st.text(st.characters(codec="ascii", categories=["L", "N", "P"]), min_size=1, max_size=50), max_size=12
)


@given(WORDS, st.integers(10, 80), st.integers(0, 90), st.integers(0, 8))
def test_no_line_is_too_long_and_no_character_is_lost(words, width, indent, hanging):
    lines = wrap(" ".join(words), width, indent, hanging)
    assert max(map(len, lines)) <= width
    assert "".join("".join(lines).split()) == "".join(words)


@given(WORDS, WORDS, st.integers(10, 80), st.integers(0, 40))
def test_notes_are_kept(words, notes, width, indent):
    lines = annotated(" ".join(words), tuple(notes), width, indent)
    assert max(map(len, lines)) <= width
    expected = "".join(words) + ("//" + ",".join(notes) if notes else "")
    assert "".join("".join(lines).split()) == expected


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("write_lock_bh(sk.sk_callback_lock)", ["write_lock_bh(", "    sk.sk_callback_lock)"]),
        ("psock = sk_psock_get(sk0)", ["psock =", "    sk_psock_get(sk0)"]),
        ("return psock.progs.stream_verdict", ["return psock.progs.", "    stream_verdict"]),
        ("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", ["aaaaaaaaaaaaaaaaaaaa", "    aaaaaaaaaaaaaaaaaaa"]),
        ("", [""]),
    ],
)
def test_words_are_broken_at_the_best_place(text, lines):
    assert wrap(text, 24) == lines


def test_a_note_that_does_not_fit_goes_below():
    assert annotated("f(x)", ("refcnt 1 -> 0",), 23, 2) == ["  f(x)", "    // refcnt 1 -> 0"]
    assert annotated("f(x)", ("refcnt 1 -> 0",), 40, 2) == ["  f(x)  // refcnt 1 -> 0"]
