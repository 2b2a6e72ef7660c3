"""One litmus test for people: the verdict with its reasons."""

from __future__ import annotations

from pathlib import Path

import click

from psockmc.litmus.answer import Answer, Options, Verdict, decide
from psockmc.litmus.batch import Row, decide_file, read, row
from psockmc.litmus.problems import LitmusError


def explain_one(path: Path, options: Options) -> Row:
    """Print the verdict of a file and why it is this one; return its row. Errors become rows too, unprinted."""
    try:
        answer = decide(read(path), options)
    except LitmusError:
        return decide_file(path, options)
    said = row(path, answer)
    click.echo("\n".join([*head(said), *counted(said), *raised(said), *reasons(answer, options)]))
    return said


def head(said: Row) -> list[str]:
    """The verdict, and what limits it."""
    lines = [f"{said.name}: {said.verdict} (model {said.model}, {said.seconds * 1000:.1f} ms)"]
    if said.reason:
        lines.append(f"undetermined: {said.reason}")
    if said.bounded:
        lines.append("a loop can run further than the bound (--loop-bound): Never and Always hold up to it only")
    if not said.as_expected and said.verdict is not Verdict.UNDETERMINED:
        lines.append(f"the file says that the result is {said.expected}")
    return lines


def counted(said: Row) -> list[str]:
    """The numbers of executions and the final states, when they were counted."""
    if said.positive is None:
        return []
    lines = [f"{said.positive:,} executions satisfy the condition, {said.negative:,} do not; {said.states:,} states:"]
    return [*lines, *(f"  {state}" for state in said.final_states)]


def raised(said: Row) -> list[str]:
    """The flags with the accesses that raise them."""
    lines: list[str] = []
    for flag in said.flags:
        lines.append(f"flag {flag.name}:")
        lines += [f"  {access}" for access in flag.accesses]
    return lines


def reasons(answer: Answer, options: Options) -> list[str]:
    """Sometimes and Always: an execution in which the condition holds. Never: what forbids it."""
    if answer.verdict is Verdict.NEVER:
        from psockmc.litmus.forbidden import why_not

        return ["", *why_not(answer, options).lines()]
    return []
