"""Which mutants each property was the first to notice, from what the repository keeps of earlier runs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from psockmc.mutants.ledger import function_digest, load_ledger
from psockmc.mutants.survivors import Key
from psockmc.mutants.trial import Fate
from psockmc.reports.material import Material
from psockmc.reports.mutants import LEDGER, ORDERING


def kills(material: Material) -> Mapping[str, Sequence[Key]]:
    """The mutants (function, kind, change) by property, sorted. What does not stand any more does not count."""
    found: dict[str, set[Key]] = {}
    functions = material.program.functions
    for file in (LEDGER, ORDERING):
        ledger = load_ledger(material.root / file, material.program)
        for key, entry in ledger.entries.items():
            function = functions.get(key[0])
            if function is None or function_digest(function) != entry.digest:
                continue
            for trial in entry.trials:
                if trial.fate is Fate.NOTICED and ledger.stands(trial.scenario):
                    found.setdefault(trial.property.partition("(")[0], set()).add(key)
    return {property: sorted(keys) for property, keys in found.items()}
