"""The states of a psock's life: who was seen to change them, and how that is drawn."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from functools import cache
from pathlib import Path
from xml.etree import ElementTree

import pytest

from psockmc import content
from psockmc.explore import native
from psockmc.explore.breadth_first import search_reference
from psockmc.explore.limits import Limits
from psockmc.explore.native import search_native
from psockmc.explore.reference import Interpreter
from psockmc.ir.lower import compile_with
from psockmc.lang.tree import Program
from psockmc.reports import lifecycle
from psockmc.reports.lifecycle import Life
from psockmc.reports.material import Material
from psockmc.watch import FREED, NOT_ALLOCATED, Change, watch
from tests.reports.conftest import search

ROOT = Path(__file__).parent / "content"
STATES = ("init", "published", "unpublished", "grace_period")
HOSTILE = "</text><script>x</script>|`*"


@cache
def program() -> Program:
    return content.load(ROOT, also=[ROOT / lifecycle.STATES])


@cache
def changes(scenario: str) -> tuple[Change, ...]:
    watched = watch(program(), scenario, STATES)
    return watched.seen(search_reference(watched.ts, Limits(), None).covers)


@cache
def pages() -> dict[str, str]:
    return dict(lifecycle.pages(Material(ROOT, search)))


def test_the_life_of_a_psock_that_nobody_else_uses() -> None:
    skmsg = "net/core/skmsg.c"
    assert changes("alone") == (
        Change("grace_period", FREED, "sk_psock_destroy", skmsg, "kworker"),
        Change("init", "published", "sk_psock_init", skmsg, "process"),
        Change(NOT_ALLOCATED, "init", "sk_psock_init", skmsg, "process"),
        Change("published", "unpublished", "sk_psock_drop", skmsg, "process"),
        Change("unpublished", "grace_period", "sk_psock_drop", skmsg, "process"),
    )


def test_where_no_psock_can_be_nothing_changes() -> None:
    assert changes("nobody") == ()


@pytest.mark.parametrize("scenario", ["with_a_sender", "twice"])
def test_the_changes_are_those_between_the_states_before_and_after_steps(scenario: str) -> None:
    ts, objects = compile_with(program(), scenario, STATES)
    interpreter = Interpreter(ts)

    def names(cells: tuple[int, ...]) -> list[str]:
        found = []
        for pool in ts.pools:
            for i in range(len(pool.objects) if pool.name == "sk_psock" else 0):
                status = cells[ts.fields[pool.status].base + i]
                true = [
                    s for s, c in zip(STATES, objects[pool.objects[i]], strict=True) if interpreter.evaluate(c, cells)
                ]
                found.append((NOT_ALLOCATED, true[0], FREED)[status])
        return found

    pairs, known, todo = set(), {ts.initial}, [ts.initial]
    while todo:
        state = todo.pop()
        for step in interpreter.steps(state):
            if step.exists and step.state is not None:
                pairs |= {pair for pair in zip(names(state), names(step.state), strict=True) if pair[0] != pair[1]}
                todo += [step.state] if step.state not in known else []
                known.add(step.state)
    assert pairs == {(change.before, change.after) for change in changes(scenario)}
    assert (NOT_ALLOCATED, "init") in pairs


def test_watching_changes_no_run() -> None:
    plain = search_reference(compile_with(program(), "with_a_sender", STATES)[0], Limits(), None)
    watched = search_reference(watch(program(), "with_a_sender", STATES).ts, Limits(), None)
    assert (watched.states, watched.transitions, watched.depth) == (plain.states, plain.transitions, plain.depth)


@pytest.mark.skipif(bool(native.available()), reason="the native engine needs a C compiler")
def test_the_native_engine_sees_the_same() -> None:
    watched = watch(program(), "with_a_sender", STATES)
    assert watched.seen(search_native(watched.ts, Limits(), None).covers) == changes("with_a_sender")


def test_the_page(golden: Callable[[str, str], None]) -> None:
    golden(pages()["lifecycle.md"], "lifecycle.md")


def test_the_picture(golden: Callable[[str, str], None]) -> None:
    golden(pages()["lifecycle.svg"], "lifecycle.svg")


def test_content_that_names_no_states_has_no_pages(material: Material) -> None:
    assert list(lifecycle.pages(material)) == []


@pytest.mark.parametrize(
    "wrong",
    [
        "@pure\ndef many(psock: Ptr[sk_psock], other: Ptr[sk_psock]) -> bool:\n    return True\n",
        "@pure\ndef number(psock: Ptr[sk_psock]) -> Int[0, 3]:\n    return 1\n",
        "@pure\ndef another(sk: Ptr[sock]) -> bool:\n    return True\n",
    ],
)
def test_a_function_that_is_no_state_is_refused(tmp_path: Path, wrong: str) -> None:
    root = Path(shutil.copytree(ROOT, tmp_path / "checkout"))
    head = "from psockmc.lang import Int, Ptr, pure\n\nfrom models.life import sk_psock, sock\n\n\n"
    good = "@pure\ndef here(psock: Ptr[sk_psock]) -> bool:\n    return True\n\n\n"
    (root / lifecycle.STATES).write_text(head + good + wrong, encoding="utf-8")
    with pytest.raises(content.UsageError, match=r"spec/lifecycle.py:\d+: \w+\(\) is no state: give every function"):
        list(lifecycle.pages(Material(root, search)))


def test_markup_in_names_stays_text() -> None:
    functions = [program().functions[state] for state in STATES]
    life = Life(program(), functions, {HOSTILE: [Change("init", "published", HOSTILE, HOSTILE, HOSTILE)]})
    tags = {element.tag for element in ElementTree.fromstring(lifecycle.picture(life)).iter()}
    assert not any(tag.endswith("script") for tag in tags)
    assert "<script" not in lifecycle.document(life)
