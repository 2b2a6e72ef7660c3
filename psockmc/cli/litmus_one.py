"""One litmus test for people: the verdict with its reasons."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from psockmc.cli.console import number
from psockmc.content import UsageError
from psockmc.litmus.answer import Answer, Options, Verdict, decide
from psockmc.litmus.batch import Row, decide_file, read, row
from psockmc.litmus.problems import LitmusError

if TYPE_CHECKING:
    from psockmc.litmus.picture import Picture


def explain_one(path: Path, options: Options, *, weaken: bool, svg: Path | None) -> Row:
    """Print the verdict of a file and why it is this one; return its row. Errors become rows too, unprinted.

    weaken: say which orderings the verdict needs. svg: where to draw the execution that the reasons are about.
    """
    try:
        answer = decide(read(path), options)
    except LitmusError:
        return decide_file(path, options)
    said = row(path, answer)
    click.echo("\n".join([*head(said), *counted(said), *flags(answer)]))
    reasons = Reasons(answer, options)
    click.echo("\n".join(reasons.lines()))
    if svg is not None:
        draw(reasons, svg)
    if weaken:
        from psockmc.litmus.weaken import weaken as weakened

        click.echo("\n".join(["", *weakened(answer.test, options).lines()]))
    return said


def head(said: Row) -> list[str]:
    """The verdict, and what limits it."""
    lines = [f"{said.name}: {said.verdict} (model {said.model}, {said.seconds * 1000:.1f} ms)"]
    if said.reason:
        lines.append(f"undetermined: {said.reason}")
    if said.vacuous:
        lines.append("no execution is allowed at all, or none satisfies the filter: the verdict says nothing")
    if said.bounded:
        lines.append("a loop can run further than the bound (--loop-bound): Never and Always hold up to it only")
    if not said.as_expected and said.verdict is not Verdict.UNDETERMINED:
        lines.append(f"the file says that the result is {said.expected}")
    return lines


def counted(said: Row) -> list[str]:
    """The numbers of executions and the final states, when they were counted."""
    if said.positive is None or said.negative is None or said.states is None:
        return []
    all_in_all = number(said.positive + said.negative, "execution")
    lines = [f"{all_in_all}: the condition holds in {said.positive:,}; {number(said.states, 'final state')}:"]
    return [*lines, *(f"  {state}" for state in said.final_states)]


def flags(answer: Answer) -> list[str]:
    """The flags with the accesses that raise them."""
    from psockmc.litmus.witness import flag_lines

    return [line for raised in answer.flags.values() for line in flag_lines(raised.found.execution(), raised.flag)]


class Reasons:
    """Sometimes: an execution in which the condition holds. Never and Always: what forbids the opposite."""

    def __init__(self, answer: Answer, options: Options) -> None:
        self.answer = answer
        self.forbidden = None
        if answer.verdict in (Verdict.NEVER, Verdict.ALWAYS):
            from psockmc.litmus.forbidden import why_not

            self.forbidden = why_not(answer, options)

    def lines(self) -> list[str]:
        """The reasons as text; nothing for UNDETERMINED."""
        from psockmc.litmus.witness import witness_lines

        if self.forbidden is not None:
            return ["", *self.forbidden.lines()]
        if self.answer.witness is None:
            return []
        return ["", "the condition holds in this execution:", "", *witness_lines(self.answer.witness.execution())]

    def picture(self) -> Picture | None:
        """The same as a picture; None when there is nothing to see."""
        from psockmc.litmus.model import load_model
        from psockmc.litmus.picture import picture_of, picture_of_cycle

        if self.forbidden is not None:
            explanation = self.forbidden.explanation
            return None if explanation is None else picture_of_cycle(explanation)
        if self.answer.witness is None:
            return None
        return picture_of(load_model(self.answer.model), self.answer.witness.execution())


def draw(reasons: Reasons, svg: Path) -> None:
    """Write the picture. Raises UsageError when there is none, or the file cannot be written."""
    from psockmc.render.litmus_svg import litmus_svg

    picture = reasons.picture()
    if picture is None:
        raise UsageError("there is no execution to draw: leave out --svg")
    answer = reasons.answer
    notes = [f"{answer.verdict} under the model {answer.model}"]
    if reasons.forbidden is not None and reasons.forbidden.explanation is not None:
        notes.append(f"forbidden by {reasons.forbidden.explanation.axiom.name}")
    try:
        svg.write_text(litmus_svg(picture, answer.test.name, notes), encoding="utf-8")
    except OSError as error:
        raise UsageError(f"cannot write the picture {svg}: {error.strerror}") from error
