"""Steps of a function that change places: one of them is moved to the other side of another in its block."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace

from psockmc.lang import tree
from psockmc.lang.effects import Effects
from psockmc.lang.walk import blocks, statements
from psockmc.mutants.blocks import Block, Path, all_blocks, with_block
from psockmc.mutants.kinds import PAIRS, Kind, Maker, Mutant, called, ends_of
from psockmc.mutants.valid import refusal


@dataclass(frozen=True)
class Step:
    """A statement that takes steps. text: of its first line, with a number where the function has another such step.

    index: its place in its block. carried: the places of all that moves with it: notes for properties that stand behind
    a step say what it did. lines: of the statement, with all that is in it.
    """

    index: int
    carried: tuple[int, ...]
    statement: tree.Stmt
    text: str
    lines: tuple[int, ...]


@dataclass(frozen=True)
class Moves:
    """The moves within one block of a function."""

    program: tree.Program
    effects: Effects
    function: tree.Function
    path: Path
    block: Block
    steps: tuple[Step, ...]

    @property
    def parent(self) -> str:
        """The text of the statement that the block belongs to; "" for the body of the function."""
        if not self.path:
            return ""
        text = Maker(self.function, self.program, self.effects).text(_statement(self.function.body, self.path))
        return f"the else of {text}" if self.path[-1][1] else text

    def behind(self, first: Step, second: Step) -> Mutant | str:
        """`first` moved to directly behind `second`, which stands somewhere behind it; or why that cannot be."""
        block = self._with(first, second.carried[-1] + 1)
        return self._checked(first, second, "behind", block)

    def before(self, first: Step, second: Step) -> Mutant | str:
        """`second` moved to directly before `first`, which stands somewhere before it; or why that cannot be."""
        block = self._with(second, first.index)
        return self._checked(second, first, "before", block)

    def _with(self, moved: Step, place: int) -> Block:
        """The block with a step before what stands at a place."""
        kept = [(i, s) for i, s in enumerate(self.block) if i not in moved.carried]
        above = [s for i, s in kept if i < place]
        return (*above, *(self.block[i] for i in moved.carried), *(s for i, s in kept if i >= place))

    def _checked(self, moved: Step, other: Step, where: str, block: Block) -> Mutant | str:
        if reason := self._breaks_a_section(moved, other, where):
            return reason
        function = replace(self.function, body=with_block(self.function.body, self.path, block))
        change = f"{moved.text} {where} {other.text}"
        mutant = Mutant(function, Kind.MOVE, change, moved.text, f"{where} {other.text}", moved.lines, other.lines)
        return refusal(self.program, mutant, self.effects) or mutant

    def _breaks_a_section(self, moved: Step, other: Step, where: str) -> str:
        """A lock that would be taken behind its unlock, or unlocked twice. No program has that by mistake."""
        maker = Maker(self.function, self.program, self.effects)
        section = maker.argument(moved.statement)
        others = list(statements((other.statement,)))

        def has(words: tuple[str, ...]) -> bool:
            return any(called(s) in words and maker.argument(s) == section for s in others)

        word = called(moved.statement)
        if where == "behind" and has(ends_of(word)):
            return "the section would end before it begins"
        begins = tuple(begin for begin in PAIRS if word in ends_of(begin))
        if where == "before" and begins and has(begins):
            return "the section would end before it begins"
        if where == "before" and begins and has((word,)):
            return "the section would end twice"
        return ""


def moves(function: tree.Function, program: tree.Program, effects: Effects) -> Iterator[Moves]:
    """For each block of a function that has steps: outer blocks first."""
    maker = Maker(function, program, effects)
    seen: Counter[str] = Counter()
    for path, block in all_blocks(function.body):
        if path and isinstance(_statement(function.body, path), tree.Atomic):
            continue  # one step, whatever its order
        found = []
        for index, statement in enumerate(block):
            if maker.is_note(statement) or _only_leaves(statement) or not maker.steps(statement):
                continue
            text = _name(maker, statement)
            seen[text] += 1
            name = text if seen[text] == 1 else f"{text} #{seen[text]}"
            found.append(Step(index, _carried(maker, block, index), statement, name, _lines(statement)))
        if found:
            yield Moves(program, effects, function, path, block, tuple(found))


def _statement(body: Block, path: Path) -> tree.Stmt:
    """The statement that the block at a path belongs to."""
    for index, which in path[:-1]:
        body = blocks(body[index])[which]
    return body[path[-1][0]]


def _name(maker: Maker, statement: tree.Stmt) -> str:
    """A statement that is one step together with notes for properties is called what it is without them."""
    if isinstance(statement, tree.Atomic):
        real = [inner for inner in statement.body if not maker.is_note(inner)]
        if len(real) == 1:
            return maker.text(real[0])
    return maker.text(statement)


def _carried(maker: Maker, block: Block, index: int) -> tuple[int, ...]:
    """Notes that something is over (`= NOBODY`) stay where they are: it is over there whatever has moved."""
    places = [index]
    for place in range(index + 1, len(block)):
        if not maker.is_note(block[place]):
            break
        if not _says_it_is_over(block[place]):
            places.append(place)
    return tuple(places)


def _says_it_is_over(statement: tree.Stmt) -> bool:
    match statement:
        case tree.Assign(value=tree.Literal(text="NOBODY")):
            return True
    return False


def _only_leaves(statement: tree.Stmt) -> bool:
    return isinstance(statement, tree.Return | tree.Break | tree.Continue)


def _lines(statement: tree.Stmt) -> tuple[int, ...]:
    inner = [s.span.line for block in blocks(statement) for s in statements(block)]
    return (statement.span.line, *inner)
