"""Which mutants each property was the first to notice, from what the repository keeps of earlier runs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from psockmc.mutants.chosen import chosen, made
from psockmc.mutants.ledger import load_ledger
from psockmc.mutants.survivors import Key
from psockmc.mutants.trial import Fate
from psockmc.reports.material import Material
from psockmc.reports.mutants import LEDGER, ORDERING


def kills(material: Material) -> Mapping[str, Sequence[Key]]:
    """The mutants (function, kind, change) by property, sorted; none before some were tried.

    What was tried and does not stand any more does not count.
    """
    if not (material.root / LEDGER).exists():
        return {}
    program = material.program
    ledgers = [load_ledger(material.root / file, program) for file in (LEDGER, ORDERING)]
    found: dict[str, set[Key]] = {}
    for mutant in made(program, chosen(program, ledgers[0].notes.get("of", []))):
        for tried in (ledger.tried(mutant) for ledger in ledgers):
            if tried.fate is Fate.NOTICED and tried.first is not None:
                found.setdefault(tried.first.property.partition("(")[0], set()).add(mutant.key)
    return {property: sorted(keys) for property, keys in found.items()}
