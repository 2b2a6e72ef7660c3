"""What can be changed in a function: the kinds of mutants.

Every mutant changes one thing that a programmer could have got wrong. Notes for properties (ghost fields) are no steps
of the kernel: they are not changed, and what stands beside them is adjacent.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from enum import StrEnum
from itertools import pairwise

from psockmc.lang import tree
from psockmc.lang.effects import Effects
from psockmc.lang.source import SourceFile
from psockmc.lang.types import Bool, FlagsType, show
from psockmc.lang.walk import all_expressions, blocks, expressions, statements, within
from psockmc.mutants.blocks import Block, Path, all_blocks, with_block, without


class Kind(StrEnum):
    """The kinds, with their names on the command line and in spec/mutants.toml."""

    REMOVE_PAIR = "remove-pair"
    REMOVE_CALL = "remove-call"
    REMOVE_STORE = "remove-store"
    SWAP = "swap"
    FORCE_TRUE = "force-true"
    FORCE_FALSE = "force-false"
    NOT_ATOMIC = "not-atomic"
    APART = "apart"
    MOVE = "move"


PAIRS = {
    "rcu_read_lock": "rcu_read_unlock",
    "preempt_disable": "preempt_enable",
    "local_bh_disable": "local_bh_enable",
    "local_irq_disable": "local_irq_enable",
    "spin_lock": "spin_unlock",
    "spin_lock_bh": "spin_unlock_bh",
    "spin_lock_irqsave": "spin_unlock_irqrestore",
    "read_lock_bh": "read_unlock_bh",
    "write_lock_bh": "write_unlock_bh",
    "mutex_lock": "mutex_unlock",
    "lock_sock": "release_sock",
    "bh_lock_sock": "bh_unlock_sock",
}
"""What begins and ends a section. To remove only the beginning shows nothing: the end that is left is noticed."""


@dataclass(frozen=True)
class Mutant:
    """A function with one change. change: what identifies it in its function, without lines: the statements' text.

    old, new: what stood there and what stands there now. lines: the lines whose statements must run for anything to
    be different. and_lines: if any, one of these must run, too. telling: of a forced test, the lines that run only
    when its outcome is not the forced one, as far as that can be seen. told: the text of these lines.
    """

    function: tree.Function
    kind: Kind
    change: str
    old: str
    new: str
    lines: tuple[int, ...]
    and_lines: tuple[int, ...] = ()
    telling: tuple[int, ...] = ()
    told: tuple[str, ...] = ()

    @property
    def key(self) -> tuple[str, str, str]:
        """Function, kind and change: unique in a program, and what spec/mutants.toml calls it."""
        return self.function.name, self.kind.value, self.change

    @property
    def name(self) -> str:
        """The key in one string."""
        return ": ".join(self.key)

    @property
    def place(self) -> str:
        """`file:line`."""
        return f"{self.function.span.file}:{self.lines[0]}"

    @property
    def shown(self) -> str:
        """The change on one line."""
        return f"{self.old}  =>  {self.new or '(gone)'}"


def mutants(function: tree.Function, program: tree.Program, effects: Effects) -> Iterator[Mutant]:
    """All changes of a function but the moves (see moves.py), in the order of kinds; some may break a rule of the
    language.
    """
    maker = Maker(function, program, effects)
    count: Counter[tuple[Kind, str]] = Counter()
    for mutant in maker.all():
        key = (mutant.kind, mutant.change)
        count[key] += 1
        yield mutant if count[key] == 1 else replace(mutant, change=f"{mutant.change} #{count[key]}")


class Maker:
    """Makes the mutants of one function."""

    def __init__(self, function: tree.Function, program: tree.Program, effects: Effects) -> None:
        self.function = function
        self.program = program
        self.effects = effects
        self.source = SourceFile(function.span.file, program.sources[function.span.file])

    def all(self) -> Iterator[Mutant]:
        """Every change."""
        yield from self.pairs()
        for path, block in all_blocks(self.function.body):
            for i, statement in enumerate(block):
                yield from self.removed(path, block, i)
                yield from self.forced(path, block, i)
                yield from self.not_atomic(path, block, i)
                if isinstance(statement, tree.Atomic):
                    apart = (*block[:i], *statement.body, *block[i + 1 :])
                    yield self.made(Kind.APART, path, apart, statement, "its steps one by one")
            yield from self.swapped(path, block)

    def text(self, node: tree.Stmt | tree.Expr) -> str:
        """The source text on one line."""
        return self.source.text_of(node.span)

    def made(
        self, kind: Kind, path: Path, block: Block, at: tree.Stmt, new: str, function: tree.Function | None = None
    ) -> Mutant:
        """A mutant with another block at a path."""
        base = function or self.function
        lines = (at.span.line, *(s.span.line for inner in blocks(at) for s in statements(inner)))
        own = lines if kind is Kind.APART else lines[:1]
        text = self.text(at)
        return Mutant(replace(base, body=with_block(base.body, path, block)), kind, text, text, new, own)

    # ------------------------------------------------------------ removing

    def pairs(self) -> Iterator[Mutant]:
        """A section without its lock: every beginning and end of it in the function."""
        found: dict[tuple[str, str], list[tree.Stmt]] = {}
        for statement in statements(self.function.body):
            name, of = called(statement), self.argument(statement)
            if name:
                found.setdefault((name, of), []).append(statement)
        for (begin, of), begins in found.items():
            ends = [s for end in ends_of(begin) for s in found.get((end, of), ())]
            if not ends:
                continue
            body = without(self.function.body, (*begins, *ends))
            change = f"{self.text(begins[0])} .. {self.text(ends[0])}"
            lines = tuple(s.span.line for s in begins)
            yield Mutant(replace(self.function, body=body), Kind.REMOVE_PAIR, change, change, "", lines)

    def argument(self, statement: tree.Stmt) -> str:
        """The text of the first argument of a call: which lock. (release_sock_and_backlog() takes the socket.)"""
        match statement:
            case tree.Evaluate(value=tree.Call(args=(first, *_))):
                return self.text(first).removesuffix(".sk_lock")
        return ""

    def removed(self, path: Path, block: Block, i: int) -> Iterator[Mutant]:
        """One call or one store less."""
        statement = block[i]
        rest = (*block[:i], *block[i + 1 :])
        match statement:
            case tree.Evaluate() if called(statement) not in PAIRS and self.steps(statement):
                yield self.made(Kind.REMOVE_CALL, path, rest, statement, "")
            case tree.Assign(target=tree.FieldOf() | tree.ElementOf()) if not self.is_note(statement):
                yield self.made(Kind.REMOVE_STORE, path, rest, statement, "")

    # ------------------------------------------------------------ order

    def swapped(self, path: Path, block: Block) -> Iterator[Mutant]:
        """Two steps in the other order. Both must be steps: nobody sees the order of anything else."""
        real = [i for i, s in enumerate(block) if not self.is_note(s)]
        for i, j in pairwise(real):
            first, second = block[i], block[j]
            if not all(self.steps(s) and not _leaves(s) for s in (first, second)) or first == second:
                continue
            other = list(block)
            other[i], other[j] = second, first
            a, b = self.text(first), self.text(second)
            made = self.made(Kind.SWAP, path, tuple(other), first, f"{b}; {a}")
            yield replace(made, change=f"{a} <-> {b}", old=f"{a}; {b}", lines=(first.span.line, second.span.line))

    def steps(self, statement: tree.Stmt) -> bool:
        """Whether a statement can take a step, or begins or ends a section."""
        if self.effects.can_step((statement,)):
            return True
        parts = list(all_expressions((statement,)))
        return any(isinstance(p, tree.Intrinsic | tree.Call) and _name(p) in _SECTIONS for p in parts)

    def is_note(self, statement: tree.Stmt) -> bool:
        """Whether a statement is there for readers and properties only."""
        match statement:
            case tree.Omits() | tree.CoverThat() | tree.Check() | tree.AssumeThat():
                return True
            case tree.Assign(target=target):
                while isinstance(target, tree.ElementOf):
                    target = target.base
                if isinstance(target, tree.FieldOf):
                    field = self.program.structs[target.struct].field(target.name)
                    return field is not None and field.ghost
        return False

    # ------------------------------------------------------------ tests

    def forced(self, path: Path, block: Block, i: int) -> Iterator[Mutant]:
        """The condition is evaluated, with its steps and effects, and its outcome is not used."""
        statement = block[i]
        if not isinstance(statement, tree.If | tree.While) or isinstance(statement.cond, tree.Literal):
            return
        if all(self.is_note(s) for inner in blocks(statement) for s in inner):
            return  # the kernel has no such test
        cond, span = statement.cond, statement.cond.span
        for kind, op, value in ((Kind.FORCE_TRUE, "or", 1), (Kind.FORCE_FALSE, "and", 0)):
            literal = tree.Literal(value, Bool(), span, str(bool(value)))
            forced = replace(statement, cond=tree.Binary(op, cond, literal, Bool(), span))
            new = f"({self.text(cond)}) {op} {bool(value)}"
            made = self.made(kind, path, (*block[:i], forced, *block[i + 1 :]), statement, new)
            telling = list(statements(_when_false(statement, block[i + 1 :]) if value else blocks(statement)[0]))
            lines = tuple(s.span.line for s in telling)
            yield replace(made, telling=lines, told=tuple(self.text(s) for s in telling))

    # ------------------------------------------------------------ atomicity

    def not_atomic(self, path: Path, block: Block, i: int) -> Iterator[Mutant]:
        """xchg(), cmpxchg(), set_bit() and clear_bit() as a plain load and a plain store."""
        statement = block[i]
        if not isinstance(statement, tree.Evaluate | tree.Assign):
            return
        for word in (e for expr in expressions(statement) for e in _always_evaluated(expr)):
            if not isinstance(word, tree.Intrinsic) or word.name not in _APART:
                continue
            place, new_value = _APART[word.name](word, self.temporary(word))
            function = replace(self.function, locals={**self.function.locals, TEMPORARY: place.type})
            temporary = self.temporary(word)
            steps: list[tree.Stmt] = [tree.Assign(temporary, place, statement.span)]
            store: tree.Stmt = tree.Assign(place, new_value, statement.span)
            if word.name == "cmpxchg":
                equal = tree.Binary("==", temporary, word.args[1], Bool(), word.span, common=place.type)
                store = tree.If(equal, (store,), (), statement.span)
            steps.append(store)
            if not (isinstance(statement, tree.Evaluate) and statement.value is word):
                steps.append(_with_expression(statement, word, temporary))
            new = f"{self.text(word)} is a load and a store"
            yield self.made(Kind.NOT_ATOMIC, path, (*block[:i], *steps, *block[i + 1 :]), statement, new, function)

    def temporary(self, word: tree.Intrinsic) -> tree.Var:
        """The local that holds what was loaded."""
        return tree.Var(TEMPORARY, _place(word).type, word.span)


TEMPORARY = "__loaded"
_SECTIONS = frozenset(PAIRS) | frozenset(PAIRS.values())


def _name(expr: tree.Expr) -> str:
    match expr:
        case tree.Call(function=name) | tree.Intrinsic(name=name):
            return name
    return ""


def called(statement: tree.Stmt) -> str:
    """The function or word that a statement consists of; "" for others."""
    return _name(statement.value) if isinstance(statement, tree.Evaluate) else ""


def ends_of(begin: str) -> tuple[str, ...]:
    """The calls that end a section which this one begins; none when it begins no section."""
    if begin == "lock_sock":
        return (PAIRS[begin], "release_sock_and_backlog")
    return (PAIRS[begin],) if begin in PAIRS else ()


def _leaves(statement: tree.Stmt) -> bool:
    """Whether control may leave the block here: what follows is not simply behind it."""
    return any(isinstance(s, tree.Return | tree.Break | tree.Continue) for s in statements((statement,)))


def _when_false(test: tree.If | tree.While, after: Block) -> Block:
    """Statements that run only when a test fails, as far as that can be seen."""
    match test:
        case tree.If(then=(*_, tree.Return() | tree.Break() | tree.Continue()), other=other):
            return (*other, *after)
        case tree.If(other=other):
            return other
    return after


def _always_evaluated(expr: tree.Expr) -> Iterator[tree.Expr]:
    """The parts of an expression that no short circuit skips."""
    yield expr
    match expr:
        case tree.Binary(op="and" | "or", left=left):
            yield from _always_evaluated(left)
        case tree.Conditional(cond=cond):
            yield from _always_evaluated(cond)
        case tree.Quantifier():
            return
        case tree.Call(args=args) | tree.Intrinsic(args=args):
            # Only the first argument: what stands before the word would change places with it.
            for arg in args[:1]:
                yield from _always_evaluated(arg)
        case tree.Unary(operand=operand):
            yield from _always_evaluated(operand)


def _place(word: tree.Intrinsic) -> tree.Expr:
    return word.args[1] if word.name in ("set_bit", "clear_bit") else word.args[0]


def _exchanged(word: tree.Intrinsic, loaded: tree.Var) -> tuple[tree.Expr, tree.Expr]:
    return word.args[0], word.args[-1]


def _bit_changed(word: tree.Intrinsic, loaded: tree.Var) -> tuple[tree.Expr, tree.Expr]:
    bit, place = word.args
    assert isinstance(bit, tree.Literal)
    assert isinstance(place.type, FlagsType), show(place.type)
    mask = 1 << bit.value
    if word.name == "clear_bit":
        mask = sum(1 << value for _, value in place.type.members) & ~mask
    literal = tree.Literal(mask, place.type, word.span)
    op = "|" if word.name == "set_bit" else "&"
    return place, tree.Binary(op, loaded, literal, place.type, word.span)


_APART: dict[str, Callable[[tree.Intrinsic, tree.Var], tuple[tree.Expr, tree.Expr]]] = {
    "xchg": _exchanged,
    "cmpxchg": _exchanged,
    "set_bit": _bit_changed,
    "clear_bit": _bit_changed,
}


def _with_expression(statement: tree.Evaluate | tree.Assign, old: tree.Expr, new: tree.Expr) -> tree.Stmt:
    """The statement with one of its expressions replaced by a local."""
    return replace(statement, value=_replaced(statement.value, old, new))


def _replaced(expr: tree.Expr, old: tree.Expr, new: tree.Expr) -> tree.Expr:
    if expr is old:
        return new
    match expr:
        case tree.Call(args=args) | tree.Intrinsic(args=args):
            return replace(expr, args=tuple(_replaced(arg, old, new) for arg in args))
        case tree.Unary(operand=operand):
            return replace(expr, operand=_replaced(operand, old, new))
        case tree.Binary(left=left):
            return replace(expr, left=_replaced(left, old, new))
        case tree.Conditional(cond=cond):
            return replace(expr, cond=_replaced(cond, old, new))
    assert old not in within(expr)
    return expr
