"""Integers with obligations and bit-vectors in C widths give the same verdicts, also for code that is wrong."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from psockmc.explore.verdict import Verdict
from psockmc.lang import ModelErrors, load_source, tree
from psockmc.prove import proof, rings
from psockmc.prove.bitvectors import ScalarVerdict, scalar_verdicts, verdicts_of, without_loops
from psockmc.prove.machine import Unsupported

ROOT = Path(__file__).parents[2]

SCALAR = {
    "bpf_msg_apply_bytes",
    "bpf_msg_cork_bytes",
    "sk_msg_apply_bytes",
    "sk_msg_full",
    "sk_msg_iter_dist",
    "sk_msg_iter_var_next",
    "sk_msg_iter_var_prev",
    "sk_msg_sg_copy_assign",
    "tcp_bpf_sendmsg result",
}

HEAD = """
from psockmc.lang import Ptr, replaces, s32, u32
from models.ring.skmsg_h import {name}
from models.ring.types import MAX_MSG_FRAGS, NR_MSG_FRAG_IDS, sk_msg, sk_psock
"""

INDEX = {
    "next without going round": ("sk_msg_iter_var_next", "i: u32", "u32", "return i + 1"),
    "next that goes round early": (
        "sk_msg_iter_var_next", "i: u32", "u32", "return 0 if i + 1 == MAX_MSG_FRAGS else i + 1",
    ),
    "next that goes round late": (
        "sk_msg_iter_var_next", "i: u32", "u32", "return 0 if i == NR_MSG_FRAG_IDS else i + 1",
    ),
    "previous that goes round to the link": (
        "sk_msg_iter_var_prev", "i: u32", "u32", "return NR_MSG_FRAG_IDS if i == 0 else i - 1",
    ),
    "previous without going round": ("sk_msg_iter_var_prev", "i: u32", "u32", "return i - 1"),
    "distance without going round": ("sk_msg_iter_dist", "start: u32, end: u32", "u32", "return end - start"),
    "distance of a ring without its spare slot": (
        "sk_msg_iter_dist", "start: u32, end: u32", "u32",
        "return end - start if end >= start else end + (MAX_MSG_FRAGS - start)",
    ),
    "full one too early": (
        "sk_msg_full", "msg: Ptr[sk_msg]", "bool", "return msg.sg.end + 1 - msg.sg.start == MAX_MSG_FRAGS",
    ),
    "apply_bytes below zero": (
        "sk_msg_apply_bytes", "psock: Ptr[sk_psock], bytes: u32", "None", "psock.apply_bytes -= bytes",
    ),
    "apply_bytes without its test for zero": (
        "sk_msg_apply_bytes", "psock: Ptr[sk_psock], bytes: u32", "None",
        "psock.apply_bytes = psock.apply_bytes - bytes if psock.apply_bytes >= bytes else bytes",
    ),
    "copy bit of the wrong message": (
        "sk_msg_sg_copy_assign", "dst: Ptr[sk_msg], dst_i: u32, src: Ptr[sk_msg], src_i: u32", "None",
        "dst.sg.copy[dst_i] = dst.sg.copy[src_i]",
    ),
    "copy bit beyond the array": (
        "sk_msg_sg_copy_assign", "dst: Ptr[sk_msg], dst_i: u32, src: Ptr[sk_msg], src_i: u32", "None",
        "dst.sg.copy[dst_i + 2] = src.sg.copy[src_i]",
    ),
}  # fmt: skip


def broken(verdicts: Iterable[ScalarVerdict]) -> set[str]:
    """The refuted claims; all others must hold."""
    found = list(verdicts)
    assert all(v.verdict in (Verdict.HOLDS, Verdict.VIOLATED) for v in found), found
    return {v.claim for v in found if v.verdict is Verdict.VIOLATED}


def broken_in_integers(program: tree.Program, function: tree.Function, rounds: int = 5) -> set[str]:
    """The claims that the other engine refutes."""
    cases = list(proof.run(proof.Question.of(program, function, rounds)))
    assert not any(case.unknown for case in cases)
    return {claim for case in cases for claim in case.refuted}


@pytest.fixture(scope="module")
def program() -> tree.Program:
    """The ring program at 17 fragments."""
    return rings.load(ROOT, 17)


def test_proofs_without_loops(program: tree.Program) -> None:
    assert {f.property_id for f in without_loops(program)} == SCALAR


def test_scalar_claims_hold_for_every_number_of_fragments() -> None:
    verdicts = scalar_verdicts(ROOT)
    assert {v.op for v in verdicts} == SCALAR
    assert [v for v in verdicts if v.verdict is not Verdict.HOLDS] == []
    assert {v.claim for v in verdicts} >= {"R1", "R2", "order", "inverse", "empty", "full", "apply", "copy", "wrap"}


@pytest.mark.parametrize("op", sorted(SCALAR))
def test_scalar_claims_hold_in_integers_too(program: tree.Program, op: str) -> None:
    assert broken_in_integers(program, rings.proofs(program)[op]) == set()


@pytest.mark.parametrize("case", INDEX)
def test_both_engines_refute_the_same_claims(case: str, tmp_path: Path) -> None:
    name, params, result, body = INDEX[case]
    variant = tmp_path / "wrong.py"
    variant.write_text(
        HEAD.format(name=name) + f"\n\n@replaces({name})\ndef wrong({params}) -> {result}:\n    {body}\n", "utf-8"
    )
    wrong = rings.load(ROOT, 17, [variant])
    function = rings.proofs(wrong)[name]
    refuted = broken(verdicts_of(wrong, function))
    assert refuted
    assert refuted == broken_in_integers(wrong, function)


def test_a_number_written_out_is_refuted_for_other_sizes(tmp_path: Path) -> None:
    variant = tmp_path / "wrong.py"
    name = "sk_msg_iter_var_next"
    body = "return 0 if i + 1 == 18 else i + 1"
    variant.write_text(
        HEAD.format(name=name) + f"\n\n@replaces({name})\ndef wrong(i: u32) -> u32:\n    {body}\n", "utf-8"
    )
    wrong = rings.load(ROOT, 17, [variant])
    function = rings.proofs(wrong)[name]
    assert broken_in_integers(wrong, function) == set()
    found = [v for v in verdicts_of(wrong, function) if v.verdict is Verdict.VIOLATED]
    assert found
    assert all(17 < v.values["MAX_MSG_FRAGS"] <= 45 for v in found)


# ---------------------------------------------------------------- random programs

TYPES = ("u8", "u16", "u32", "u64", "s32")


@st.composite
def numbers(draw: st.DrawFn, depth: int) -> str:
    """An integer expression of C integers."""
    kind = draw(st.integers(0, 6 if depth else 1))
    if kind == 0:
        return str(draw(st.sampled_from([0, 1, 2, 255, 256, 65535, 2147483647])))
    if kind == 1:
        return draw(st.sampled_from(["a", "b", "c"]))
    left, right = draw(numbers(depth - 1)), draw(numbers(depth - 1))
    match kind:
        case 2 | 3:
            return f"({left} {draw(st.sampled_from('+-'))} {right})"
        case 4:
            return f"(c {draw(st.sampled_from(['*', '%', '//', '&', '>>']))} {draw(st.sampled_from([1, 3, 7]))})"
        case 5:
            return f"wrapping(a + {right})"
    return f"({left} if {draw(truths(depth - 1))} else {right})"


@st.composite
def truths(draw: st.DrawFn, depth: int) -> str:
    """A condition."""
    if depth and draw(st.booleans()):
        op = draw(st.sampled_from(["and", "or"]))
        return f"({draw(truths(depth - 1))} {op} {draw(truths(depth - 1))})"
    op = draw(st.sampled_from(["<", "<=", "==", "!=", ">", ">="]))
    return f"({draw(numbers(depth))} {op} {draw(numbers(depth))})"


@st.composite
def proofs_of_numbers(draw: st.DrawFn) -> str:
    """A proof about three integers of random types."""
    a, b = (draw(st.sampled_from(TYPES)) for _ in range(2))
    lo = draw(st.sampled_from([0, 1, 65530]))
    lines = [
        "from psockmc.lang import Ptr, Struct, arbitrary, assume, check, proof, s32, u8, u16, u32, u64, wrapping",
        "class box(Struct):",
        f"    a: {a}",
        f"    b: {b}",
        '@proof("random")',
        "def random(box: Ptr[box]) -> None:",
        f"    a: {a} = box.a",
        f"    b: {b} = box.b",
        f"    c: u32 = arbitrary({lo}, 70000)",
        f"    assume({draw(truths(1))})" if draw(st.booleans()) else "    assume(c != 9)",
        f"    if {draw(truths(1))}:",
        f"        {draw(st.sampled_from(['a', 'b', 'box.a']))} = {draw(numbers(2))}",
        "    else:",
        f"        b {draw(st.sampled_from(['+=', '-=', '=']))} {draw(numbers(1))}",
        f"    box.b = {draw(numbers(1))}",
        f'    check({draw(truths(1))}, "X: it is so")',
    ]
    return "\n".join(lines) + "\n"


@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
@given(text=proofs_of_numbers())
def test_both_engines_agree_on_random_numbers(text: str) -> None:
    try:
        program = load_source(text)
    except ModelErrors:  # what C does not define, for one
        return
    function = rings.proofs(program)["random"]
    try:
        integers = list(proof.run(proof.Question.of(program, function, 3, 5.0)))
    except Unsupported:
        return
    verdicts = {v.claim: v.verdict for v in verdicts_of(program, function, 5.0)}
    undecided = {claim for case in integers for claim in case.unknown}
    for claim, verdict in verdicts.items():
        if verdict is not Verdict.UNDETERMINED and claim not in undecided:
            assert any(claim in case.refuted for case in integers) == (verdict is Verdict.VIOLATED), (claim, verdicts)
