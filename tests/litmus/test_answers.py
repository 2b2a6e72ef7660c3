"""Answers: verdicts, numbers, states, flags, limits."""

from __future__ import annotations

from pathlib import Path

import pytest

from psockmc.litmus.answer import Answer, Options, Verdict, decide
from psockmc.litmus.batch import read, states_of
from psockmc.litmus.limits import TimeLimit
from psockmc.litmus.parser import parse
from psockmc.litmus.problems import LitmusError
from psockmc.litmus.search import Search

BOTH = ("6.1", "newest")
PARAMETERS = "int *x, int *y, int *z, spinlock_t *l, struct srcu_struct *s"


def answer(*bodies: str, end: str, initial: str = "", **options: object) -> Answer:
    """The answer to a test with a thread for each body."""
    threads = "\n".join(f"P{i}({PARAMETERS}) {{ {body} }}" for i, body in enumerate(bodies))
    test = parse(f"C t\n{{ {initial} }}\n{threads}\n{end}\n")
    return decide(test, Options(**options))  # type: ignore[arg-type]


def verdict(*bodies: str, end: str, initial: str = "", **options: object) -> str:
    """The verdict, which is the same with and without counting."""
    quick = answer(*bodies, end=end, initial=initial, **options)
    counted = answer(*bodies, end=end, initial=initial, counts=True, **options)
    assert quick.verdict == counted.verdict
    assert ("data-race" in quick.flags) == ("data-race" in counted.flags)
    return str(quick.verdict)


def message_passing(publish: str, consume: str, **options: object) -> str:
    """Whether a message can be missed that was published by one statement and looked for by another."""
    writer = f"WRITE_ONCE(*x, 1); {publish}"
    reader = f"int r1; int r2; {consume} if (r1) r2 = READ_ONCE(*x); else r2 = 1;"
    return verdict(writer, reader, end="exists (1:r2=0)", **options)


# ---------------------------------------------------------------- verdicts


@pytest.mark.parametrize(
    ("end", "expected"),
    [
        ("exists (0:r1=1)", "Sometimes"),
        ("exists (0:r1=2)", "Never"),
        ("exists (0:r1=0 \\/ 0:r1=1)", "Always"),
        ("forall (0:r1=0 \\/ 0:r1=1)", "Always"),
        ("forall (0:r1=1)", "Sometimes"),
        ("~exists (0:r1=2)", "Never"),
        ("exists (~0:r1=0)", "Sometimes"),
        ("exists (0:r1=x)", "Never"),
        ("filter (0:r1=1) exists (0:r1=0)", "Never"),
        ("filter (0:r1=1) exists (0:r1=1)", "Always"),
        ("exists (x=1)", "Always"),
        ("exists (true)", "Always"),
        ("exists (false)", "Never"),
        ("", "Always"),
    ],
)
def test_verdicts(end: str, expected: str) -> None:
    assert verdict("int r1 = READ_ONCE(*x);", "WRITE_ONCE(*x, 1);", end=end) == expected


def test_registers_of_different_threads_are_compared() -> None:
    reader = "int r1 = READ_ONCE(*x);"
    assert verdict(reader, reader, "WRITE_ONCE(*x, 1);", end="exists (~0:r1=1:r1)") == "Sometimes"
    assert verdict(reader, reader, end="exists (~0:r1=1:r1)") == "Never"


def test_numbers_and_states() -> None:
    found = answer("int r1 = READ_ONCE(*x);", "WRITE_ONCE(*x, 1);", end="exists (0:r1=1)", counts=True)
    assert (found.positive, found.negative) == (1, 1)
    assert states_of(found) == ("0:r1=0;", "0:r1=1;")


def test_without_counting_numbers_are_not_known() -> None:
    found = answer("int r1 = READ_ONCE(*x);", end="exists (0:r1=1)")
    assert (found.positive, found.negative, found.states) == (None, None, None)


def test_witnesses_end_as_the_condition_says() -> None:
    found = answer("int r1 = READ_ONCE(*x);", "WRITE_ONCE(*x, 1);", end="exists (0:r1=1)")
    assert found.witness is not None
    assert found.counterwitness is not None
    register = parse("C t\n{}\nP0(int *x) { int r1; }\nexists (0:r1=1)\n").shown[0]
    assert found.witness.valuation()(register) == 1
    assert found.counterwitness.valuation()(register) == 0


def test_a_test_states_its_model() -> None:
    text = "C t\n(* Model: newest *)\n{}\nP0(int *x) { }\nexists (x=0)\n"
    assert decide(parse(text)).model == "newest"
    assert decide(parse(text), Options(model="6.1")).model == "6.1"


# ---------------------------------------------------------------- values flow along rf


def test_arithmetic_does_not_multiply_the_paths() -> None:
    add = "atomic_add(1000, x); int r1 = atomic_fetch_add(7, y);"
    assert verdict(add, add, add, end="exists (x=3000 /\\ y=21)") == "Always"


def test_values_are_computed_from_what_was_read() -> None:
    bodies = ("int r1 = READ_ONCE(*x); WRITE_ONCE(*y, r1 * 2 + 1);", "int r1 = READ_ONCE(*y);", "WRITE_ONCE(*x, 5);")
    assert verdict(*bodies, end="exists (1:r1=11)") == "Sometimes"
    assert verdict(*bodies, end="exists (1:r1=5)") == "Never"


def test_copies_in_a_circle_are_some_value_and_no_number() -> None:
    copy = "int r1 = READ_ONCE(*{0}); WRITE_ONCE(*{1}, r1);"
    assert verdict(copy.format("x", "y"), copy.format("y", "x"), end="exists (0:r1=42)") == "Never"
    found = answer(copy.format("x", "y"), copy.format("y", "x"), end="exists (0:r1=0)", counts=True, model="6.1")
    assert any("S" in state for state in states_of(found)) or found.verdict is Verdict.ALWAYS


def test_a_value_that_must_differ_from_itself_is_none() -> None:
    bump = "int r1 = READ_ONCE(*{0}); WRITE_ONCE(*{1}, r1 + 1);"
    found = answer(bump.format("x", "y"), bump.format("y", "x"), end="exists (0:r1=9)", counts=True)
    assert found.verdict is Verdict.NEVER
    assert found.positive == 0


def test_a_condition_justified_by_itself_is_possible() -> None:
    justify = "int r1 = READ_ONCE(*{0}); if (r1 == 42) WRITE_ONCE(*{1}, 42);"
    assert verdict(justify.format("x", "y"), justify.format("y", "x"), end="exists (0:r1=42)") == "Never"


def test_pointers_lead_to_what_they_point_to() -> None:
    writer = "WRITE_ONCE(*y, 1); rcu_assign_pointer(*x, y);"
    reader = "int r1; r1 = rcu_dereference(*x); int r2 = READ_ONCE(*r1);"
    assert verdict(writer, reader, end="exists (1:r1=y /\\ 1:r2=0)", initial="x=z;") == "Never"
    assert verdict(writer, reader, end="exists (1:r1=z /\\ 1:r2=0)", initial="x=z;") == "Sometimes"


def test_following_a_null_pointer_is_flagged() -> None:
    found = answer("int *r1 = READ_ONCE(*x); int r2 = READ_ONCE(*r1);", "WRITE_ONCE(*x, y);", end="exists (0:r2=1)")
    assert "null-dereference" in found.flags


def test_no_null_pointer_is_followed_behind_a_test() -> None:
    body = "int *r1 = READ_ONCE(*x); if (r1) int r2 = READ_ONCE(*r1);"
    assert answer(body, "WRITE_ONCE(*x, y);", end="exists (0:r1=y)").flags == {}


# ---------------------------------------------------------------- what primitives order


@pytest.mark.parametrize("model", BOTH)
@pytest.mark.parametrize(
    ("publish", "consume", "expected"),
    [
        ("smp_store_release(y, 1);", "r1 = smp_load_acquire(y);", "Never"),
        ("smp_store_release(y, 1);", "r1 = READ_ONCE(*y);", "Sometimes"),
        ("WRITE_ONCE(*y, 1);", "r1 = smp_load_acquire(y);", "Sometimes"),
        ("smp_wmb(); WRITE_ONCE(*y, 1);", "r1 = READ_ONCE(*y); smp_rmb();", "Never"),
        ("refcount_inc(y);", "r1 = smp_load_acquire(y);", "Sometimes"),
        ("refcount_dec(y);", "r1 = smp_load_acquire(y);", "Never"),
        ("set_bit(0, y);", "r1 = test_bit_acquire(0, y);", "Sometimes"),
        ("clear_bit_unlock(1, y);", "r1 = smp_load_acquire(y);", "Sometimes"),  # it leaves the bit as it was: 0
        ("smp_mb__before_atomic(); set_bit(0, y);", "r1 = test_bit_acquire(0, y);", "Never"),
        ("r0 = test_and_set_bit(0, y);", "r1 = test_bit_acquire(0, y);", "Never"),
        ("atomic_inc(y);", "r1 = smp_load_acquire(y);", "Sometimes"),
        ("r0 = atomic_inc_return(y);", "r1 = smp_load_acquire(y);", "Never"),
        ("r0 = atomic_add_negative_release(1, y);", "r1 = smp_load_acquire(y);", "Never"),
    ],
)
def test_publication(publish: str, consume: str, expected: str, model: str) -> None:
    if "clear_bit_unlock" in publish:
        expected = "Never"  # nothing is published at all
    assert message_passing(publish, consume, model=model) == expected


def test_the_last_put_sees_what_was_done_before_the_others() -> None:
    put = "WRITE_ONCE(*{0}, 1); int r1 = refcount_dec_and_test(z); if (r1) r2 = READ_ONCE(*{1}); else r2 = 1; int r3 = r2;"
    bodies = (put.format("x", "y"), put.format("y", "x"))
    assert verdict(*bodies, end="exists (0:r3=0 \\/ 1:r3=0)", initial="z=2;") == "Never"


def test_a_reference_is_only_taken_while_there_is_one() -> None:
    get = "int r1 = refcount_inc_not_zero(x);"
    assert (
        verdict(get, "int r1 = refcount_dec_and_test(x);", end="exists (0:r1=1 /\\ 1:r1=1)", initial="x=1;") == "Never"
    )


@pytest.mark.parametrize(
    ("lock", "unlock"),
    [
        ("spin_lock(l);", "spin_unlock(l);"),
        ("mutex_lock(l);", "mutex_unlock(l);"),
        ("lock_sock(l);", "release_sock(l);"),
        ("write_lock_bh(l);", "write_unlock_bh(l);"),
        ("down_write(l);", "up_write(l);"),
    ],
)
def test_locks_exclude_and_order(lock: str, unlock: str) -> None:
    add = f"{lock} int r1 = READ_ONCE(*x); WRITE_ONCE(*x, r1 + 1); {unlock}"
    assert verdict(add, add, end="exists (x=2)") == "Always"


def test_readers_of_a_rwlock_exclude_writers_only() -> None:
    writer = "write_lock(l); WRITE_ONCE(*x, 1); WRITE_ONCE(*y, 1); write_unlock(l);"
    reader = "read_lock(l); int r1 = READ_ONCE(*x); int r2 = READ_ONCE(*y); read_unlock(l);"
    assert verdict(writer, reader, end="exists (~1:r1=1:r2)") == "Never"
    mark = "read_lock(l); WRITE_ONCE(*{0}, 1); int r1 = READ_ONCE(*{1}); read_unlock(l);"
    assert verdict(mark.format("x", "y"), mark.format("y", "x"), end="exists (0:r1=0 /\\ 1:r1=0)") == "Sometimes"


def test_trylock_fails_only_while_the_lock_is_held() -> None:
    body = "int r1 = spin_trylock(l); if (r1) spin_unlock(l);"
    assert verdict(body, end="exists (0:r1=0)") == "Never"
    assert verdict(body, body, end="exists (0:r1=0)") == "Sometimes"


# ---------------------------------------------------------------- callbacks


def test_a_callback_runs_behind_a_grace_period() -> None:
    reader = "rcu_read_lock(); int r1 = READ_ONCE(*x); int r2 = READ_ONCE(*y); rcu_read_unlock();"
    free = "WRITE_ONCE(*y, 9);"
    queued = answer(reader, "WRITE_ONCE(*x, 1); queue_rcu_work(x, x, P2);", free, end="exists (0:r1=0 /\\ 0:r2=9)")
    at_once = answer(reader, "WRITE_ONCE(*x, 1); WRITE_ONCE(*y, 9);", "", end="exists (0:r1=0 /\\ 0:r2=9)")
    assert (queued.verdict, at_once.verdict) == (Verdict.NEVER, Verdict.SOMETIMES)


def test_a_callback_runs_when_it_was_started_and_not_otherwise() -> None:
    bodies = ("int r1 = READ_ONCE(*x); if (r1) call_rcu(x, P1);", "WRITE_ONCE(*y, 1);", "WRITE_ONCE(*x, 1);")
    assert verdict(*bodies, end="exists ((0:r1=1 /\\ y=1) \\/ (0:r1=0 /\\ y=0))") == "Always"


# ---------------------------------------------------------------- loops


SPIN = "while (READ_ONCE(*x) == 0) ; int r1 = READ_ONCE(*y);"


def test_a_loop_that_can_go_on_is_said_to_be_bounded() -> None:
    found = answer(SPIN, "WRITE_ONCE(*x, 1);", end="exists (0:r1=1)")
    assert (found.verdict, found.bounded) == (Verdict.NEVER, True)


def test_a_loop_that_ends_within_the_bound_is_decided_for_good() -> None:
    body = "int r1 = 0; while (r1 < 2) { r1 = r1 + 1; WRITE_ONCE(*x, r1); }"
    found = answer(body, end="exists (x=2)")
    assert (found.verdict, found.bounded) == (Verdict.ALWAYS, False)


def test_a_larger_bound_goes_on_longer() -> None:
    body = "int r1 = 0; while (r1 < 5) r1 = r1 + 1;"
    assert answer(body, end="exists (0:r1=5)").vacuous
    assert answer(body, end="exists (0:r1=5)", loop_bound=5).verdict is Verdict.ALWAYS


# ---------------------------------------------------------------- flags


def test_a_data_race_is_flagged_whatever_the_condition() -> None:
    found = answer("*x = 1;", "int r1 = READ_ONCE(*x);", end="exists (1:r1=7)")
    assert found.verdict is Verdict.NEVER
    (pair,) = found.flags["data-race"].flag.pairs
    accesses = [found.flags["data-race"].found.candidate.skeleton.events[i] for i in pair]
    assert {(e.thread, e.kind, e.location) for e in accesses} == {(0, "W", "x"), (1, "R", "x")}


def test_a_lock_prevents_the_race() -> None:
    body = "spin_lock(l); int r1 = *x; *x = r1 + 1; spin_unlock(l);"
    assert "data-race" not in answer(body, body, end="exists (x=2)").flags


@pytest.mark.parametrize(
    ("body", "flag"),
    [
        ("rcu_read_lock();", "unbalanced-rcu-locking"),
        ("rcu_read_lock(); synchronize_srcu(s); rcu_read_unlock();", "invalid-sleep"),
        ("int r1 = srcu_read_lock(s); srcu_read_unlock(s, 0);", "srcu-bad-nesting"),
        ("spin_unlock(l);", "lock-misuse"),
        ("*x = 1; int r1 = READ_ONCE(*x);", "mixed-accesses"),
    ],
)
def test_misuse_is_flagged(body: str, flag: str) -> None:
    for counts in (False, True):
        assert flag in answer(body, end="exists (x=5)", counts=counts, model="6.1").flags


def test_proper_use_is_not_flagged() -> None:
    body = "rcu_read_lock(); int r1 = srcu_read_lock(s); srcu_read_unlock(s, r1); rcu_read_unlock();"
    for model in BOTH:
        assert answer(body, end="exists (x=0)", model=model).flags == {}


# ---------------------------------------------------------------- limits


def test_a_condition_with_very_many_ways_to_come_true_is_decided() -> None:
    ways = " /\\ ".join(f"(0:r1={i} \\/ 0:r1={i + 1} \\/ x={i})" for i in range(40))
    found = answer("int r1 = READ_ONCE(*x);", "WRITE_ONCE(*x, 1);", end=f"exists ({ways})")
    assert found.verdict is Verdict.NEVER


@pytest.mark.parametrize("model", BOTH)
@pytest.mark.parametrize(
    "body",
    [
        "rcu_read_lock(); synchronize_rcu(); rcu_read_unlock();",
        "int r1 = srcu_read_lock(s); synchronize_srcu(s); srcu_read_unlock(s, r1);",
    ],
)
def test_waiting_for_oneself_never_ends(body: str, model: str) -> None:
    for counts in (False, True):
        assert answer(body, end="exists (x=0)", model=model, counts=counts).vacuous


def test_waiting_for_a_reader_that_one_has_to_end_oneself_never_ends() -> None:
    bodies = ("int r1 = srcu_down_read(s); smp_store_release(x, r1); smp_store_release(y, 1);",)
    waits = (
        "int r1 = smp_load_acquire(y); if (r1) { synchronize_srcu(s); int r2 = READ_ONCE(*x); srcu_up_read(s, r2); }"
    )
    for counts in (False, True):
        found = answer(*bodies, waits, end="exists (1:r1=1)", model="newest", counts=counts)
        assert found.verdict is Verdict.NEVER
        assert not found.vacuous


def test_a_deadlock_leaves_no_execution() -> None:
    found = answer("spin_lock(l); spin_lock(l);", end="exists (x=0)")
    assert (found.verdict, found.vacuous) == (Verdict.NEVER, True)


def test_a_time_limit_gives_no_verdict() -> None:
    body = "".join("atomic_inc(x); atomic_inc(y);" for _ in range(4))
    found = answer(*[body] * 6, end="exists (x=24)", counts=True, timeout=0.05)
    assert found.verdict is Verdict.UNDETERMINED
    assert found.reason == "the time limit of 0.05 s was reached"
    assert found.seconds < 2


@pytest.mark.parametrize(("longest", "worth_growing"), [(0, 0), (20_000, 0), (0, 20_000)])
@pytest.mark.parametrize("path", sorted((Path(__file__).parent / "psock").glob("*.litmus"))[::2], ids=lambda p: p.stem)
def test_locations_that_grow_or_are_not_listed_make_no_difference(
    path: Path, longest: int, worth_growing: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    listed = decide(read(path), Options(counts=True))
    monkeypatch.setattr("psockmc.litmus.combination._LONGEST_LIST", longest)
    monkeypatch.setattr("psockmc.litmus.combination._WORTH_GROWING", worth_growing)
    grown = decide(read(path), Options(counts=True))
    assert (grown.positive, grown.negative, grown.states) == (listed.positive, listed.negative, listed.states)
    assert grown.flags.keys() == listed.flags.keys()
    assert decide(read(path)).verdict == listed.verdict


def test_a_lock_orders_what_could_be_ordered_in_many_ways() -> None:
    add = "spin_lock(l); int r1 = READ_ONCE(*x); WRITE_ONCE(*x, r1 + 1); spin_unlock(l);"
    found = answer(*[add] * 5, end="exists (~x=5)", timeout=30)  # 120 orders of the lock, 14,400 choices for x
    assert found.verdict is Verdict.NEVER


def test_many_branches_are_combined_only_where_they_fit() -> None:
    choose = "int r1 = READ_ONCE(*x); if (r1 == 1) WRITE_ONCE(*y, 1); if (r1 == 2) WRITE_ONCE(*y, 2);"
    found = answer(*[choose] * 7, end="exists (y=1 \\/ y=2)", counts=True)
    assert (found.verdict, found.positive, found.negative) == (Verdict.NEVER, 0, 1)


def test_an_unknown_primitive_is_an_error_even_where_nobody_comes() -> None:
    with pytest.raises(LitmusError, match=r"the primitive frobnicate\(\) is not defined"):
        answer("if (0) frobnicate(x);", end="exists (x=0)")


def test_stating_a_model_that_does_not_exist_is_an_error_of_the_file() -> None:
    text = "C t\n(* Model: 5.0 *)\n{}\nP0(int *x) { }\nexists (x=0)\n"
    with pytest.raises(LitmusError, match=r"there is no memory model `5\.0`"):
        decide(parse(text))
    assert decide(parse(text), Options(model="6.1")).verdict is Verdict.ALWAYS


def test_an_unknown_model_is_an_error() -> None:
    with pytest.raises(ValueError, match=r"there is no memory model `5\.0`"):
        answer("", end="exists (x=0)", model="5.0")


def test_arithmetic_on_an_address_that_is_read_is_an_error() -> None:
    with pytest.raises(LitmusError, match="is an address"):
        answer("int r1 = READ_ONCE(*x); if (r1 < 3) int r2 = 1;", end="exists (0:r1=0)", initial="x=y;", counts=True)


def test_arithmetic_on_an_address_on_a_way_that_nobody_goes_is_none() -> None:
    body = "int r1 = READ_ONCE(*x); if (r1 == y) { r2 = r1 * 5; WRITE_ONCE(*z, r2); }"
    assert answer(body, "int *r1 = READ_ONCE(*l);", end="exists (z=0)", initial="l=y;").verdict is Verdict.ALWAYS


def test_a_known_verdict_survives_a_time_limit_while_looking_for_longer_loops(monkeypatch: pytest.MonkeyPatch) -> None:
    def no_time(*_: object) -> bool:
        raise TimeLimit

    text = f"C t\n{{}}\nP0({PARAMETERS}) {{ {SPIN} }}\nP1({PARAMETERS}) {{ WRITE_ONCE(*x, 1); }}\nexists (x=1)\n"
    run = Search.run
    monkeypatch.setattr(
        Search, "run", lambda self, goal, visit, paths=None: (no_time if paths else run)(self, goal, visit)
    )
    found = decide(parse(text))
    assert (found.verdict, found.bounded, found.reason) == (Verdict.ALWAYS, True, "")
