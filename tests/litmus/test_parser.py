"""What litmus files may look like, and what is said about those that are none."""

from __future__ import annotations

import re
from pathlib import Path
from textwrap import dedent

import pytest

from psockmc.litmus import problems
from psockmc.litmus.check import check_calls
from psockmc.litmus.definitions import definitions
from psockmc.litmus.parser import parse
from psockmc.litmus.problems import LitmusError
from psockmc.litmus.syntax import (
    And,
    Assign,
    Binary,
    Block,
    Call,
    Deref,
    Equal,
    Evaluate,
    If,
    Memory,
    Name,
    Not,
    Number,
    Or,
    Register,
    Store,
    While,
)
from psockmc.litmus.syntax import Test as LitmusTest


def litmus(body: str = "", *, initial: str = "", parameters: str = "int *x", end: str = "exists (x=0)") -> LitmusTest:
    return parse(f"C t\n{{ {initial} }}\nP0({parameters})\n{{\n{body}\n}}\n{end}\n")


def body_of(body: str) -> Block:
    return litmus(body).threads[0].body


def refused(body: str) -> list[str]:
    with pytest.raises(LitmusError) as caught:
        litmus(body)
    return [p.message for p in caught.value.problems]


# ---------------------------------------------------------------- header, initial values, condition


def test_comments_nest_outside_of_threads() -> None:
    text = "C t\n(* a (* { *) b *)\n{ (* x=1; *) x=2; }\nP0(int *x) { /* } */ // }\n }\n(* c *) exists (* d *) (x=2)\n"
    assert parse(text).initial == {"x": 2}


def test_the_header_states_model_and_result() -> None:
    test = parse("C t\n(*\n * Result: Never\n * Model: newest\n *)\n{}\nP0(int *x) { }\nexists (x=1)\n")
    assert (test.expected, test.model) == ("Never", "newest")


@pytest.mark.parametrize(
    ("entry", "value"),
    [
        ("x=1;", 1),
        ("int x = -1;", -1),
        ("x=0x10;", 16),
        ("atomic_t x = ATOMIC_INIT(3);", 3),
        ("refcount_t x = REFCOUNT_INIT(2);", 2),
        ("int *x = &y;", "&y"),
        ("x=y;", "&y"),
        ("int **x = NULL;", 0),
        ("spinlock_t x;", 0),
        ("[x]=1", 1),
    ],
)
def test_initial_values(entry: str, value: object) -> None:
    assert litmus(initial=entry).initial["x"] == value


def test_registers_have_initial_values() -> None:
    assert litmus(initial="0:r1=x; 0:int r2=3;").registers == {0: {"r1": "&x", "r2": 3}}


def test_a_condition_has_the_precedence_of_herd() -> None:
    r1 = Equal(Register(0, "r1"), 1)
    test = litmus("int r1;", end=r"exists (x=1 \/ ~0:r1=1 /\ 0:r1=0:r1)")
    right = And((Not(r1), Equal(Register(0, "r1"), Register(0, "r1"))))
    assert test.condition == Or((Equal(Memory("x"), 1), right))


def test_states_show_locations_and_the_condition() -> None:
    test = litmus("int r1; int r2;", end="locations [0:r1; x]\nfilter (0:r1=1)\nexists (0:r2=1)")
    assert test.shown == (Register(0, "r1"), Memory("x"), Register(0, "r2"))
    assert test.filter == Equal(Register(0, "r1"), 1)


@pytest.mark.parametrize("quantifier", ["exists", "forall", "~exists"])
def test_quantifiers(quantifier: str) -> None:
    assert litmus(end=f"{quantifier} (x=1)").quantifier == quantifier


# ---------------------------------------------------------------- code


def test_declarations_make_assignments_of_their_initialisers() -> None:
    (first,) = body_of("int r1, *r2 = x; struct foo *r3;")
    assert isinstance(first, Assign)
    assert first.register == "r2"
    assert litmus("int r1, *r2 = x; struct foo *r3;").threads[0].declared == {"r1", "r2", "r3"}


def test_operators_bind_as_in_c() -> None:
    (statement,) = body_of("r = 1 | 2 & 3 == 4 + 5 * 6;")
    assert isinstance(statement, Assign)
    value = statement.value
    operators = []
    while isinstance(value, Binary):
        operators.append(value.op)
        value = value.right
    assert operators == ["|", "&", "==", "+", "*"]


def test_casts_mean_nothing() -> None:
    (statement,) = body_of("r = (int)READ_ONCE(*(struct foo **)x);")
    assert isinstance(statement, Assign)
    assert isinstance(statement.value, Call)
    assert isinstance(statement.value.arguments[0], Deref)


def test_a_name_in_parentheses_is_no_cast() -> None:
    (statement,) = body_of("r = (y) + 1;")
    assert isinstance(statement, Assign)
    assert isinstance(statement.value, Binary)
    assert isinstance(statement.value.left, Name)


def test_negation_is_a_comparison_with_zero() -> None:
    (statement,) = body_of("if (!r) *x = -1;")
    assert isinstance(statement, If)
    assert isinstance(statement.condition, Binary)
    assert (statement.condition.op, statement.condition.right[:1]) == ("==", (0,))
    (store,) = statement.then
    assert isinstance(store, Store)
    assert isinstance(store.value, Binary)


def test_else_belongs_to_the_nearest_if() -> None:
    (outer,) = body_of("if (a) if (b) r = 1; else r = 2;")
    assert isinstance(outer, If)
    assert outer.otherwise == ()
    (inner,) = outer.then
    assert isinstance(inner, If)
    assert len(inner.otherwise) == 1


def test_loops() -> None:
    first, second = body_of("while (r) r = 0; do { r = 1; } while (r == 0);")
    assert isinstance(first, While)
    assert isinstance(second, While)
    assert (first.at_least_once, second.at_least_once) == (False, True)


def test_positions_are_those_of_the_statement() -> None:
    test = litmus("\tsmp_mb();")
    (statement,) = test.threads[0].body
    assert isinstance(statement, Evaluate)
    assert test.source.text[statement.start : statement.end] == "smp_mb();"
    assert test.source.span(statement.start, statement.end) == (5, 1, 10)


def test_null_is_zero() -> None:
    (statement,) = body_of("r = NULL;")
    assert isinstance(statement, Assign)
    assert isinstance(statement.value, Number)
    assert statement.value.value == 0


# ---------------------------------------------------------------- refusals


def test_every_wrong_statement_is_reported() -> None:
    assert len(refused("r1 = ;\n r2 = READ_ONCE(*x);\n r3 = 1 && 2;\n if (r4 { }\n for (;;) ;")) >= 4


@pytest.mark.parametrize("operator", ["&&", "||", "->", ".", "?"])
def test_operators_outside_of_the_dialect_are_named(operator: str) -> None:
    assert refused(f"r1 = r2 {operator} r3;") == [f"`{operator}` is not part of the litmus dialect"]


def test_statements_without_effect_are_refused() -> None:
    assert refused("(r1);") == ["this statement has no effect"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("X86 t\n{}\n", "a C litmus test begins with a line `C name`"),
        ("C t\nP0(int *x)\n", "there are no initial values `{ ... }`"),
        ("C t\n{}\nexists (x=1)\n", "there is no thread"),
        ("C t\n(* {}\n", "this comment does not end"),
        ("C t\n{}\nP1(int *x) { }\nexists (x=1)\n", "expected the thread P0, found P1"),
        ("C t\n{}\nP0(int *x) { r1 = 1;\nexists (x=1)\n", "expected `}`, found the end of the thread"),
        ("C t\n{ x=1+1; }\nP0(int *x) { }\nexists (x=1)\n", "this initial value has an unknown form"),
        ("C t\n{}\nP0(int *x) { }\nexists (x=1\n", "expected `)`, found the end of the file"),
        ("C t\n{}\nP0(int *x) { }\nexists (1:r1=1)\n", "there is no thread P1: the last is P0"),
        ("C t\n{}\nP0(int *x) { }\nexists (0:r1=1)\n", "P0 has no register `r1`"),
        ("C t\n{}\nP0(int *x) { }\nexists (y=1)\n", "there is no global `y`"),
        ("C t\n{}\nP0(int *x) { r1 = 1 @ 2; }\nexists (x=1)\n", "expected `;`, found `@`"),
        ("C t\n{}\nP0(int *x) { /* }\nexists (x=1)\n", "this comment does not end"),
    ],
)
def test_malformed_files(text: str, message: str) -> None:
    with pytest.raises(LitmusError) as caught:
        parse(text)
    assert message in [p.message for p in caught.value.problems]


def test_problems_are_printed_with_their_lines(golden: object) -> None:
    text = dedent("""\
        C wrong
        { x=1+2; }
        P0(int *x)
        {
            int r1 = READ_ONCE(*x) && 1;
            r2 = x->next;
            if (r1 {
                smp_mb();
            }
        }
        exists (0:r1=1 /\\ 7:r1=0)
        """)
    with pytest.raises(LitmusError) as caught:
        parse(text, "wrong.litmus")
    assert callable(golden)
    golden(caught.value.render() + "\n", "parser_problems.txt")


def test_wrong_calls_are_printed_with_their_lines(golden: object) -> None:
    text = dedent("""\
        C calls
        {}
        P0(int *x)
        {
            int r1 = READ_ONC(*x);
            if (0)
                frobnicate(x);
            r1 = READ_ONCE(x);
            r1 = smp_mb();
            r1 = cmpxchg(x, 1);
            call_rcu(x, P7);
        }
        exists (0:r1=1)
        """)
    with pytest.raises(LitmusError) as caught:
        check_calls(parse(text, "calls.litmus"), definitions("6.1"))
    assert callable(golden)
    golden(caught.value.render() + "\n", "wrong_calls.txt")


@pytest.mark.parametrize(
    "body",
    [
        "r1 = " + "(" * 10_000 + "1" + ")" * 10_000 + ";",
        "r1 = " + "1 + " * 10_000 + "1;",
        "r1 = " + "- " * 10_000 + "1;",
        "if (1) " * 10_000 + "r1 = 1;",
        "{" * 10_000 + "}" * 10_000,
    ],
)
def test_deep_nesting_is_refused_and_does_not_crash(body: str) -> None:
    assert "this nests too deeply" in refused(body)


def test_every_code_says_what_it_stands_for() -> None:
    folder = Path(problems.__file__).parent
    used = {
        code for path in folder.glob("*.py") for code in re.findall(r'"(L\d{4})"', path.read_text(encoding="utf-8"))
    }
    assert used == set(problems.CODES)
