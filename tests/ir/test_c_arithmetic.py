"""Arithmetic on C integers gives what a C compiler makes of the same expression."""

from __future__ import annotations

import ast
import shutil
import subprocess
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from psockmc.explore.reference import Interpreter
from psockmc.ir.lower import compile_scenario
from psockmc.lang import load_source

Case = tuple[str, str, dict[str, int]]
"""An expression, the type of its result, the values of the variables."""

CC = shutil.which("cc")
pytestmark = pytest.mark.skipif(CC is None, reason="compares with a C compiler")

TYPES = {
    "u8": "unsigned char",
    "u16": "unsigned short",
    "u32": "unsigned int",
    "u64": "unsigned long long",
    "s32": "int",
}
RANGES = {
    "u8": (0, 2**8 - 1),
    "u16": (0, 2**16 - 1),
    "u32": (0, 2**32 - 1),
    "u64": (0, 2**64 - 1),
    "s32": (-(2**31), 2**31 - 1),
}
SYMBOLS: dict[type[ast.AST], str] = {
    ast.Add: "+", ast.Sub: "-", ast.Mult: "*", ast.FloorDiv: "/", ast.Mod: "%", ast.BitAnd: "&", ast.BitOr: "|",
    ast.BitXor: "^", ast.LShift: "<<", ast.RShift: ">>", ast.Lt: "<", ast.LtE: "<=", ast.Eq: "==", ast.NotEq: "!=",
    ast.Gt: ">", ast.GtE: ">=", ast.USub: "-", ast.Invert: "~",
}  # fmt: skip
CONSTANTS = ["0", "1", "2", "3", "7", "255", "256", "65535", "2147483647", "-1", "-2"]

terms = st.one_of(st.sampled_from([f"v_{t}" for t in TYPES]), st.sampled_from(CONSTANTS).map("({})".format))
variables = st.sampled_from([f"v_{t}" for t in TYPES])


def binary(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    """Operators with a C integer on the left, so that C decides and not exact arithmetic on constants."""
    left = st.one_of(variables, inner)
    return st.one_of(
        st.builds("({} {} {})".format, left, st.sampled_from(["+", "-", "*", "&", "|", "^"]), st.one_of(terms, inner)),
        st.builds("({} {} ({} & 7))".format, left, st.sampled_from(["<<", ">>"]), variables),
        st.builds(
            "({} {} ({} | 1))".format, left, st.sampled_from(["//", "%"]), st.sampled_from(["v_u8", "v_u32", "v_u64"])
        ),
        st.builds("({}{})".format, st.sampled_from(["-", "~"]), left),
        st.builds("({} if {} {} {} else {})".format, left, left, st.sampled_from(["<", "==", ">="]), terms, variables),
    )


expressions = binary(st.recursive(variables, binary, max_leaves=4))
signs = st.sampled_from(["<", "<=", "==", "!=", ">", ">="])
comparisons = st.builds("({} {} {})".format, expressions, signs, st.one_of(terms, expressions))
values = st.fixed_dictionaries(
    {t: st.one_of(st.integers(*r), st.sampled_from([r[0], r[1], 1, 2])) for t, r in RANGES.items()}
)


def in_psockmc(cases: list[Case]) -> list[int]:
    """The value of every (expression, type of the result, values of the variables)."""
    words = "u8, u16, u32, u64, s32"
    text = f"from psockmc.lang import Struct, instance, process, scenario, user, {words}\n\n\nclass box(Struct):\n"
    text += "".join(f"    r{i}: {t}\n" for i, (_, t, _) in enumerate(cases))
    text += "".join(f"    v{i}_{t}: {t}\n" for i in range(len(cases)) for t in TYPES) + "\n\n"
    initial = ", ".join(f"v{i}_{t}={v}" for i, (_, _, values) in enumerate(cases) for t, v in values.items())
    text += f"box0 = instance(box, {initial})\n\n\n@user\ndef f() -> None:\n"
    for i, (expr, _, _) in enumerate(cases):
        text += f"    box0.r{i} = {expr.replace('v_', f'box0.v{i}_')}\n"
    ts = compile_scenario(load_source(text + '\n\ns = scenario("c", run=[process(f)])\n', "model.py"), "s")
    interpreter, state = Interpreter(ts), ts.initial
    while not ts.contexts[0].stops[state[ts.contexts[0].pc]].done:
        step = interpreter.step(state, ts.contexts[0], 0)
        assert step.state is not None, (step.findings, step.cut)
        state = step.state
    cells = {c.name: value for c, value in zip(ts.cells, state, strict=True)}
    return [cells[f"box0.r{i}"] for i in range(len(cases))]


def in_c(cases: list[Case], folder: Path) -> list[int]:
    """The same, by the compiler; signed overflow wraps as the kernel is built (-fno-strict-overflow)."""
    lines = ["#include <stdio.h>", "int main(void) {"]
    for expr, t, initial in cases:
        decls = "".join(f"{TYPES[n]} v_{n} = ({TYPES[n]}){v % 2**64}ULL; " for n, v in initial.items())
        show = 'printf("%llu\\n", (unsigned long long)r)' if t == "u64" else 'printf("%lld\\n", (long long)r)'
        lines.append(f"{{ {decls}{TYPES[t]} r = {expression_in_c(expr)}; {show}; }}")
    source = folder / "c.c"
    source.write_text("\n".join([*lines, "return 0; }"]), encoding="utf-8")
    flags = ["-w", "-O0", "-fwrapv", "-fno-strict-overflow"]
    assert CC is not None
    subprocess.run([CC, *flags, "-o", str(folder / "c"), str(source)], check=True)
    return [int(n) for n in subprocess.run([folder / "c"], check=True, capture_output=True, text=True).stdout.split()]


def expression_in_c(expr: str) -> str:
    """`a if c else b` as `c ? a : b`, by Python's own parser."""

    def show(node: ast.expr) -> str:
        match node:
            case ast.IfExp(test=test, body=body, orelse=other):
                return f"({show(test)} ? {show(body)} : {show(other)})"
            case ast.BinOp(left=left, op=op, right=right):
                return f"({show(left)} {SYMBOLS[type(op)]} {show(right)})"
            case ast.Compare(left=left, ops=[op], comparators=[right]):
                return f"({show(left)} {SYMBOLS[type(op)]} {show(right)})"
            case ast.UnaryOp(op=op, operand=operand):
                return f"({SYMBOLS[type(op)]}{show(operand)})"
        return ast.unparse(node)

    return show(ast.parse(expr, mode="eval").body)


truths = comparisons.map("(v_u8 * 0 + (1 if {} else 0))".format)
cases = st.lists(
    st.tuples(st.one_of(expressions, expressions, truths), st.sampled_from(list(TYPES)), values),
    min_size=20,
    max_size=40,
)


@settings(max_examples=8, deadline=None, suppress_health_check=list(HealthCheck))
@given(cases)
def test_expressions_have_the_value_that_c_gives_them(
    tmp_path_factory: pytest.TempPathFactory, cases: list[Case]
) -> None:
    expected = in_c(cases, tmp_path_factory.mktemp("c"))
    found = in_psockmc(cases)
    assert [c for c, a, b in zip(cases, found, expected, strict=True) if a != b] == []
