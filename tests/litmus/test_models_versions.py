"""What the two models say: where they differ, and the flags of both, on small tests made for one rule each."""

from __future__ import annotations

import pytest

from psockmc.litmus.answer import Options, Verdict, decide
from psockmc.litmus.model import MODELS, load_model
from psockmc.litmus.parser import parse

NEVER, SOMETIMES = Verdict.NEVER, Verdict.SOMETIMES


def program(*threads: str, condition: str, initial: str = "") -> str:
    """A test with these threads; x, y, z, lock, s and t are parameters of all."""
    parameters = "int *x, int *y, int *z, spinlock_t *lock, struct srcu_struct *s, struct srcu_struct *t"
    bodies = [f"P{i}({parameters})\n{{\n\tint r0; int r1; int r2;\n\n{body}\n}}\n" for i, body in enumerate(threads)]
    return "\n".join(["C test\n", f"{{ {initial} }}\n", *bodies, f"exists ({condition})\n"])


RELEASE_SEQUENCE = program(
    "WRITE_ONCE(*x, 1); smp_store_release(y, 1);",
    "atomic_inc(y);",
    "r0 = smp_load_acquire(y); r1 = READ_ONCE(*x);",
    condition="2:r0=2 /\\ 2:r1=0",
)
CARRIED_DEPENDENCY = program(
    "r0 = READ_ONCE(*x); *z = r0; r1 = *z; WRITE_ONCE(*y, r1);",
    "r0 = READ_ONCE(*y); WRITE_ONCE(*x, r0);",
    "WRITE_ONCE(*x, 1); smp_mb(); r0 = READ_ONCE(*y);",
    condition="0:r0=2 /\\ 1:r0=2",
)
CARRIED_LOAD_BUFFERING = program(
    "r0 = READ_ONCE(*x); *z = r0; r1 = *z; WRITE_ONCE(*y, r1 & 0 | 1);",
    "r0 = READ_ONCE(*y); WRITE_ONCE(*x, r0);",
    condition="0:r0=1 /\\ 1:r0=1",
)
OVERLAPPING_READERS = program(
    "r0 = srcu_read_lock(s); r2 = srcu_read_lock(s); srcu_read_unlock(s, r0); r1 = READ_ONCE(*x); "
    "srcu_read_unlock(s, r2);",
    "synchronize_srcu(s); WRITE_ONCE(*x, 1);",
    condition="0:r1=1",
)
NESTED_UNLOCK_ORDER = program(
    "r0 = srcu_read_lock(s); r1 = READ_ONCE(*y); r2 = srcu_read_lock(s); srcu_read_unlock(s, r0); "
    "r0 = READ_ONCE(*x); srcu_read_unlock(s, r2);",
    "WRITE_ONCE(*y, 1); synchronize_srcu(s); WRITE_ONCE(*x, 1);",
    condition="0:r0=1 /\\ 0:r1=0",
)
SRCU = program(
    "r0 = srcu_read_lock(s); r1 = READ_ONCE(*y); r2 = READ_ONCE(*x); srcu_read_unlock(s, r0);",
    "WRITE_ONCE(*y, 1); synchronize_srcu(s); WRITE_ONCE(*x, 1);",
    condition="0:r1=0 /\\ 0:r2=1",
)


def verdict(text: str, model: str) -> Verdict:
    return decide(parse(text), Options(model=model)).verdict


@pytest.mark.parametrize(
    ("text", "old", "new"),
    [
        (RELEASE_SEQUENCE, SOMETIMES, NEVER),
        (CARRIED_LOAD_BUFFERING, SOMETIMES, NEVER),
        (CARRIED_DEPENDENCY, NEVER, NEVER),
        (NESTED_UNLOCK_ORDER, NEVER, SOMETIMES),
        (SRCU, NEVER, NEVER),
        (SRCU.replace("synchronize_srcu(s)", "synchronize_srcu(t)"), SOMETIMES, SOMETIMES),
        (OVERLAPPING_READERS, SOMETIMES, SOMETIMES),
    ],
    ids=["release sequence", "carried LB", "copy circle", "crossed readers", "SRCU", "other SRCU", "no order asked"],
)
def test_the_models_differ_where_the_kernel_changed(text: str, old: Verdict, new: Verdict) -> None:
    assert (verdict(text, "6.1"), verdict(text, "newest")) == (old, new)


FLAGGED = {
    "data-race": program("*x = 1;", "r0 = READ_ONCE(*x);", condition="x=1"),
    "mixed-accesses": program("*x = 1; WRITE_ONCE(*x, 2);", condition="x=2"),
    "unbalanced-rcu-locking": program("rcu_read_lock(); WRITE_ONCE(*x, 1);", condition="x=1"),
    "invalid-sleep": program("rcu_read_lock(); synchronize_srcu(s); rcu_read_unlock();", condition="x=0"),
    "unmatched-unlock": program("spin_lock(lock); spin_unlock(lock); spin_unlock(lock);", condition="x=0"),
    "mixed-lock-accesses": program("spin_lock(lock); spin_unlock(lock); r0 = READ_ONCE(*lock);", condition="x=0"),
}

UNFLAGGED = {
    "two plain reads": program("r0 = *x;", "r0 = *x;", condition="x=0"),
    "separated accesses": program("*x = 1; smp_mb(); WRITE_ONCE(*x, 2);", condition="x=2"),
    "nested readers": program(
        "rcu_read_lock(); rcu_read_lock(); rcu_read_unlock(); rcu_read_unlock();", condition="x=0"
    ),
    "sleep behind a reader": program("rcu_read_lock(); rcu_read_unlock(); synchronize_srcu(s);", condition="x=0"),
    "two sections": program("spin_lock(lock); spin_unlock(lock); spin_lock(lock); spin_unlock(lock);", condition="x=0"),
}


def raised(text: str, model: str) -> set[str]:
    """The flags of an allowed execution."""
    answer = decide(parse(text), Options(model=model))
    found = answer.witness or answer.counterwitness
    assert found is not None
    return {flag.name for flag in load_model(model).flags(found.execution())}


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("flag", FLAGGED)
def test_misuse_raises_its_flag(flag: str, model: str) -> None:
    assert raised(FLAGGED[flag], model) == {flag}


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("name", UNFLAGGED)
def test_proper_use_raises_nothing(name: str, model: str) -> None:
    assert raised(UNFLAGGED[name], model) == set()


def test_an_srcu_reader_without_end_is_flagged_by_both_models() -> None:
    text = program("r0 = srcu_read_lock(s);", condition="x=0")
    assert raised(text, "6.1") == {"unbalanced-srcu-locking"}
    assert raised(text, "newest") == {"unmatched-srcu-lock"}


def test_crossed_srcu_readers_are_bad_nesting_to_6_1_only() -> None:
    assert raised(NESTED_UNLOCK_ORDER, "6.1") == {"srcu-bad-nesting"}
    assert raised(NESTED_UNLOCK_ORDER, "newest") == set()


def test_two_ends_of_one_srcu_reader_are_flagged_by_the_newest_model() -> None:
    text = program("r0 = srcu_read_lock(s); srcu_read_unlock(s, r0); srcu_read_unlock(s, r0);", condition="x=0")
    assert raised(text, "newest") == {"multiple-srcu-matches"}
