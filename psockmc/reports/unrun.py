"""The part `unrun`: the statements of the kernel's functions that no scenario runs, and why not.

Nothing is known of such a statement but that it is written down. `spec/unrun.toml` says why no scenario runs it:
[[unrun]] tables with the function, its statements (their texts, as the page shows them; all of them where there are
none) and a reason.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from psockmc.content import UsageError
from psockmc.ir.system import Statement
from psockmc.lang.tree import Program
from psockmc.reports import markdown as md
from psockmc.tables import tables

if TYPE_CHECKING:
    from psockmc.reports.material import Material

FILE = "unrun.md"
REASONS = Path("spec") / "unrun.toml"
INTRODUCTION = (
    "A verdict says nothing of a statement that no scenario runs. Statements that nothing could lead to in any "
    "scenario with their function are not counted: the setup has decided the test in front of them."
)


@dataclass(frozen=True)
class Coverage:
    """The statements of the kernel's functions that something leads to in a scenario."""

    ran: frozenset[Statement]
    unrun: frozenset[Statement]


@dataclass(frozen=True)
class Reason:
    """Why no scenario runs some statements of a function. texts: of the statements; empty for all of them."""

    function: str
    reason: str
    texts: tuple[str, ...] = ()

    def is_about(self, statement: Statement) -> bool:
        """Whether the statement is one of them."""
        return statement.function == self.function and (not self.texts or statement.text in self.texts)


def coverage(material: Material) -> Coverage:
    """What all scenarios together have run. Raises NotSettled as the material's outcomes do."""
    facts = [outcome.facts for outcome in material.outcomes.values() if outcome.facts is not None]
    ran = {statement for each in facts for statement in each.ran if statement.kernel_file}
    known = {statement for each in facts for statement in each.never_ran if statement.kernel_file}
    return Coverage(frozenset(ran), frozenset(known - ran))


def load_reasons(root: Path, program: Program) -> tuple[Reason, ...]:
    """The reasons in the order of the file; none without a file. Raises UsageError for a file that is wrong."""
    path = root / REASONS
    if not path.exists():
        return ()
    return tuple(_reason(path, number, entry, program) for number, entry in enumerate(tables(path, "unrun"), 1))


def _reason(path: Path, number: int, entry: dict[str, Any], program: Program) -> Reason:
    match entry:
        case {"function": str(name), "reason": str(reason), **more} if reason and not more.keys() - {"statements"}:
            texts = more.get("statements", [])
        case _:
            raise UsageError(f"{path}: entry {number} must have a function and a reason, perhaps statements")
    if name not in program.functions:
        raise UsageError(f"{path}: entry {number}: there is no function {name!r}: name one of the models")
    if not isinstance(texts, list) or not all(isinstance(text, str) for text in texts):
        raise UsageError(f"{path}: entry {number}: `statements` must be a list of texts: take them from reports/{FILE}")
    return Reason(name, reason, tuple(texts))


def superfluous(found: Coverage, reasons: Sequence[Reason]) -> list[str]:
    """What the file of reasons says of statements that do run, or that there are not: a sentence for each."""
    sentences = []
    for reason in reasons:
        about = {statement.text for statement in found.unrun if reason.is_about(statement)}
        whole = [] if about else ["any statement"]
        idle = [f"`{text}`" for text in reason.texts if text not in about] if reason.texts else whole
        sentences += [f"{REASONS} explains {what} of {reason.function}, which is run or is not there" for what in idle]
    return sentences


def pages(material: Material) -> Iterator[tuple[str, str]]:
    """The one page. Raises NotSettled as the material's outcomes do, UsageError for a wrong file of reasons."""
    found, reasons = coverage(material), load_reasons(material.root, material.program)
    all_of_them = len(found.ran) + len(found.unrun)
    yield (
        FILE,
        md.page(
            md.heading(1, "Statements that no scenario runs"),
            f"{len(found.unrun):,} of {all_of_them:,} statements. {INTRODUCTION}",
            *_files(found.unrun, reasons),
            md.bullets(md.sentence(said) for said in superfluous(found, reasons)),
        ),
    )


def _files(unrun: frozenset[Statement], reasons: Sequence[Reason]) -> Iterator[str]:
    """A table for each file of the kernel."""
    for file in sorted({statement.kernel_file for statement in unrun}):
        here = sorted((s for s in unrun if s.kernel_file == file), key=lambda s: (s.file, s.line, s.text))
        yield md.heading(2, md.code(file))
        yield md.table(
            ("function", "statement", "why no scenario runs it"),
            ((md.code(s.function), md.code(s.text), md.sentence(_why(s, reasons))) for s in here),
        )


def _why(statement: Statement, reasons: Sequence[Reason]) -> str:
    return next((reason.reason for reason in reasons if reason.is_about(statement)), "")
