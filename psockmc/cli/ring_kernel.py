"""`psockmc ring --kernel DIR`: the ring functions of a kernel tree against the plain Python ring, on random rings."""

from __future__ import annotations

import difflib
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import click
from click.core import ParameterSource
from rich.table import Table

from psockmc.cli import console
from psockmc.cli.status import Status, print_json
from psockmc.content import UsageError
from psockmc.prove.kernel_tree.apart import Crashed, apart
from psockmc.prove.kernel_tree.cases import Case, Message
from psockmc.prove.kernel_tree.compare import Comparison, Difference, compare
from psockmc.prove.kernel_tree.known import known_bugs
from psockmc.prove.kernel_tree.library import FUNCTIONS, WANTED_HEADER, WANTED_SOURCES, Kernel, Op, build
from psockmc.prove.kernel_tree.random_cases import size
from psockmc.prove.rings import LEAST_FRAGS, MOST_FRAGS

SMALL = 5
"""A ring so small that random ones are often full and wrapped; the known bugs are looked for on it."""

EXAMPLES = 500
SHOWN_LINES = 12
NEEDED = (WANTED_HEADER.file, WANTED_SOURCES[0].file)

HERE_ONLY = {"number": "--examples", "seed": "--seed"}
NOT_HERE = {
    "variants": "--with",
    "timeout": "--timeout",
    "no_cache": "--no-cache",
    "jobs": "--jobs",
    "report": "--report",
}

Command = Callable[..., Any]


def kernel_options(command: Command) -> Command:
    """The options of `psockmc ring` about a kernel tree."""
    options = [
        click.option(
            "--kernel",
            type=click.Path(path_type=Path),
            metavar="DIR",
            help="no proofs: compile the functions OP of this kernel tree and compare them with the plain Python ring",
        ),
        click.option("--examples",
"number", type=click.IntRange(min=1), metavar="N",
                     help=f"with --kernel: how many random rings for each function [default: {EXAMPLES}]"),
        click.option("--seed", type=int, metavar="N", help="with --kernel: of the random rings [default: 0]"),
    ]  # fmt: skip
    for option in reversed(options):
        command = option(command)
    return command


@dataclass(frozen=True)
class _Row:
    """The comparison of a function; crashed: by what the tree's code ended its process, if it did."""

    op: Op
    seconds: float
    comparison: Comparison
    crashed: str | None = None

    @property
    def different(self) -> bool:
        return bool(self.crashed or self.comparison.differences)


def refuse_mixed(kernel: Path | None) -> None:
    """Raises UsageError for an option of the current command that has no meaning with --kernel, or without it."""
    source = click.get_current_context().get_parameter_source
    for name, option in (NOT_HERE if kernel is not None else HERE_ONLY).items():
        if source(name) in (ParameterSource.DEFAULT, None):
            continue
        if kernel is None:
            raise UsageError(f"{option} is about random rings: add --kernel DIR, or leave it out")
        raise UsageError(f"{option} is about proofs, and --kernel compares: leave one of them out")


def compare_tree(
    tree: Path, functions: Sequence[str], frags: int, number: int | None, seed: int | None, as_json: bool
) -> Status:
    """The command with --kernel: half of the rings have SMALL fragments, the others `frags`.

    Status: EXPECTED when nothing differs but by known bugs, else UNEXPECTED. Raises UsageError for a tree that is none.
    """
    if not LEAST_FRAGS <= frags <= MOST_FRAGS:
        raise UsageError(f"--frags {frags}: a ring has {LEAST_FRAGS} to {MOST_FRAGS} fragments (a kernel 17 to 45)")
    names = {function: op for op, function in FUNCTIONS.items()}
    chosen = [names[name] for name in _picked(functions, list(names))]
    _check(tree)
    with tempfile.TemporaryDirectory(prefix="psockmc-") as folder:
        small = build(tree, SMALL, Path(folder))
        kernels = [small] if frags == SMALL else [small, build(tree, frags, Path(folder))]
    bugs = _known(small, tree)
    rows = []
    for op in chosen:
        rows.append(_row(kernels, bugs, op, seed or 0, number or EXAMPLES))
        click.echo(_line(rows[-1]), err=True)
    if as_json:
        ok = not any(row.different for row in rows)
        print_json({"tree": str(tree), "results": [_as_json(row) for row in rows], "ok": ok})
    else:
        _print(tree, rows, bugs)
    return Status.UNEXPECTED if any(row.different for row in rows) else Status.EXPECTED


def _picked(functions: Sequence[str], known: list[str]) -> list[str]:
    """The functions that were asked for, all when none was."""
    for name in functions:
        if name not in known:
            close = difflib.get_close_matches(name, known, n=3, cutoff=0.5)
            hint = f"did you mean {' or '.join(close)}?" if close else f"it knows {', '.join(known)}"
            raise UsageError(f"--kernel does not compare {name}: {hint}")
    return list(dict.fromkeys(functions)) or known


def _check(tree: Path) -> None:
    """Raises UsageError for what is no kernel tree."""
    try:
        exists = tree.exists()
    except OSError as error:
        raise UsageError(f"the kernel tree {tree} cannot be read ({error.strerror}): give another folder") from None
    if not exists:
        raise UsageError(f"the kernel tree {tree} does not exist: give the top folder of a kernel's source")
    if not tree.is_dir():
        raise UsageError(f"the kernel tree {tree} is no folder: unpack it, and give the top folder")
    for file in NEEDED:
        if not (tree / file).is_file():
            raise UsageError(f"the kernel tree {tree} lacks {file}: give the top folder of a kernel's source")


def _known(kernel: Kernel, tree: Path) -> frozenset[str]:
    try:
        return apart(partial(known_bugs, kernel))
    except Crashed as crash:
        raise UsageError(
            f"the ring functions of {tree} end their process ({crash}) on the rings that tell known bugs: "
            "give the source of a kernel such as v6.1 or v6.12"
        ) from None


def _row(kernels: Sequence[Kernel], bugs: frozenset[str], op: Op, seed: int, examples: int) -> _Row:
    began = time.monotonic()
    try:
        comparison = apart(partial(compare, kernels, bugs, op, seed, examples))
    except Crashed as crash:
        return _Row(op, time.monotonic() - began, Comparison(op, 0, (), ()), str(crash))
    return _Row(op, time.monotonic() - began, comparison)


def _line(row: _Row) -> str:
    """One line of progress."""
    return f"{FUNCTIONS[row.op]}: {console.number(row.comparison.rings, 'ring')}, {_count(row)}, {row.seconds:.1f} s"


def _count(row: _Row) -> str:
    if row.crashed:
        return f"the process ended by {row.crashed}"
    return console.number(len(row.comparison.differences), "difference")


def _as_json(row: _Row) -> dict[str, Any]:
    differences = [
        {"example": d.example, "frags": d.case.frags, "ring": describe(d.case), "lines": list(d.lines)}
        for d in row.comparison.differences
    ]
    crash = {"crashed": row.crashed} if row.crashed else {}
    return {
        "op": FUNCTIONS[row.op],
        "rings": row.comparison.rings,
        "known": list(row.comparison.known),
        "differences": differences,
        **crash,
    }


def _print(tree: Path, rows: Sequence[_Row], bugs: frozenset[str]) -> None:
    table = Table(box=None, pad_edge=False, header_style="bold", padding=(0, 2, 0, 0))
    table.add_column("operation", no_wrap=True)
    table.add_column("rings", justify="right", no_wrap=True)
    table.add_column("known bugs of this tree", overflow="fold")
    table.add_column("other differences", overflow="fold")
    for row in rows:
        other = row.crashed or str(len(row.comparison.differences))
        style = "bold red" if row.different else "green"
        table.add_row(
            FUNCTIONS[row.op], f"{row.comparison.rings:,}", " ".join(row.comparison.known), f"[{style}]{other}[/]"
        )
    console.output().print(table)
    for row in rows:
        if row.comparison.differences:
            _print_smallest(row)
    rings = console.number(sum(row.comparison.rings for row in rows), "ring")
    wrong = sum(row.different for row in rows)
    found = f"{console.number(wrong, 'operation')} with differences" if wrong else "no difference"
    click.echo(f"\n{tree}: {rings} compared, {found} besides {console.number(len(bugs), 'known bug')}")


def _print_smallest(row: _Row) -> None:
    """The difference on the smallest ring."""
    differences = row.comparison.differences
    smallest = min(differences, key=_weight)
    click.echo(f"\n{FUNCTIONS[row.op]}, example {smallest.example}: {describe(smallest.case)}")
    for line in smallest.lines[:SHOWN_LINES]:
        click.echo(f"  {line}")
    if len(smallest.lines) > SHOWN_LINES:
        click.echo(f"  and {len(smallest.lines) - SHOWN_LINES:,} more: see --json")


def _weight(difference: Difference) -> tuple[int, ...]:
    case = difference.case
    elements = sum(len(message.elements) for message in case.messages)
    return elements, sum(size(message) for message in case.messages), case.frags, difference.example


def describe(case: Case) -> str:
    """A case in words: the call, the messages, and what else is not as usual."""
    call = f"{FUNCTIONS[case.op]}({', '.join(str(argument) for argument in case.args)})"
    messages = [f"message {number}: {_message(message)}" for number, message in enumerate(case.messages)]
    more = [f"request {case.fail_at} for memory fails"] if case.fail_at else []
    more += [f"page frag at page {case.frag_page}, offset {case.frag_offset}"] if case.frag_page else []
    more += [f"{len(case.data)} bytes of the user at offset {case.user_offset}"] if case.data else []
    more += [f"the user's byte {case.fault_at} faults"] if case.fault_at is not None else []
    more += [f"the wire takes {case.wire[0]} bytes at a time, {case.wire[1]} in all"] if case.wire != (0, 0) else []
    return "; ".join([f"{call} on rings of {case.frags} fragments", *messages, *more])


def _message(message: Message) -> str:
    pieces = [
        f"page {page} [{offset}, {offset + length}){' shared' if copy else ''}"
        for page, offset, length, copy in message.elements
    ]
    words = [f"start {message.start}", f"curr {message.curr}", f"copybreak {message.copybreak}"]
    words += [f"apply_bytes {message.apply_bytes}"] if message.apply_bytes else []
    words += ["of an skb"] if message.skb else []
    return f"{', '.join(words)}, {', '.join(pieces) or 'no elements'}"
