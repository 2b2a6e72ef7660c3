"""Whatever a file says, it gets an answer or an explanation of what is wrong with it."""

from __future__ import annotations

from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from psockmc.litmus.answer import Options, decide
from psockmc.litmus.parser import parse
from psockmc.litmus.problems import LitmusError

TEXTS = [path.read_text(encoding="utf-8") for path in sorted((Path(__file__).parent / "psock").glob("*.litmus"))]
PIECES = [
    *(
        "(",
        ")",
        "{",
        "}",
        ";",
        ",",
        ":",
        "*",
        "&",
        "=",
        "==",
        "!=",
        "-",
        "+",
        "<<",
        "%",
        "~",
        "/\\",
        "\\/",
        '"',
        "\0",
        "é",
    ),
    *(
        "if",
        "else",
        "while (1)",
        "do",
        "int",
        "NULL",
        "0",
        "1",
        "017",
        "0x1f",
        "x",
        "r1",
        "0:r1",
        "P1",
        "exists",
        "filter",
    ),
    *("(*", "*)", "/*", "*/", "//", "READ_ONCE", "smp_mb()", "spin_lock(l);", "rcu_read_lock();", "srcu_read_lock(s)"),
    *("cmpxchg(x, r1, r2)", "call_rcu(x, P1);", "refcount_dec_and_test(ref)", "*r1", "*x = r1 + 1;", "spin_trylock(l)"),
]


@st.composite
def damaged(draw: st.DrawFn) -> str:
    """A litmus test with pieces cut out, put in and repeated."""
    text = draw(st.sampled_from(TEXTS))
    for _ in range(draw(st.integers(1, 4))):
        at = draw(st.integers(0, len(text)))
        kind = draw(st.sampled_from(["cut", "put", "repeat"]))
        if kind == "cut":
            text = text[:at] + text[at + draw(st.integers(1, 8)) :]
        elif kind == "put":
            text = f"{text[:at]} {draw(st.sampled_from(PIECES))} {text[at:]}"
        else:
            other = draw(st.integers(0, len(text)))
            text = text[:at] + text[other : other + draw(st.integers(1, 30))] + text[at:]
    return text


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(text=damaged(), model=st.sampled_from(["6.1", "newest"]), counts=st.booleans())
def test_a_damaged_test_is_decided_or_explained(text: str, model: str, counts: bool) -> None:
    assert answered(text, Options(model=model, counts=counts, timeout=2))


def answered(text: str, options: Options) -> str:
    """The verdict, or what is wrong."""
    try:
        return decide(parse(text), options).verdict
    except LitmusError as error:
        return f"{error.summary()}\n{error.render()}"
