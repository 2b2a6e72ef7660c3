"""Small mistakes in the models of the ring are found: for each, the proof of an operation at 3 fragments refutes a claim."""

from __future__ import annotations

import ast
import shutil
from pathlib import Path

import pytest

from psockmc.prove import proof, rings

ROOT = Path(__file__).parents[2]
FRAGS = 3
SKMSG, INLINE = "models/ring/skmsg.py", "models/ring/skmsg_h.py"

MUTANTS = {
    "a freed element keeps its page": (SKMSG, "sk_msg_free_elem", "put_page(msg.sg.data[i].page)", "pass", "sk_msg_free"),
    "a freed element keeps its copy bit": (SKMSG, "sk_msg_free_elem", "msg.sg.copy[i] = False", "pass", "sk_msg_trim"),
    "a freed element stays charged": (SKMSG, "sk_msg_free_elem", "sk_mem_uncharge(sk, len)", "pass", "sk_msg_free"),
    "free_partial stops too early": (
        SKMSG, "__sk_msg_free_partial", "if bytes < msg", "if bytes <= msg", "sk_msg_free_partial",
    ),
    "free_partial forgets the size": (
        SKMSG, "__sk_msg_free_partial", "msg.sg.size -= bytes", "pass", "sk_msg_free_partial",
    ),
    "trim leaves an element without bytes": (SKMSG, "sk_msg_trim", "trim >= msg", "trim > msg", "sk_msg_trim"),
    "trim sets the wrong size": (SKMSG, "sk_msg_trim", "msg.sg.size = len", "msg.sg.size = trim", "sk_msg_trim"),
    "trim leaves the end one too early": (
        SKMSG, "sk_msg_trim", "    i = sk_msg_iter_var_next(i)\n    msg.sg.end = i", "    msg.sg.end = i", "sk_msg_trim",
    ),
    "page_add takes no reference": (INLINE, "sk_msg_page_add", "get_page(page)", "pass", "sk_msg_page_add"),
    "page_add sets no copy bit": (
        INLINE, "sk_msg_page_add", "msg.sg.copy[msg.sg.end] = True", "pass", "sk_msg_page_add",
    ),
    "xfer leaves the copy bit behind": (
        INLINE, "sk_msg_xfer", "dst.sg.copy[which] = src.sg.copy[which]", "pass", "sk_msg_xfer",
    ),
    "xfer gives the rest the wrong bytes": (
        INLINE, "sk_msg_xfer", "src.sg.data[which].offset += size", "pass", "sk_msg_xfer",
    ),
    "return gives no charge back": (SKMSG, "sk_msg_return", "sk_mem_uncharge(sk, uncharge)", "pass", "sk_msg_return"),
    "return_zero does not count": (
        SKMSG, "sk_msg_return_zero", "bytes -= msg.sg.data[i].length", "pass", "sk_msg_return_zero",
    ),
    "clone applies its offset to every element": (SKMSG, "sk_msg_clone", "        off = 0\n", "", "sk_msg_clone two elements"),
    "clone charges nothing": (SKMSG, "sk_msg_clone_piece", "sk_mem_charge(sk, sge_len)", "pass", "sk_msg_clone piece"),
    "clone joins whatever is in the same page": (
        SKMSG, "sk_msg_clone_piece", "src.sg.data[i].offset + off == dst", "0 <= dst", "sk_msg_clone piece",
    ),
    "trim lets copybreak be": (
        SKMSG, "sk_msg_trim", "msg.sg.copybreak > msg.sg.data[i].length", "False", "sk_msg_trim",
    ),
    "trim lets curr be": (
        SKMSG, "sk_msg_trim", ">= sk_msg_iter_dist(msg.sg.start, msg.sg.end)", "> sk_msg_iter_dist(msg.sg.start, msg.sg.end)",
        "sk_msg_trim",
    ),
    "free_partial keeps the beginning of a cut element": (
        SKMSG, "__sk_msg_free_partial", "msg.sg.data[i].offset += bytes", "pass", "sk_msg_free_partial",
    ),
    "return_zero takes the end instead of the beginning": (
        SKMSG, "sk_msg_return_zero", "msg.sg.data[i].offset += bytes", "pass", "sk_msg_return_zero",
    ),
    "memcopy begins at the element's first byte": (
        SKMSG, "sk_msg_memcopy_from_iter", "msg.sg.data[i].offset + msg.sg.copybreak", "msg.sg.data[i].offset + 0",
        "sk_msg_memcopy_from_iter",
    ),
    "memcopy keeps copybreak for the next element": (
        SKMSG, "sk_msg_memcopy_from_iter", "        msg.sg.copybreak = 0\n        i = sk_msg_iter_var_next(i)\n        if i == msg.sg.end:\n            break\n    msg.sg.curr", "        i = sk_msg_iter_var_next(i)\n        if i == msg.sg.end:\n            break\n    msg.sg.curr",
        "sk_msg_memcopy_from_iter",
    ),
    "a read leaves start": (SKMSG, "__sk_msg_recvmsg", "msg_rx.sg.start = i", "pass", "sk_msg_recvmsg"),
    "a read leaves the offset": (
        SKMSG, "__sk_msg_recvmsg", "msg_rx.sg.data[i].offset += copy", "pass", "sk_msg_recvmsg",
    ),
    "a read keeps pages": (SKMSG, "__sk_msg_recvmsg", "put_page(page)", "pass", "sk_msg_recvmsg"),
    "a look takes bytes out": (SKMSG, "__sk_msg_recvmsg", "if not peek:", "if True:", "sk_msg_recvmsg MSG_PEEK"),
    "a packet's end mark is not looked at": (
        SKMSG, "sk_msg_rx_more", "and not sg_is_last(msg_rx.sg.data[sge])", "and sge >= 0", "sk_msg_recvmsg packet",
    ),
    "alloc takes no reference": (
        SKMSG, "sk_msg_alloc_piece", "get_page(sk.sk_frag.page)", "pass", "sk_msg_alloc piece",
    ),
    "alloc does not charge": (SKMSG, "sk_msg_alloc_piece", "sk_mem_charge(sk, use)", "pass", "sk_msg_alloc piece"),
    "the ring is a slot shorter": (
        INLINE, "sk_msg_iter_var_next", "i + 1 == NR_MSG_FRAG_IDS", "i + 1 == MAX_MSG_FRAGS", "sk_msg_iter_var_next",
    ),
    "copy bits are only set": (
        INLINE, "sk_msg_sg_copy", "msg.sg.copy[i] = copy_state", "msg.sg.copy[i] = True", "sk_msg_sg_copy",
    ),
}  # fmt: skip


def mutated(root: Path, file: str, function: str, old: str, new: str) -> None:
    """Replaces a text in a function, where it must stand once."""
    path = root / file
    lines = path.read_text("utf-8").splitlines(keepends=True)
    (node,) = (n for n in ast.parse("".join(lines)).body if isinstance(n, ast.FunctionDef) and n.name == function)
    assert node.end_lineno is not None
    text = "".join(lines[node.lineno - 1 : node.end_lineno])
    assert text.count(old) == 1
    lines[node.lineno - 1 : node.end_lineno] = [text.replace(old, new)]
    path.write_text("".join(lines), "utf-8")


@pytest.mark.parametrize("case", MUTANTS)
def test_mistake_refutes_a_claim(case: str, tmp_path: Path) -> None:
    file, function, old, new, op = MUTANTS[case]
    for folder in ("models", "spec", "checks"):
        shutil.copytree(ROOT / folder, tmp_path / folder)
    mutated(tmp_path, file, function, old, new)
    program = rings.load(tmp_path, FRAGS)
    asked = rings.question(program, op, FRAGS, 20.0)
    expected = {e.claim for e in rings.expectations(ROOT) if e.op == op}
    for found in proof.run(asked):
        for claim, refutation in found.refuted.items():
            if claim not in expected:
                assert claim in [item.claim for item in proof.replay(asked, refutation)]
                return
    pytest.fail(f"no claim of {op} is refuted")
