"""Options that several commands share."""

from __future__ import annotations

import os
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from psockmc.cache import Cache, cache_folder
from psockmc.cli.console import warn
from psockmc.explore import Engine, resolve
from psockmc.explore.limits import Limits
from psockmc.run import Options

Command = Callable[..., Any]


def search_options(command: Command) -> Command:
    """How to search: engine, limits, processes, cache."""
    options = [
        click.option(
            "--engine",
            type=click.Choice(["auto", "native", "reference"]),
            default="auto",
            show_default=True,
            help="native compiles C; reference is the interpreter that is the semantics; auto is the quicker one",
        ),
        click.option("--max-states", type=click.IntRange(min=1), metavar="N", help="give up after N states"),
        click.option("--max-depth", type=click.IntRange(min=0), metavar="N", help="do not look beyond N steps"),
        click.option(
            "--timeout", type=click.FloatRange(min=0, min_open=True), metavar="S", help="give up after S seconds each"
        ),
        click.option(
            "--jobs", "-j", type=click.IntRange(min=1), metavar="N", help="searches at a time [default: one per CPU]"
        ),
        click.option("--no-cache", is_flag=True, help="search again what was searched before"),
    ]
    for option in reversed(options):
        command = option(command)
    return command


json_option = click.option("--json", "as_json", is_flag=True, help="print one JSON object and nothing else on stdout")


def variants_option(command: Command) -> Command:
    """Which variants to compose."""
    return click.option(
        "--with",
        "variants",
        multiple=True,
        type=click.Path(path_type=Path),
        metavar="FILE",
        help="compose this variant: its functions replace those of the model",
    )(command)


def traces_option(command: Command) -> Command:
    """Where to write traces."""
    return click.option(
        "--traces",
        type=click.Path(file_okay=False, path_type=Path),
        metavar="DIR",
        help="write the trace of every violation to DIR, for psockmc trace",
    )(command)


def run_options(
    engine: Engine,
    max_states: int | None,
    max_depth: int | None,
    timeout: float | None,
    jobs: int | None,
    no_cache: bool,
) -> Options:
    """The options of a run. Warns once when `auto` has to be the reference interpreter; EngineUnavailable is raised."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        which = resolve(engine)
    for warning in caught:
        warn(str(warning.message))
    return Options(
        engine=which,
        limits=Limits(max_states, max_depth, timeout),
        processes=jobs or len(os.sched_getaffinity(0)),
        cache=None if no_cache else cache_folder() / "results",
    )


def results_cache(options: Options) -> Cache | None:
    """Where results, compiled scenarios and proofs are kept; None when they are not."""
    return None if options.cache is None else Cache(options.cache, warn)
