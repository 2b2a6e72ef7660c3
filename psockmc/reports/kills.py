"""Which mutants each property notices, from what the repository keeps of earlier runs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import chain

from psockmc.mutants.ledger import load_ledger
from psockmc.mutants.survivors import Key
from psockmc.reports.material import Material
from psockmc.reports.mutants import LEDGER, recorded


@dataclass
class Kills:
    """Mutants by key. first: a violation of the property is the shortest of a search that noticed the mutant;
    also: the property is violated in such a search, too.
    """

    first: set[Key] = field(default_factory=set)
    also: set[Key] = field(default_factory=set)


def kills(material: Material) -> Mapping[str, Kills]:
    """What each property notices; nothing before some mutants were tried.

    What was tried and does not stand any more does not count.
    """
    if not (material.root / LEDGER).exists():
        return {}
    ledger = load_ledger(material.root / LEDGER, material.program, material.cache)
    found: dict[str, Kills] = {}
    for tried in chain(*recorded(material, ledger)):
        for trial in tried.notices:
            found.setdefault(whole(trial.property), Kills()).first.add(tried.mutant.key)
            for property in trial.also:
                found.setdefault(whole(property), Kills()).also.add(tried.mutant.key)
    return found


def whole(id: str) -> str:
    """The property that a verdict about one field belongs to: data-race(sock.sk_prot) is a data-race."""
    return id.partition("(")[0]
