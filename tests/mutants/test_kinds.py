"""What is changed, and what is not."""

from __future__ import annotations

from psockmc.lang import load_source
from psockmc.lang.effects import Effects
from psockmc.mutants.kinds import Kind, Mutant, mutants
from psockmc.mutants.valid import is_program

HEAD = """
from psockmc.kernel.spinlock import spin_lock, spin_unlock, spinlock_t
from psockmc.lang import (
    Flags, Ghost, Int, Struct, atomic, clear_bit, instance, kernel, process, scenario, set_bit, xchg,
)

class bits(Flags):
    ONE = 0
    TWO = 1

class box(Struct):
    lock: spinlock_t
    a: Int[0, 3]
    b: Int[0, 3]
    note: Ghost[Int[0, 3]]
    state: bits

it = instance(box)

@kernel("lib/box.c")
def f() -> None:
"""

TAIL = """
check = scenario("it runs", run=[process(f)], properties=[])
"""


def made(body: str) -> list[Mutant]:
    """The mutants of a function with this body that are programs."""
    program = load_source(HEAD + "".join(f"    {line}\n" for line in body.strip().splitlines()) + TAIL)
    effects = Effects(program.functions, program.structs, program.instances.values())
    return [m for m in mutants(program.functions["f"], program, effects) if is_program(program, m, effects)]


def changes(body: str, kind: Kind) -> list[str]:
    """The changes of one kind."""
    return [m.change for m in made(body) if m.kind is kind]


def test_a_lock_goes_with_all_its_unlocks() -> None:
    body = "spin_lock(it.lock)\nif it.a:\n    spin_unlock(it.lock)\n    return\nspin_unlock(it.lock)"
    (mutant,) = [m for m in made(body) if m.kind is Kind.REMOVE_PAIR]
    assert "lock" not in str([s for s in mutant.function.body if type(s).__name__ == "Evaluate"])


def test_a_forgotten_unlock_is_a_mutant_and_a_forgotten_lock_is_not() -> None:
    assert changes("spin_lock(it.lock)\nspin_unlock(it.lock)", Kind.REMOVE_CALL) == ["spin_unlock(it.lock)"]


def test_stores_are_removed() -> None:
    assert changes("it.a = 1", Kind.REMOVE_STORE) == ["it.a = 1"]


def test_notes_for_properties_are_not_changed() -> None:
    assert made("it.note = 1") == []


def test_a_test_that_guards_notes_only_is_not_forced() -> None:
    assert changes("if it.a:\n    it.note = 1", Kind.FORCE_TRUE) == []


def test_steps_on_both_sides_of_a_note_are_swapped() -> None:
    assert changes("it.a = 1\nit.note = 1\nit.b = 1", Kind.SWAP) == ["it.a = 1 <-> it.b = 1"]


def test_a_local_is_not_read_before_it_has_a_value() -> None:
    assert changes("x = it.a\nit.b = x", Kind.SWAP) == []


def test_nothing_changes_places_with_a_return() -> None:
    assert changes("it.a = 1\nif it.b:\n    return\nit.b = 1", Kind.SWAP) == []


def test_a_test_is_evaluated_and_its_outcome_not_used() -> None:
    (mutant,) = [m for m in made("if it.a:\n    it.b = 1") if m.kind is Kind.FORCE_TRUE]
    assert mutant.new == "(it.a) or True"


def test_an_atomic_block_is_taken_apart() -> None:
    assert changes('with atomic("together"):\n    it.a = 1\n    it.b = 1', Kind.APART) == ['with atomic("together")']


def test_an_exchange_becomes_a_load_and_a_store() -> None:
    (mutant,) = [m for m in made("x = xchg(it.a, 1)\nit.b = x") if m.kind is Kind.NOT_ATOMIC]
    assert len(mutant.function.body) == 4


def test_bits_are_set_and_cleared_by_a_load_and_a_store() -> None:
    assert len(changes("set_bit(TWO, it.state)\nclear_bit(ONE, it.state)", Kind.NOT_ATOMIC)) == 2


def test_equal_changes_of_a_function_are_told_apart() -> None:
    names = [m.name for m in made("it.a = 1\nit.b = 1\nit.a = 1")]
    assert len(set(names)) == len(names)


def test_names_do_not_contain_lines() -> None:
    assert [m.name for m in made("it.a = 1\nit.b = 1")] == [m.name for m in made("\nit.a = 1\n\nit.b = 1")]


def telling(body: str, kind: Kind) -> list[tuple[int, ...]]:
    """The lines of the body, from 0, that tell that the test of a mutant went the other way."""
    first = HEAD.count("\n") + 1
    return [tuple(line - first for line in m.telling) for m in made(body) if m.kind is kind]


def test_a_branch_that_ran_tells_that_its_test_held() -> None:
    assert telling("if it.a:\n    it.b = 1\nit.b = 2", Kind.FORCE_FALSE) == [(1,)]


def test_what_comes_after_a_return_tells_that_its_test_failed() -> None:
    assert telling("if it.a:\n    return\nit.b = 2", Kind.FORCE_TRUE) == [(2,)]


def test_what_comes_after_a_branch_tells_nothing() -> None:
    assert telling("if it.a:\n    it.b = 1\nit.b = 2", Kind.FORCE_TRUE) == [()]


def test_what_comes_after_a_loop_tells_that_it_ended() -> None:
    assert telling("while it.a:\n    it.a = 0\nit.b = 2", Kind.FORCE_TRUE) == [(2,)]
