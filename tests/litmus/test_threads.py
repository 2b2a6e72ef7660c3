"""The paths of threads: events and their sets, program order, dependencies, constraints."""

from __future__ import annotations

import pytest

from psockmc.litmus.definitions import DefinitionError, Definitions, definitions
from psockmc.litmus.limits import TooLarge
from psockmc.litmus.parser import parse
from psockmc.litmus.paths import CALLBACK, Path
from psockmc.litmus.problems import LitmusError
from psockmc.litmus.threads import Semantics, paths, pointers, started

PARAMETERS = "int *x, int *y, int *z, spinlock_t *l, struct srcu_struct *s"


def ways(body: str, *, initial: str = "", model: str = "6.1", null_once: bool = False, bound: int = 3) -> list[Path]:
    """The paths of P0 with this body."""
    test = parse(f"C t\n{{ {initial} }}\nP0({PARAMETERS}) {{ {body} }}\nP1({PARAMETERS}) {{ }}\n")
    semantics = Semantics(definitions(model), model == "newest", null_once, bound)
    return paths(test, 0, semantics, pointers(test), "P0" in started(test))


def way(body: str, *, model: str = "6.1", null_once: bool = False) -> Path:
    (only,) = ways(body, model=model, null_once=null_once)
    return only


def shape(path: Path) -> list[str]:
    """Every event as `R[once] x`."""
    return [f"{e.kind}[{','.join(e.sets)}]{' ' + e.location if e.location else ''}" for e in path.events]


def pairs(rows: list[int]) -> set[tuple[int, int]]:
    return {(i, j) for i, row in enumerate(rows) for j in range(len(rows)) if row >> j & 1}


# ---------------------------------------------------------------- primitives


@pytest.mark.parametrize(
    ("statement", "events"),
    [
        ("r = READ_ONCE(*x);", ["R[once] x"]),
        ("r = rcu_dereference(*x);", ["R[once] x"]),
        ("r = smp_load_acquire(x);", ["R[Acquire] x"]),
        ("WRITE_ONCE(*x, 1);", ["W[once] x"]),
        ("smp_store_release(x, 1);", ["W[Release] x"]),
        ("rcu_assign_pointer(*x, 0);", ["W[Release] x"]),
        ("smp_store_mb(*x, 1);", ["W[once] x", "F[mb]"]),
        ("r = *x;", ["R[Plain] x"]),
        ("*x = 1;", ["W[Plain] x"]),
        ("r = xchg(x, 1);", ["F[mb]", "R[once,RMW] x", "W[once,RMW] x", "F[mb]"]),
        ("r = xchg_acquire(x, 1);", ["R[Acquire,RMW] x", "W[once,RMW] x"]),
        ("r = atomic_fetch_add_release(1, x);", ["R[once,RMW] x", "W[Release,RMW] x"]),
        ("atomic_inc(x);", ["R[noreturn,RMW] x", "W[once,RMW] x"]),
        ("set_bit(3, x);", ["R[noreturn,RMW] x", "W[once,RMW] x"]),
        ("refcount_inc(x);", ["R[once,RMW] x", "W[once,RMW] x"]),
        ("refcount_dec(x);", ["R[once,RMW] x", "W[Release,RMW] x"]),
        ("spin_lock(l);", ["R[LKR,Acquire] l", "W[LKW] l"]),
        ("spin_unlock(l);", ["W[UL,Release] l"]),
        ("mutex_unlock(x);", ["W[Release] x"]),
        ("read_unlock(x);", ["R[once,RMW] x", "W[Release,RMW] x"]),
        ("rcu_read_lock();", ["F[rcu-lock]"]),
        ("synchronize_rcu();", ["F[sync-rcu]"]),
        ("r = srcu_read_lock(s);", ["SRCU[srcu-lock] s"]),
        ("srcu_up_read(s, 0);", ["SRCU[srcu-unlock] s"]),
        ("synchronize_srcu(s);", ["SRCU[sync-srcu] s"]),
        ("call_rcu(x, P1);", [f"W[Release] {CALLBACK}P1"]),
    ],
)
def test_events_of_primitives(statement: str, events: list[str]) -> None:
    assert shape(way(statement)) == events


def test_a_failed_cmpxchg_is_a_mere_read_whatever_its_suffix() -> None:
    success, failure = ways("r = cmpxchg_acquire(x, 5, 1);")
    assert shape(success) == ["R[Acquire,RMW] x", "W[once,RMW] x"]
    assert shape(failure) == ["R[once,RMW] x"]
    assert (success.constraints, failure.constraints) == ([(("==", ("r", 0), 5), True)], [(("==", ("r", 0), 5), False)])


def test_inc_not_zero_orders_nothing() -> None:
    success, failure = ways("r = refcount_inc_not_zero(x);")
    assert shape(success) == ["R[once,RMW] x", "W[once,RMW] x"]
    assert shape(failure) == ["R[once,RMW] x"]
    assert pairs(success.data) == {(0, 1)}


def test_dec_and_test_acquires_for_the_last_one_only() -> None:
    last, other = ways("r = refcount_dec_and_test(x);")
    assert shape(last) == ["R[once,RMW] x", "W[Release,RMW] x", "F[rmb]"]
    assert shape(other) == ["R[once,RMW] x", "W[Release,RMW] x"]


def test_a_blocked_primitive_has_no_other_way() -> None:
    assert shape(way("mutex_lock(x);")) == ["R[Acquire,RMW] x", "W[once,RMW] x"]


def test_trylock_and_is_locked_have_two_ways() -> None:
    assert [shape(p) for p in ways("r = spin_trylock(l);")] == [["R[LKR,Acquire] l", "W[LKW] l"], ["R[LF] l"]]
    assert [(shape(p), p.registers["r"]) for p in ways("r = spin_is_locked(l);")] == [
        (["R[LF] l"], 1),
        (["R[RU] l"], 0),
    ]


def test_assigning_null_is_write_once_on_demand() -> None:
    assert shape(way("rcu_assign_pointer(*x, NULL);", null_once=True)) == ["W[once] x"]
    assert shape(way("r = 0; rcu_assign_pointer(*x, r);", null_once=True)) == ["W[Release] x"]


@pytest.mark.parametrize("model", ["6.1", "newest"])
def test_every_definition_is_well_formed(model: str) -> None:
    known = definitions(model)
    for name in known:
        primitive = known.get(name)
        assert primitive is not None
        assert primitive.name == name


def test_some_primitives_are_known_to_the_newest_model_only() -> None:
    assert "smp_mb__after_srcu_read_unlock" not in definitions("6.1")
    assert "smp_mb__after_srcu_read_unlock" in definitions("newest")


@pytest.mark.parametrize("line", ["foo(p) : dance once", "foo(p) : rmw once", "foo p : load once"])
def test_a_wrong_definition_is_refused(line: str) -> None:
    with pytest.raises(DefinitionError, match=r"primitives.def:1"):
        Definitions(line, "6.1").get(line.partition("(")[0])


# ---------------------------------------------------------------- program order and dependencies


def test_operands_are_not_ordered_among_each_other() -> None:
    path = way("r = READ_ONCE(*x) + READ_ONCE(*y); WRITE_ONCE(*z, 1);")
    assert pairs(path.po) == {(0, 2), (1, 2)}


def test_value_and_address_of_a_store_are_not_ordered() -> None:
    path = ways("*(READ_ONCE(*x)) = READ_ONCE(*y);", initial="x=z;")[0]
    assert pairs(path.po) == {(0, 2), (1, 2)}
    assert {e.location for e in path.events} == {"x", "y", "z"}


def test_data_flows_through_registers_and_operators_even_when_the_value_does_not() -> None:
    path = way("r1 = READ_ONCE(*x); r2 = r1 & 0; WRITE_ONCE(*y, r2 + 1);")
    assert pairs(path.data) == {(0, 1)}
    assert path.events[1].term == 1


def test_addresses_depend_on_what_they_were_read_from() -> None:
    first, *_ = ways("r1 = READ_ONCE(*x); r2 = READ_ONCE(*r1);", initial="x=y;")
    assert pairs(first.addr) == {(0, 1)}
    assert first.events[1].location == "y"


def test_a_pointer_that_is_read_has_a_way_for_each_global_and_one_for_null() -> None:
    found = ways("r1 = READ_ONCE(*x); r2 = READ_ONCE(*r1);", initial="x=y; z=l;")
    assert [p.events[1].location for p in found] == ["y", "l", "NULL"]
    assert [m.flag for m in found[-1].misuse] == ["null-dereference"]


def test_control_dependencies_stop_at_the_end_of_the_branch() -> None:
    taken, not_taken = ways("r = READ_ONCE(*x); if (r) WRITE_ONCE(*y, 1); WRITE_ONCE(*z, 1);")[::-1]
    assert pairs(taken.ctrl) == {(0, 1)}
    assert pairs(not_taken.ctrl) == set()


def test_registers_assigned_in_a_branch_stay_tainted() -> None:
    path = ways("r = READ_ONCE(*x); if (r) q = 1; if (q) WRITE_ONCE(*y, 1);")[1]
    assert pairs(path.ctrl) == {(0, 1)}
    assert pairs(path.data) == set()


def test_an_atomic_operation_depends_on_its_own_read_when_it_calculates() -> None:
    assert pairs(way("atomic_inc(x);").data) == {(0, 1)}
    assert pairs(way("r = xchg_relaxed(x, 1);").data) == set()


def test_a_lock_is_no_source_of_dependencies_but_a_failed_trylock_is() -> None:
    taken, failed = ways("r = spin_trylock(l); WRITE_ONCE(*x, r);")
    assert pairs(taken.data) == set()
    assert pairs(failed.data) == {(0, 1)}


def test_the_cookie_is_data_in_the_newest_model() -> None:
    body = "r = srcu_read_lock(s); srcu_read_unlock(s, r);"
    assert pairs(way(body).data) == set()
    assert pairs(way(body, model="newest").data) == {(0, 1)}


# ---------------------------------------------------------------- ways


def test_what_is_known_of_a_read_decides_later_branches() -> None:
    found = ways("r = READ_ONCE(*x); if (r == 1) { if (r == 2) WRITE_ONCE(*y, 1); }")
    assert len(found) == 2


def test_a_branch_without_reads_has_one_way() -> None:
    assert len(ways("r = 1; if (r) WRITE_ONCE(*x, 1); else WRITE_ONCE(*y, 1);")) == 1


def test_constraints_on_a_single_read_become_filters() -> None:
    path = ways("r = READ_ONCE(*x); q = READ_ONCE(*y); if (r == 1) if (r == q) WRITE_ONCE(*z, 1);")[0]
    assert set(path.filters) == {0, 1}  # r is known to be 1, so the second is about q alone


def test_loops_are_unrolled_and_cut_at_the_bound() -> None:
    found = ways("while (READ_ONCE(*x)) ;", bound=2)
    assert [(len(p.events), p.cut) for p in found] == [(1, False), (2, False), (3, False), (3, True)]


def test_control_dependencies_add_up_in_loops() -> None:
    path = ways("while (READ_ONCE(*x)) WRITE_ONCE(*y, 1);", bound=1)[1]
    assert pairs(path.ctrl) == {(0, 1), (0, 2)}


def test_a_callback_waits_for_its_start_and_a_grace_period() -> None:
    text = f"C t\n{{}}\nP0({PARAMETERS}) {{ call_rcu(x, P1); }}\nP1({PARAMETERS}) {{ WRITE_ONCE(*x, 1); }}\n"
    test = parse(text)
    assert started(test) == {"P1"}
    runs, idle = paths(test, 1, Semantics(definitions("6.1")), (), True)
    assert shape(runs) == [f"R[Acquire] {CALLBACK}P1", "F[sync-rcu]", "W[once] x"]
    assert idle.idle


def test_readers_match_by_nesting() -> None:
    body = "rcu_read_lock(); rcu_read_lock(); rcu_read_unlock(); rcu_read_unlock();"
    assert pairs(way(body).rcu_rscs) == {(0, 3), (1, 2)}
    assert not way(body).odd_readers


@pytest.mark.parametrize(
    "body",
    [
        "rcu_read_lock();",
        "rcu_read_unlock();",
        "r = srcu_read_lock(s); srcu_read_unlock(s, 0);",
        "rcu_read_lock(); synchronize_srcu(s); rcu_read_unlock();",
    ],
)
def test_odd_readers_are_noticed(body: str) -> None:
    assert way(body).odd_readers


def test_unlocking_what_is_not_held_is_misuse() -> None:
    assert [m.flag for m in way("spin_lock(l); spin_unlock(l); spin_unlock(l);").misuse] == ["lock-misuse"]


# ---------------------------------------------------------------- refusals


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ("WRITE_ONCE(*w, 1);", "`w` is a global, but no parameter of P0"),
        ("r = 7; WRITE_ONCE(*r, 1);", "the integer 7 is used as an address"),
        ("r = x + 1;", "&x + 1 has no meaning: &x is an address"),
        ("r = 1 / 0;", "1 / 0 has no value"),
    ],
)
def test_what_has_no_meaning_is_refused(body: str, message: str) -> None:
    with pytest.raises(LitmusError) as caught:
        ways(body, initial="w=1;")
    assert caught.value.problems[0].message == message
    assert caught.value.problems[0].start is not None


def test_too_many_paths_are_not_tried(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("psockmc.litmus.threads.MAX_PATHS", 10)
    with pytest.raises(TooLarge, match="P0 has more than 10 paths"):
        ways("if (READ_ONCE(*x)) ;" * 4)
