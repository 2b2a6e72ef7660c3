"""`psockmc orders`: change the order of the steps of functions, and see which orders violate a property."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from functools import partial
from itertools import chain
from pathlib import Path
from typing import Any

import click

from psockmc import content
from psockmc.cache import cache_folder
from psockmc.cli.mutants import Progress, with_budget
from psockmc.cli.options import results_cache, run_options, search_options
from psockmc.cli.status import Status, user_errors
from psockmc.lang.effects import Effects
from psockmc.lang.tree import Program
from psockmc.mutants.baseline import Baseline, baselines, candidates
from psockmc.mutants.kinds import Mutant
from psockmc.mutants.ledger import Ledger, load_ledger
from psockmc.mutants.memory import Kept
from psockmc.mutants.moves import moves
from psockmc.mutants.ordered import Functions, Ordered, load_ordered
from psockmc.mutants.orders import Table, is_bad
from psockmc.mutants.trial import InternalError, Interrupted, Memory, Tried, attempt
from psockmc.run import Options

LEDGER = Path("reports") / "ordering.json"
"""What was tried: below the root of a checkout."""


@click.command(name="orders")
@click.argument("functions", nargs=-1, metavar="[FUNCTION]...")
@search_options
@user_errors({})
def orders_(functions: tuple[str, ...], **search: Any) -> Status:
    """Move each step of a function to the other side of the others, and remove it: which property notices?

    The functions are those of spec/ordering.toml. What comes of it is written to reports/ordering.json, from which
    psockmc report ordering makes the pages. What stands there and is still valid is not tried again, so a run that was
    interrupted goes on where it was. Every search gives up after 500,000 states or 60 seconds unless --max-states or
    --timeout say otherwise.

    Exit status: 0 everything was tried, 2 usage or model error, 3 interrupted, 70 internal error.
    """
    root = content.find_root()
    program = content.load(root)
    every = load_ordered(root, program)
    names = content.pick("function in spec/ordering.toml", functions, [o.name for o in every], "spec/ordering.toml")
    options = with_budget(run_options(**search))
    behind = Memory() if options.cache is None else Kept(cache_folder() / "mutants", program, options)
    ledger = load_ledger(root / LEDGER, program, results_cache(options), behind)
    ledger.notes = {"budget": f"{options.limits.max_states:,} states and {options.limits.timeout:g} seconds"}
    work = _Work(program, options, ledger, root / LEDGER)
    try:
        chosen = [ordered for ordered in every if ordered.name in names]
        for ordered in chosen:
            work.orders(ordered)
        for ordered in chosen:
            work.removals(ordered)
    except Interrupted:
        click.echo("psockmc: interrupted; the same command goes on from here", err=True)
        return Status.UNDETERMINED
    except InternalError as error:
        click.echo(f"psockmc: internal error: {error}", err=True)
        return Status.INTERNAL
    return Status.EXPECTED


class _Work:
    def __init__(self, program: Program, options: Options, ledger: Ledger, file: Path) -> None:
        self.program = program
        self.options = options
        self.ledger = ledger
        self.file = file
        self.effects = Effects(program.functions, program.structs, program.instances.values())
        self.functions = Functions(program, self.effects)
        self.known: dict[str, Baseline] = {}

    def orders(self, ordered: Ordered) -> None:
        """Every pair of steps of a function, in rounds: see `Table`."""
        self.functions.require_steps(ordered)
        while wanted := [mutant for table in self._tables(ordered) for mutant in table.wanted]:
            self._try(wanted, ordered.scenarios)
        orders = Counter(pair.order for table in self._tables(ordered) for pair in table.pairs.values())
        click.echo(f"{ordered.name}: {', '.join(f'{n} {order}' for order, n in sorted(orders.items()))}")

    def removals(self, ordered: Ordered) -> None:
        """Everything that can be taken away from a function."""
        every, offered = self.functions.removals(ordered), ordered.for_removals
        self._try([m for m in every if not self.ledger.tried(m, offered).finished], offered)
        bad = sum(is_bad(self.ledger.tried(m, offered)) for m in every)
        click.echo(f"{ordered.name}: {bad:,} of {len(every):,} removals are noticed")

    def _tables(self, ordered: Ordered) -> list[Table]:
        function = self.program.functions[ordered.name]
        judge, like = partial(self.ledger.tried, offered=ordered.scenarios), frozenset(ordered.like)
        return [Table(m, judge, like) for m in moves(function, self.program, self.effects)]

    def _baseline(self, name: str) -> Baseline:
        """A scenario of the unchanged models, searched once."""
        if name not in self.known:
            self.known |= baselines(self.program, [name], self.options, Progress(0))
            if self.known[name].usable:
                self.ledger.searched(name, self.known[name].states)
        return self.known[name]

    def _try(self, wanted: Sequence[Mutant], scenarios: Sequence[str]) -> None:
        if not wanted:
            return
        known = {name: self._baseline(name) for name in scenarios}
        tried = [Tried(m, sorted(chain(*candidates(m, known)), key=scenarios.index)) for m in wanted]
        progress = Progress(len(tried))

        def done(one: Tried) -> None:
            progress.tried(one)
            self.ledger.note(one, offered=scenarios)
            self.ledger.save(self.file)

        attempt(self.program, tried, self.options, progress, memory=self.ledger, searches=None, done=done)
