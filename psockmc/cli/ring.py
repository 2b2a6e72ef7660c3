"""`psockmc ring`: prove or refute what the operations of a message's ring promise."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import click
from rich.table import Table
from rich.text import Text

from psockmc import content
from psockmc.cache import Cache, cache_folder
from psockmc.cli import console
from psockmc.cli.options import json_option, variants_option
from psockmc.cli.ring_kernel import compare_tree, kernel_options, refuse_mixed
from psockmc.cli.status import Status, print_json, user_errors
from psockmc.explore.verdict import Verdict
from psockmc.prove import rings
from psockmc.prove.rings import ClaimVerdict, Plan
from psockmc.render.ring import ring_text
from psockmc.render.ring_example import Counterexample, explain
from psockmc.render.ring_report import Examples, pages
from psockmc.reports.made_from import load
from psockmc.reports.parts import RING
from psockmc.reports.writing import require_writable, write

STYLES = {Verdict.HOLDS: "green", Verdict.VIOLATED: "bold red", Verdict.UNDETERMINED: "yellow"}


@click.command()
@click.argument("ops", nargs=-1, metavar="[OP]...")
@click.option("--frags", type=int, default=rings.FRAGS, show_default=True, metavar="N", help="MAX_MSG_FRAGS, 2 to 45")
@variants_option
@click.option(
    "--timeout",
    type=click.FloatRange(min=0, min_open=True),
    default=rings.LIMIT,
    metavar="S",
    help="give up an operation after S seconds of CPU time of a worker",
)
@click.option("--no-cache", is_flag=True, help="prove again what was proved before")
@click.option("--jobs", "-j", type=click.IntRange(min=1), metavar="N", help="processes [default: one per CPU]")
@click.option(
    "--report",
    type=click.Path(file_okay=False, path_type=Path),
    metavar="DIR",
    help="write the table and a page with a picture for every refutation to DIR",
)
@kernel_options
@json_option
@user_errors({"results": [], "ok": False})
def ring(
    ops: tuple[str, ...],
    frags: int,
    variants: tuple[Path, ...],
    timeout: float,
    no_cache: bool,
    jobs: int | None,
    report: Path | None,
    kernel: Path | None,
    number: int | None,
    seed: int | None,
    as_json: bool,
) -> Status:
    """Prove or refute the claims about operations OP of a message's ring (all when none is named).

    Exit status: 0 every verdict is the expected one, 1 some is not, 2 usage or model error, 3 undetermined,
    70 internal error. With --kernel: 0 whatever differs is a known bug, 1 something else differs.
    """
    refuse_mixed(kernel)
    if kernel is not None:
        return compare_tree(kernel, ops, frags, number, seed, as_json)
    if report is not None:
        require_writable(report, "--report")
    root = content.find_root()
    program = rings.load(root, frags, variants)
    chosen = rings.operations(program, ops)
    cache = None if no_cache else Cache(cache_folder(), console.warn)
    plan = Plan(root, tuple(chosen), frags, variants, timeout, jobs or 0, cache)
    verdicts: list[ClaimVerdict] = []
    for some in rings.prove(plan):
        verdicts.extend(some)
        for verdict in some:
            click.echo(_line(verdict), err=True)
    order = {op: number for number, op in enumerate(chosen)}
    verdicts.sort(key=lambda v: order[v.op])
    status = _status(verdicts)
    examples = {(v.op, v.claim): explain(plan, v) for v in verdicts if v.refutation is not None}
    if report is not None:
        whole = not ops and not variants and frags == rings.FRAGS and status is Status.EXPECTED
        _write(report, root, pages(verdicts, examples), whole)
    if as_json:
        print_json({"results": rings.as_rows(verdicts), "ok": status is Status.EXPECTED})
    else:
        _print(verdicts, examples)
    return status


def _write(folder: Path, root: Path, files: dict[str, str], whole: bool) -> None:
    """Write the pages. whole: they are the reports of a checkout, so what they were made from is written down, too."""
    write(folder, RING, files)
    if whole:
        made = load(folder)
        made.note_texts(RING, files, root)
        made.save(folder)


def _line(verdict: ClaimVerdict) -> str:
    """One line of progress."""
    unexpected = "" if verdict.as_expected else " (not expected)"
    cached = ", cached" if verdict.cached else ""
    return f"{verdict.op}: {verdict.claim} {verdict.verdict}{unexpected}, {verdict.seconds:.1f} s{cached}"


def _status(verdicts: Sequence[ClaimVerdict]) -> Status:
    wrong = [v for v in verdicts if not v.as_expected]
    if any(v.verdict in (Verdict.HOLDS, Verdict.VIOLATED) for v in wrong):
        return Status.UNEXPECTED
    return Status.UNDETERMINED if wrong else Status.EXPECTED


def _print(verdicts: Sequence[ClaimVerdict], examples: Examples) -> None:
    out = console.output()
    table = Table(box=None, pad_edge=False, header_style="bold", padding=(0, 2, 0, 0))
    for heading in ("operation", "claims that hold", "other claims"):
        table.add_column(heading, overflow="fold")
    table.add_column("seconds", justify="right", no_wrap=True)
    for op in dict.fromkeys(v.op for v in verdicts):
        mine = [v for v in verdicts if v.op == op]
        good = " ".join(v.claim for v in mine if v.verdict is Verdict.HOLDS)
        bad = Text("\n").join(
            Text(
                f"{v.claim} {v.verdict}{'' if v.as_expected else ' (not expected)'}", style=STYLES.get(v.verdict, "red")
            )
            for v in mine
            if v.verdict is not Verdict.HOLDS
        )
        table.add_row(op, good, bad, f"{mine[0].seconds:.1f}" + (" (cached)" if mine[0].cached else ""))
    out.print(table)
    for verdict in verdicts:
        if verdict.verdict is not Verdict.HOLDS:
            _print_other(verdict, examples.get((verdict.op, verdict.claim)))
    counted = Counter(v.verdict for v in verdicts)
    words = ", ".join(f"{n:,} {v}" for v, n in sorted(counted.items()))
    click.echo(
        f"\n{console.number(len(verdicts), 'claim')} at {verdicts[0].frags} fragments: {words}" if verdicts else ""
    )


def _print_other(verdict: ClaimVerdict, example: Counterexample | None) -> None:
    click.echo(f"\n{verdict.op}: {verdict.claim} {verdict.verdict}: {verdict.sentence}")
    if example is None:
        click.echo(f"  {verdict.basis}")
        return
    refutation = example.refutation
    click.echo(f"  at {refutation.span.file}:{refutation.span.line}, in {' > '.join(refutation.calls)}")
    if verdict.why:
        click.echo(f"  expected: {verdict.why}")
    if example.change is not None:
        click.echo("\n" + ring_text(example.change))
