"""Exit statuses, and the errors of the user, which every command reports alike."""

from __future__ import annotations

import functools
import json
import sys
from collections.abc import Callable, Iterable
from enum import IntEnum
from typing import TYPE_CHECKING, Any, ParamSpec

import click

from psockmc.content import UsageError

if TYPE_CHECKING:  # the engines are loaded by the commands that use them
    from psockmc.explore.verdict import PropertyVerdict
    from psockmc.run import Outcome

Params = ParamSpec("Params")


class Status(IntEnum):
    """Exit statuses of psockmc."""

    EXPECTED = 0
    UNEXPECTED = 1
    USAGE = 2
    UNDETERMINED = 3
    INTERNAL = 70


def of_outcomes(outcomes: Iterable[Outcome]) -> Status:
    """The exit status of a run of scenarios.

    A checker that is wrong, or a model, says nothing about the rest; a violation is certain whatever was not finished.
    """
    from psockmc.run import Failure

    outcomes = list(outcomes)
    failures = {o.failure for o in outcomes}
    if Failure.INTERNAL in failures:
        return Status.INTERNAL
    if Failure.MODEL in failures:
        return Status.USAGE
    unexpected = [v for o in outcomes for v in o.verdicts if not v.as_expected]
    if any(_decided(v) for v in unexpected):
        return Status.UNEXPECTED
    if unexpected or Failure.LOST in failures:
        return Status.UNDETERMINED
    return Status.EXPECTED


def _decided(verdict: PropertyVerdict) -> bool:
    from psockmc.explore.verdict import Verdict

    return verdict.verdict in (Verdict.HOLDS, Verdict.VIOLATED)


def print_json(value: dict[str, Any]) -> None:
    """The one object of --json on stdout."""
    click.echo(json.dumps(value, indent=2, ensure_ascii=False))


def user_errors(empty: dict[str, Any]) -> Callable[[Callable[Params, Status]], Callable[Params, Status]]:
    """Decorator of a command: what the user did wrong is a sentence (or diagnostics) on stderr and exit status 2.

    empty: the command's JSON object when there is nothing to report; with --json it gets the error as `error`.
    """

    def decorate(command: Callable[Params, Status]) -> Callable[Params, Status]:
        @functools.wraps(command)
        def guarded(*args: Params.args, **kwargs: Params.kwargs) -> Status:
            try:
                return command(*args, **kwargs)
            except Exception as error:
                message = _what_the_user_did(error)
            if kwargs.get("as_json"):
                print_json({**empty, "error": message})
            return Status.USAGE

        return guarded

    return decorate


def _what_the_user_did(error: Exception) -> str:
    """Print what the user did wrong, and return it; raise what is no mistake of the user's again."""
    from psockmc.explore import EngineUnavailable
    from psockmc.lang.diagnostics import ModelErrors

    if isinstance(error, ModelErrors):
        click.echo(error.render(color=sys.stderr.isatty()), err=True)
        return error.render()
    if isinstance(error, UsageError | EngineUnavailable):
        click.echo(f"psockmc: {error}", err=True)
        return str(error)
    raise error
