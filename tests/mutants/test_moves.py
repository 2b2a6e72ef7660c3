"""Which steps change places, and what moves with them."""

from __future__ import annotations

from psockmc.lang import load_source
from psockmc.lang.effects import Effects
from psockmc.mutants.kinds import Mutant
from psockmc.mutants.moves import Moves, Step, moves
from tests.mutants.test_kinds import HEAD, TAIL


def blocks_of(body: str) -> list[Moves]:
    """The moves of a function with this body, block by block."""
    program = load_source(HEAD + "".join(f"    {line}\n" for line in body.strip().splitlines()) + TAIL)
    effects = Effects(program.functions, program.structs, program.instances.values())
    return list(moves(program.functions["f"], program, effects))


def step(block: Moves, text: str) -> Step:
    """The step with this text."""
    return next(s for s in block.steps if s.text == text)


def lines(mutant: Mutant | str) -> list[int]:
    """The lines of the function's statements, in their new order, counted from the first."""
    assert isinstance(mutant, Mutant), mutant
    found = [s.span.line for s in mutant.function.body]
    return [line - min(found) for line in found]


def test_a_step_moves_past_others() -> None:
    (block,) = blocks_of("it.a = 1\nit.b = 1\nit.a = 2")
    assert lines(block.behind(block.steps[0], block.steps[2])) == [1, 2, 0]
    assert lines(block.before(block.steps[0], block.steps[2])) == [2, 0, 1]


def test_what_a_note_says_moves_with_the_step_above_it() -> None:
    (block,) = blocks_of("it.a = 1\nit.note = 1\nit.b = 1")
    assert lines(block.behind(*block.steps)) == [2, 0, 1]


def test_a_note_stays_with_the_step_that_others_move_past() -> None:
    (block,) = blocks_of("it.a = 1\nit.b = 1\nit.note = 1")
    assert lines(block.behind(*block.steps)) == [1, 2, 0]


def test_a_section_does_not_end_before_it_begins() -> None:
    (block,) = blocks_of("spin_lock(it.lock)\nit.a = 1\nspin_unlock(it.lock)")
    begin, _, end = block.steps
    assert block.behind(begin, end) == block.before(begin, end) == "the section would end before it begins"


def test_a_section_does_not_begin_behind_an_unlock_in_a_branch() -> None:
    body = "spin_lock(it.lock)\nif it.a:\n    spin_unlock(it.lock)\n    return\nspin_unlock(it.lock)"
    outer = blocks_of(body)[0]
    assert outer.behind(outer.steps[0], outer.steps[1]) == "the section would end before it begins"


def test_a_section_does_not_end_twice() -> None:
    body = "spin_lock(it.lock)\nif it.a:\n    spin_unlock(it.lock)\n    return\nspin_unlock(it.lock)"
    outer = blocks_of(body)[0]
    assert outer.before(outer.steps[1], outer.steps[2]) == "the section would end twice"


def test_a_local_needs_its_value() -> None:
    (block,) = blocks_of("x = it.a\nit.b = x")
    assert "x" in str(block.behind(*block.steps))
    assert isinstance(block.behind(*block.steps), str)


def test_steps_with_one_text_have_numbers() -> None:
    (block,) = blocks_of("it.a = 1\nit.b = 1\nit.a = 1")
    assert [s.text for s in block.steps] == ["it.a = 1", "it.b = 1", "it.a = 1 #2"]


def test_what_happens_in_one_step_has_no_order() -> None:
    (block,) = blocks_of('with atomic("together"):\n    it.a = 1\n    it.b = 1\nit.b = 2')
    assert len(block.steps) == 2


def test_a_step_with_a_note_is_called_what_it_is_without() -> None:
    (block,) = blocks_of('with atomic("noted"):\n    it.a = 1\n    it.note = 1\nit.b = 2')
    assert [s.text for s in block.steps] == ["it.a = 1", "it.b = 2"]


def test_a_block_names_the_statement_it_belongs_to() -> None:
    blocks = blocks_of("if it.a:\n    it.b = 1\n    it.b = 2\nelse:\n    it.b = 3")
    assert [block.parent for block in blocks] == ["", "if it.a", "the else of if it.a"]
