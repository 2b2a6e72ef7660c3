"""`spec/findings.toml`: what reviewers make of the violations that scenarios expect.

Several violations often have one cause. An entry is such a cause: which violations it stands for, how much it is
believed and why, which functions of the kernel it rests on, and what would refute it. It stands for what it lists
under `shows` (properties by scenario), or for all that nobody lists of one `property`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from psockmc.content import UsageError
from psockmc.explore.verdict import Verdict
from psockmc.lang.tree import Program
from psockmc.tables import tables

CONFIDENCE = ("believed", "doubted", "open")
NOT_JUDGED = "not judged"
TEXTS = ("title", "confidence", "because", "refuted_by")
RACE = "data-race"

Key = tuple[str, str]
"""Scenario and property of an expected violation."""


@dataclass(frozen=True)
class Cause:
    """A cause of violations. confidence: one of CONFIDENCE, or NOT_JUDGED when the file has no entry.

    because: why it is believed or doubted. rests_on: functions of the models. shows: what it lists; property: what
    it stands for beyond that, "" for nothing. `data-race` stands for the races of all fields.
    """

    title: str
    confidence: str
    because: str
    refuted_by: str
    rests_on: tuple[str, ...]
    shows: frozenset[Key]
    property: str = ""


def load_causes(root: Path, program: Program) -> tuple[Cause, ...]:
    """The causes, in the order of the file; none without a file.

    Raises UsageError for a file that is wrong, and for an entry about something that no scenario expects.
    """
    path = root / "spec" / "findings.toml"
    if not path.exists():
        return ()
    reader = _Reader(path, program)
    return tuple(reader.read(number, entry) for number, entry in enumerate(tables(path, "finding"), 1))


def expected_violations(program: Program) -> tuple[Key, ...]:
    """Every violation that a scenario expects, by scenario."""
    return tuple(
        (name, id)
        for name, scenario in sorted(program.scenarios.items())
        for id, verdict in scenario.expect.items()
        if verdict == Verdict.VIOLATED
    )


def cause_of(key: Key, why: str, causes: Sequence[Cause]) -> Cause:
    """The cause that lists this violation, else the one that stands for its property, else one that nobody has judged.

    why: what the scenario says; violations of a property that say the same are taken for one and the same.
    """
    id = key[1]
    for property in ("", id, id.partition("(")[0]):
        for cause in causes:
            if cause.property == property and (property or key in cause.shows):
                return cause
    return Cause(why or id, NOT_JUDGED, "", "", (), frozenset())


class _Reader:
    """Reads entries and compares them with what the scenarios expect."""

    def __init__(self, path: Path, program: Program) -> None:
        self.path = path
        self.program = program
        self.expected = frozenset(expected_violations(program))
        self.named: set[Key] = set()

    def read(self, number: int, entry: Mapping[str, Any]) -> Cause:
        """The cause of one entry."""
        where = f"{self.path}: finding {entry.get('title') or number}"
        for key in TEXTS:
            if not isinstance(entry.get(key), str) or not entry[key].strip():
                raise UsageError(f"{where} has no `{key}`: each needs {', '.join(TEXTS)}, each a string")
        if entry["confidence"] not in CONFIDENCE:
            raise UsageError(f"{where}: its confidence must be one of {', '.join(CONFIDENCE)}")
        property = entry.get("property", "")
        if not isinstance(property, str) or bool(property) == ("shows" in entry):
            raise UsageError(f"{where} must have either `shows` (properties by scenario) or a `property`")
        title, confidence, because, refuted_by = (entry[key] for key in TEXTS)
        rests_on = tuple(self._functions(where, entry.get("rests_on", [])))
        shows = frozenset(self._shown(where, entry.get("shows", {})))
        return Cause(title, confidence, because, refuted_by, rests_on, shows, property)

    def _functions(self, where: str, names: object) -> Iterator[str]:
        if not isinstance(names, list):
            raise UsageError(f"{where}: `rests_on` must be a list of functions of the models")
        for name in names:
            function = self.program.functions.get(name)
            if function is None or not function.kernel_file:
                raise UsageError(f"{where} rests on {name}, which is no @kernel function of the models: correct it")
            yield name

    def _shown(self, where: str, shows: object) -> Iterator[Key]:
        if not isinstance(shows, dict):
            raise UsageError(f'{where}: write `shows = {{ scenario = ["property"] }}`')
        for scenario, ids in shows.items():
            for id in ids if isinstance(ids, list) else [ids]:
                key = (scenario, id)
                if key not in self.expected:
                    raise UsageError(f"{where} names {id} of {scenario}, where nobody expects it: correct one of them")
                if key in self.named:
                    raise UsageError(f"{where} names {id} of {scenario}, as another entry does: remove one of them")
                self.named.add(key)
                yield key
