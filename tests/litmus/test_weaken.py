"""Weakening: which orderings are found, what replaces them, and what is said about them."""

from __future__ import annotations

from pathlib import Path

import pytest

from psockmc.litmus.answer import Options, Verdict
from psockmc.litmus.definitions import definitions
from psockmc.litmus.parser import parse
from psockmc.litmus.weaken import Weakened, applied, sites, weaken
from tests.litmus import examples

HERE = Path(__file__).parent
FILES = sorted([*HERE.glob("psock/*.litmus"), *list(HERE.glob("directed/*.litmus"))[::60]])


def weakened(text: str) -> Weakened:
    return weaken(parse(text), Options(model="6.1"))


def forms(statement: str) -> dict[str, list[str]]:
    """The orderings of a statement with their weaker forms."""
    text = "C one\n\n{}\n\nP0(int *x, int *y, spinlock_t *l)\n{\n\tint r0;\n\n" + statement + "\n}\n\nexists (x=1)\n"
    return {site.name: [form.name for form in site.forms] for site in sites(parse(text), definitions("6.1"))}


@pytest.mark.parametrize(
    ("statement", "expected"),
    [
        ("smp_mb();", {"smp_mb()": ["nothing", "smp_wmb()", "smp_rmb()"]}),
        ("smp_wmb();", {"smp_wmb()": ["nothing"]}),
        ("smp_mb__after_atomic();", {"smp_mb__after_atomic()": ["nothing"]}),
        ("synchronize_rcu();", {"synchronize_rcu()": ["nothing", "smp_mb()"]}),
        ("barrier();", {}),
        ("WRITE_ONCE(*x, 1);", {}),
        ("r0 = READ_ONCE(*x);", {}),
        ("smp_store_release(x, 1);", {"smp_store_release()": ["WRITE_ONCE()"]}),
        ("r0 = smp_load_acquire(x);", {"smp_load_acquire()": ["READ_ONCE()"]}),
        ("rcu_assign_pointer(*x, 1);", {"rcu_assign_pointer()": ["WRITE_ONCE()"]}),
        ("r0 = xchg_acquire(x, 1);", {"xchg_acquire()": ["xchg_relaxed()"]}),
        ("r0 = xchg_relaxed(x, 1);", {}),
        ("r0 = xchg(x, 1);", {"xchg()": ["xchg_relaxed()", "xchg_acquire()", "xchg_release()"]}),
        (
            "r0 = atomic_dec_and_test(x);",
            {"atomic_dec_and_test()": [f"atomic_dec_return_{s}() == 0" for s in ("relaxed", "acquire", "release")]},
        ),
        ("rcu_read_lock(); rcu_read_unlock();", {"rcu_read_lock() ... rcu_read_unlock()": ["nothing"]}),
        ("spin_lock(l); spin_unlock(l);", {"spin_lock() ... spin_unlock()": ["nothing"]}),
        ("spin_unlock(l);", {}),
        ("if (READ_ONCE(*x)) { smp_mb(); }", {"smp_mb()": ["nothing", "smp_wmb()", "smp_rmb()"]}),
    ],
)
def test_an_ordering_has_its_weaker_forms(statement: str, expected: dict[str, list[str]]) -> None:
    assert forms(statement) == expected


def test_both_fences_of_message_passing_are_needed() -> None:
    assert weakened(examples.MP_FENCES).lines() == [
        "line  8  smp_wmb()  needed: Sometimes without it",
        "line 17  smp_rmb()  needed: Sometimes without it",
    ]


def test_a_weaker_fence_that_suffices_is_named() -> None:
    lines = weakened(examples.MP_FENCES.replace("smp_wmb", "smp_mb").replace("smp_rmb", "smp_mb")).lines()
    assert lines == [
        "line  8  smp_mb()  needed: Sometimes without it; smp_wmb() is enough",
        "line 17  smp_mb()  needed: Sometimes without it; smp_rmb() is enough",
        "",
        "all of these together leave it at Never:",
        "  line  8  smp_mb() -> smp_wmb()",
        "  line 17  smp_mb() -> smp_rmb()",
    ]


def test_orderings_that_stand_in_for_each_other_cannot_all_go() -> None:
    twice = examples.MP_FENCES.replace("\tsmp_wmb();\n", "\tsmp_wmb();\n\tsmp_wmb();\n")
    result = weakened(twice)
    assert [need.needed for need in result.needs] == [False, False, True]
    assert [site.line for site, _ in result.together] == [8]


def test_a_data_race_makes_an_ordering_needed() -> None:
    (need,) = weakened(examples.PLAIN_PUBLICATION).needs
    assert need.needed
    assert "data-race" in need.tried[0][1].flags


def test_last_put_needs_its_release_and_gets_its_order_from_the_branch() -> None:
    first, second = weakened(examples.LAST_PUT).needs
    assert first.needed
    assert first.enough is not None
    assert first.enough.name == "atomic_dec_return_release() == 0"
    assert not second.needed


def test_locks_are_taken_away_in_pairs() -> None:
    lines = weakened(examples.LOCKS).lines()
    assert lines == [
        "line  9  spin_lock() ... spin_unlock()  needed: Sometimes without it",
        "line 19  spin_lock() ... spin_unlock()  needed: Sometimes without it",
    ]


def test_where_nothing_is_ordered_nothing_can_be_weakened() -> None:
    assert weakened(examples.MP).lines() == ["the test has no ordering that could be weakened"]


def test_no_ordering_matters_where_the_condition_holds_anyway() -> None:
    text = examples.MP_FENCES.replace("\tsmp_rmb();\n", "")
    assert weakened(text).lines() == [
        "line 8  smp_wmb()  not needed: Sometimes without it, too",
        "none of them alone makes a difference: Sometimes with and without",
    ]


def test_an_unlocked_srcu_reader_keeps_its_variable() -> None:
    text = (
        "C srcu\n\n{}\n\nP0(int *x, struct srcu_struct *s)\n{\n\tint r0; int r1;\n\n\tr0 = srcu_read_lock(s);\n"
        "\tr1 = READ_ONCE(*x);\n\tsrcu_read_unlock(s, r0);\n}\n\nexists (0:r1=0)\n"
    )
    test = parse(text)
    (site,) = sites(test, definitions("6.1"))
    changed = applied(test, *site.forms)
    assert len(changed.threads[0].body) == len(test.threads[0].body) - 1
    assert weaken(changed, Options(model="6.1")).needs == ()


def test_the_original_test_is_not_changed() -> None:
    test = parse(examples.MP_FENCES)
    before = test.threads
    weaken(test, Options(model="6.1"))
    assert test.threads == before


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_less_order_never_makes_a_condition_impossible(path: Path) -> None:
    result = weakened(path.read_text(encoding="utf-8"))
    if result.original.verdict is Verdict.SOMETIMES:
        assert all(outcome.verdict is Verdict.SOMETIMES for need in result.needs for _, outcome in need.tried)
