"""The part `ordering`: which steps of a function must keep their order, and what breaks when one is not there.

Made from reports/ordering.json alone, which `psockmc orders` writes: nothing is searched here.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property, partial
from pathlib import Path

from psockmc.content import UsageError
from psockmc.lang.effects import Effects
from psockmc.lang.tree import Function, Program
from psockmc.mutants.kinds import Kind
from psockmc.mutants.ledger import Ledger, load_ledger
from psockmc.mutants.moves import Step, moves
from psockmc.mutants.ordered import Functions, Ordered, load_ordered
from psockmc.mutants.orders import Order, Pair, Table, is_bad, is_harmless
from psockmc.mutants.survivors import Key, load_reasons
from psockmc.mutants.trial import Fate, Tried
from psockmc.reports.markdown import bullets, code, details, fenced, heading, link, page, table, text
from psockmc.reports.material import Material

LEDGER = Path("reports") / "ordering.json"

WORDS = {
    Order.MUST: "**must**",
    Order.MAY: "may",
    Order.CANNOT: "cannot",
    Order.FOLLOWS: "follows",
    Order.APART: "apart",
    Order.UNKNOWN: "?",
}
LEGEND = {
    Order.MUST: "the other order violates a property",
    Order.MAY: "the other order violated nothing in the scenarios searched",
    Order.CANNOT: "the other order is no program (a local would have no value, a section would end before it begins)",
    Order.FOLLOWS: "a step between the two must keep its order with both, so they keep theirs",
    Order.APART: "the one may not be moved past something between them, and neither may the other",
    Order.UNKNOWN: "not decided: not tried, out of budget, or in no scenario that runs both",
}
GONE = {
    Kind.REMOVE_PAIR: "Without the lock and its unlocks",
    Kind.REMOVE_CALL: "Without it",
    Kind.REMOVE_STORE: "Without it",
    Kind.FORCE_TRUE: "As if the test always said yes",
    Kind.FORCE_FALSE: "As if the test always said no",
}


def pages(material: Material) -> Iterator[tuple[str, str]]:
    """The page of each function of spec/ordering.toml, then the table of all of them.

    Raises UsageError when nothing was tried yet, or the list of functions is wrong.
    """
    program = material.program
    if not (material.root / LEDGER).exists():
        raise UsageError(f"there is no {LEDGER}, which the part ordering is made from: run psockmc orders first")
    ledger = load_ledger(material.root / LEDGER, program, material.cache)
    reasons = load_reasons(material.root)
    books = [_Book(program, ledger, reasons, ordered) for ordered in load_ordered(material.root, program)]
    for book in books:
        yield f"ordering/{book.ordered.name}.md", _function_page(book)
    yield "ordering.md", _overview(books, ledger)


@dataclass(frozen=True)
class _Book:
    """All that is known of one function."""

    program: Program
    ledger: Ledger
    reasons: dict[Key, str]
    ordered: Ordered

    @cached_property
    def function(self) -> Function:
        return self.program.functions[self.ordered.name]

    @cached_property
    def tables(self) -> list[Table]:
        effects = Effects(self.program.functions, self.program.structs, self.program.instances.values())
        like = frozenset(self.ordered.like)
        judge = partial(self.ledger.tried, offered=self.ordered.scenarios)
        return [Table(m, judge, like) for m in moves(self.function, self.program, effects)]

    @cached_property
    def removals(self) -> list[Tried]:
        effects = Effects(self.program.functions, self.program.structs, self.program.instances.values())
        offered = self.ordered.for_removals
        return [self.ledger.tried(m, offered) for m in Functions(self.program, effects).removals(self.ordered)]

    @cached_property
    def numbers(self) -> dict[str, int]:
        """A number for each step, from top to bottom, by its text."""
        steps = sorted((step for t in self.tables for step in t.steps), key=lambda step: step.lines[0])
        return {step.text: number for number, step in enumerate(steps, 1)}

    @cached_property
    def orders(self) -> Counter[Order]:
        return Counter(pair.order for t in self.tables for pair in t.pairs.values())

    def named(self, step: Step) -> str:
        """A step in a sentence."""
        return f"{self.numbers[step.text]} {code(step.text)}"

    def reason(self, tried: Tried) -> str:
        """Why nothing notices; "" when nobody has said so."""
        return text(self.reasons.get(tried.mutant.key, ""))


# ---------------------------------------------------------------- all functions


def _overview(books: Sequence[_Book], ledger: Ledger) -> str:
    total = sum((book.orders for book in books), Counter[Order]())
    pairs = sum(total.values())
    removed = [tried for book in books for tried in book.removals]
    return page(
        heading(1, "Why each step stands where it stands"),
        "For each of these functions every step is moved, in the model, to the other side of the other steps of its "
        "block, and each lock, call, store and outcome of a test is taken away. Then the scenarios named on the "
        "function's page are searched: to a violation, or to their end.",
        f"Of {pairs:,} pairs of steps: " + ", ".join(f"{total[o]:,} {WORDS[o]}" for o in Order) + ".",
        bullets(f"{WORDS[order]}: {sentence}" for order, sentence in LEGEND.items()),
        f"Of {len(removed):,} steps and tests taken away: {_fates(removed)}.",
        "A step that may change places here may matter elsewhere: each page says in which scenarios it was tried. "
        f"Each search ended at the latest after {text(ledger.notes.get('budget', 'an unknown budget'))}.",
        _functions_table(books),
        "How far each scenario goes when nothing is changed:",
        table(
            ["scenario", "states"],
            [[code(n), f"{states:,}"] for n, (_, states) in sorted(ledger.scenarios.items())],
            [1],
        ),
        "Made from `reports/ordering.json` by `psockmc report ordering`; `psockmc orders` tries what is not in it.",
    )


def _functions_table(books: Sequence[_Book]) -> str:
    rows = []
    for book in books:
        name = book.ordered.name
        counts = [f"{book.orders[order]:,}" for order in Order]
        noticed = sum(map(is_bad, book.removals))
        gone = f"{noticed:,} of {len(book.removals):,}"
        rows.append([link(code(name), f"ordering/{name}.md"), str(len(book.numbers)), *counts, gone])
    headings = ["function", "steps", *(WORDS[order] for order in Order), "removals noticed"]
    return table(headings, rows, range(1, len(headings)))


def _fates(tried: Sequence[Tried]) -> str:
    noticed = sum(map(is_bad, tried))
    harmless = sum(map(is_harmless, tried))
    rest = len(tried) - noticed - harmless
    return f"{noticed:,} violate a property, {harmless:,} nothing in the scenarios searched, {rest:,} not decided"


# ---------------------------------------------------------------- one function


def _function_page(book: _Book) -> str:
    function = book.function
    used = [name for name in book.ordered.scenarios if name in book.ledger.scenarios]
    more = [name for name in book.ordered.for_removals if name in book.ledger.scenarios and name not in used]
    return page(
        heading(1, f"The order of {code(function.name)}"),
        f"{code(function.kernel_file)}; the model is in {code(function.span.file)}. {text(_first_line(function.doc))}",
        f"Tried in {', '.join(code(n) for n in used) or 'no scenario yet'}"
        f"{', and what is taken away also in ' if more else ''}{', '.join(map(code, more))}, as long as nothing was "
        f"violated. What each word means: {link('ordering.md', '../ordering.md')}.",
        *(block for t in book.tables if t.pairs for block in _matrix(book, t)),
        _alike(book),
        heading(2, "Step by step"),
        *(block for step, t in _all_steps(book) for block in _step(book, t, step)),
        heading(2, "All pairs"),
        table(["first", "second", "order", "by"], [_pair_row(book, p) for t in book.tables for p in t.pairs.values()]),
    )


def _first_line(doc: str) -> str:
    return " ".join(doc.split("\n\n")[0].split())


def _all_steps(book: _Book) -> list[tuple[Step, Table]]:
    found = [(step, t) for t in book.tables for step in t.steps]
    return sorted(found, key=lambda item: item[0].lines[0])


def _matrix(book: _Book, t: Table) -> Iterator[str]:
    """A table of the pairs of one block: the row's step stands above the column's."""
    parent = t.moves.parent
    yield heading(2, f"Inside of {code(parent)}" if parent else "The steps of the function")
    numbers = [str(book.numbers[step.text]) for step in t.steps]
    rows = []
    for i, step in enumerate(t.steps[:-1]):
        cells = [WORDS[t.pairs[i, j].order] if j > i else "" for j in range(1, len(t.steps))]
        rows.append([book.named(step), *cells])
    yield table(["above", *numbers[1:]], rows)
    yield f"The last is {book.named(t.steps[-1])}."


def _alike(book: _Book) -> str:
    if not book.ordered.like:
        return ""
    return bullets(
        f"{code(step)} was not tried: {code(other)} stands for it" for step, other in book.ordered.like.items()
    )


def _step(book: _Book, t: Table, step: Step) -> Iterator[str]:
    index = t.steps.index(step)
    yield heading(3, book.named(step))
    yield from _towards(book, "Earlier", "before", [t.pairs[i, index] for i in range(index - 1, -1, -1)])
    yield from _towards(book, "Later", "behind", [t.pairs[index, j] for j in range(index + 1, len(t.steps))])
    for tried in book.removals:
        if tried.mutant.lines[0] in step.lines and _innermost(book, step, tried):
            yield from _removal(book, tried)


def _innermost(book: _Book, step: Step, tried: Tried) -> bool:
    """A statement inside of an `if` belongs to its own step, when it is one."""
    line = tried.mutant.lines[0]
    holders = [s for t in book.tables for s in t.steps if line in s.lines]
    return min(holders, key=lambda s: len(s.lines)).text == step.text


def _towards(book: _Book, way: str, word: str, pairs: Sequence[Pair]) -> Iterator[str]:
    """How far a step can go one way. pairs: with the steps on this side, the nearest first."""
    free = []
    for pair in pairs:
        other = pair.first if word == "before" else pair.second
        if pair.order is Order.MAY:
            free.append(other)
            continue
        yield f"{way}: {_may_pass(book, word, free)}{_blocked(book, pair, other, word)}"
        if pair.order is Order.MUST and pair.tried[0].mutant.new.startswith(word):
            yield _diagram(pair.tried[0])  # that of a neighbour that was moved is shown there
        return
    if free:
        yield f"{way}: {_may_pass(book, word, free)}".strip()


def _may_pass(book: _Book, word: str, free: Sequence[Step]) -> str:
    if not free:
        return ""
    return f"it may stand {word} {', '.join(book.named(step) for step in free)}. "


def _blocked(book: _Book, pair: Pair, other: Step, word: str) -> str:
    name = book.named(other)
    match pair.order:
        case Order.MUST:
            return f"not {word} {name}: {_violates(pair.tried[0])}"
        case Order.CANNOT:
            return f"not {word} {name}: {text(pair.reason)}."
        case Order.UNKNOWN:
            return f"{word} {name} is not decided{_why_not(pair.tried)}."
    return f"not {word} {name}: {WORDS[pair.order]} ({', '.join(book.named(step) for step in pair.through)})."


def _why_not(tried: Sequence[Tried]) -> str:
    words = {
        Fate.UNTRIED: "not tried",
        Fate.UNREACHED: "no scenario of the list runs both",
        Fate.UNDECIDED: "the budget was not enough",
        Fate.WEAKLY: "a bound of the model was left",
    }
    return f" ({words.get(tried[-1].fate, text(tried[-1].fate))})" if tried else ""


def _violates(tried: Tried) -> str:
    """What a mutant violates, in one sentence."""
    first = tried.first
    assert first is not None
    if first.steps is None:
        return f"already the setup of {code(first.scenario)} fails ({text(first.message)})."
    if first.steps == 0:
        return f"**{text(first.property)}** is violated ({text(first.message)}) by the setup of {code(first.scenario)}."
    where = f"{code(first.scenario)}, {first.steps} steps"
    return f"**{text(first.property)}** is violated ({text(first.message)}) in {where}."


def _diagram(tried: Tried) -> str:
    first = tried.first
    if first is None or not first.diagram or not first.steps:
        return ""
    run = first.diagram.split("\n  bounds:", 1)[0]
    return details(f"the shortest run: {first.property}, {first.steps} steps", fenced(run))


def _removal(book: _Book, tried: Tried) -> Iterator[str]:
    what = f"{GONE[tried.mutant.kind]} ({code(tried.mutant.change)})"
    if is_bad(tried):
        yield f"{what}: {_violates(tried)}"
        yield _diagram(tried)
    elif is_harmless(tried):
        yield f"{what}: nothing is violated in {_scenarios(tried)}. {book.reason(tried)}".rstrip()
    else:
        yield f"{what}: not decided{_why_not([tried])}. {book.reason(tried)}".rstrip()


def _scenarios(tried: Tried) -> str:
    return ", ".join(code(trial.scenario) for trial in tried.trials)


def _pair_row(book: _Book, pair: Pair) -> list[str]:
    return [book.named(pair.first), book.named(pair.second), WORDS[pair.order], _by(book, pair)]


def _by(book: _Book, pair: Pair) -> str:
    match pair.order:
        case Order.MUST:
            return "; ".join(f"{_how(tried)}: {_violates(tried)}" for tried in pair.tried)
        case Order.MAY:
            return (
                f"{_how(pair.tried[0])}: nothing in {_scenarios(pair.tried[0])}. {book.reason(pair.tried[0])}".rstrip()
            )
        case Order.CANNOT:
            return text(pair.reason)
        case Order.UNKNOWN:
            return _why_not(pair.tried).strip(" ()")
    return ", ".join(book.named(step) for step in pair.through)


def _how(tried: Tried) -> str:
    """Which of the two was moved."""
    return f"{code(tried.mutant.old)} {text(tried.mutant.new.split(' ', 1)[0])} the other"
