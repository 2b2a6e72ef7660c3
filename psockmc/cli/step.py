"""`psockmc step`: walk through a scenario, one step at a time, as one likes."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from psockmc import content
from psockmc.cli.options import variants_option
from psockmc.cli.status import Status, user_errors

if TYPE_CHECKING:
    from psockmc.explore.tracedata import Intent, Place
    from psockmc.explore.walk import Option, Walk

HELP = """\
NUMBER     take this step
undo [N]   take the last step back, or the last N
state      every shared thing and its value
diff       what the last step changed
help       this text
quit       end; so does the end of the input
An empty line shows the steps again. A first letter is enough."""


@click.command()
@click.argument("scenario")
@variants_option
@user_errors({})
def step(scenario: str, variants: tuple[Path, ...]) -> Status:
    """Walk through SCENARIO: choose among the steps that may come next, see what they change, go back.

    Commands come from standard input, one on a line: `help` lists them. Exit status: 0, whatever was met on the way.
    """
    root = content.find_root()
    program = content.load(root, variants)
    (name,) = content.pick("scenario", [scenario], program.scenarios)
    from psockmc.explore.walk import Walk
    from psockmc.ir.lower import compile_scenario

    walk = Walk(compile_scenario(program, name))
    click.echo(f"{name}: {walk.ts.sentence}")
    _show(walk)
    while (line := _read()) is not None:
        words = line.split()
        if words and words[0] in ("q", "quit"):
            break
        _obey(walk, words)
    return Status.EXPECTED


def _read() -> str | None:
    """The next line of the input, None at its end. A line that nobody typed is shown, so that the output is whole."""
    click.echo("> ", nl=False)
    line = sys.stdin.readline()
    if not line or not sys.stdin.isatty():
        click.echo(line.strip())
    return line or None


def _obey(walk: Walk, words: list[str]) -> None:
    """Do what one line says."""
    match words:
        case []:
            _show(walk)
        case [number] if number.isdecimal():
            _take(walk, int(number))
        case ["u" | "undo"]:
            _undo(walk, 1)
        case ["u" | "undo", number] if number.isdecimal():
            _undo(walk, int(number))
        case ["s" | "state"]:
            for name, value in walk.values():
                click.echo(f"  {name} = {value}")
        case ["d" | "diff"]:
            _diff(walk)
        case ["h" | "help"]:
            click.echo(HELP)
        case _:
            click.echo(f"there is no command {' '.join(words)!r}: help lists them")


def _take(walk: Walk, number: int) -> None:
    options = walk.options()
    if not 1 <= number <= len(options):
        say = f"choose 1 to {len(options)}" if options else "nothing can come next; undo goes back"
        click.echo(f"there is no step {number}: {say}")
        return
    walk.take(options[number - 1])
    _diff(walk)
    _show(walk)


def _undo(walk: Walk, count: int) -> None:
    undone = sum(walk.undo() for _ in range(min(count, len(walk.steps))))
    if not undone:
        click.echo("there is no step to take back")
    _show(walk)


def _diff(walk: Walk) -> None:
    """The last step: who, what, and what it changed."""
    if not walk.steps:
        click.echo("no step was taken yet")
        return
    last = walk.steps[-1]
    click.echo(f"step {last.number}: {walk.label(last.context)}  {_at(walk, last.place)}")
    for change in (*last.changes, *last.locals):
        click.echo(f"  {change.cell} {change.old} -> {change.new}")
    for event in last.events:
        click.echo(f"  {event.kind}: {event.text}")


def _show(walk: Walk) -> None:
    """What is wrong in this state, and what may come next."""
    for id, sentence in walk.violations():
        click.echo(f"VIOLATED {id}: {sentence}")
    options = walk.options()
    for number, option in enumerate(options, 1):
        click.echo(f"{number:3}  {_option(walk, option)}")
    able = {option.move[0] for option in options}
    for intent in walk.intents():
        if intent.context not in able and intent.status not in ("done", "idle") and not walk.ended:
            click.echo(f"  -  {walk.label(intent.context)}  {_obstacle(walk, intent)}")
    if walk.ended:
        click.echo(f"nothing follows: {walk.ended}")
    elif not options:
        click.echo("this is the end" if walk.at_end() else "nothing can come next: an assumption rules it out")


def _option(walk: Walk, option: Option) -> str:
    choice = f"  [{option.choice}]" if option.choice else ""
    return f"{walk.label(option.move[0])}  {_at(walk, option.intent.place)}{choice}"


def _at(walk: Walk, place: Place | None) -> str:
    """Functions, statement, file and line; of a worker that begins there is no place yet."""
    from psockmc.explore.places import where
    from psockmc.render.wording import statement_text

    if place is None:
        return "begins"
    at = where(walk.calls, place)
    functions = " > ".join(walk.calls[number].function for number in place.path)
    return f"{functions}: {statement_text(at.statement)}  ({at.file}:{at.line})"


def _obstacle(walk: Walk, intent: Intent) -> str:
    """Why a context cannot go on."""
    by = f", held by {', '.join(map(walk.label, intent.holders))}" if intent.holders else ""
    said = {"blocked": "waits for", "asleep": "sleeps:", "preempted": "is kept off", "ready": "an assumption ends it"}
    return " ".join(filter(None, [said[intent.status], intent.what])) + by
