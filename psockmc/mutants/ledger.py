"""What was tried, in a file of the repository: pages are made from it without searching anything.

An entry stands as long as what decides it is what it was: the changed function, and for each trial the scenario of the
unchanged models with all that can happen there. Places in files do not count, nor do comments and docstrings, and nor
does the checker; nor does code that the scenario reaches in a mutant only.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, field, replace
from functools import cache
from pathlib import Path
from typing import Any

from psockmc.cache import Cache, system_key
from psockmc.content import UsageError
from psockmc.ir.fingerprint import fingerprint
from psockmc.ir.lower import compile_scenario
from psockmc.lang.tree import Function, Program
from psockmc.mutants.kinds import Mutant
from psockmc.mutants.survivors import Key
from psockmc.mutants.trial import Fate, Memory, Trial, Tried
from psockmc.reports.writing import write_atomically

DIGITS = 16


@dataclass
class Entry:
    """What came of a mutant. digest: of the changed function. candidates: how many scenarios may notice it.

    finished: as many of them were searched as the budget says, or it was noticed. offered: the scenarios that somebody
    chose for it, empty when nobody did.
    """

    digest: str
    candidates: int
    finished: bool
    trials: tuple[Trial, ...] = ()
    offered: tuple[str, ...] = ()


@dataclass
class Ledger(Memory):
    """Trials by mutant, and the scenarios they were made in.

    scenarios: (fingerprint of its system, number of its states) by name. notes: sentences about the run, such as its
    budget. behind: where trials are looked for that are not here, and where they are kept as well. cache: of the
    scenarios' fingerprints.
    """

    program: Program
    behind: Memory = field(default_factory=Memory)
    cache: Cache | None = None
    scenarios: dict[str, tuple[str, int]] = field(default_factory=dict)
    entries: dict[Key, Entry] = field(default_factory=dict)
    notes: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._digest = cache(self._fingerprint)

    def _fingerprint(self, scenario: str) -> str:
        if self.cache is None:
            return fingerprint(compile_scenario(self.program, scenario))
        key = system_key(self.program, scenario)
        known = self.cache.fingerprint(key)
        if known is None:
            known = fingerprint(compile_scenario(self.program, scenario))
            self.cache.keep_fingerprint(key, known)
        return known

    # ------------------------------------------------------------ as a memory

    def trial(self, mutant: Mutant, scenario: str) -> Trial | None:
        """What came of this mutant in this scenario, if that is known and still stands. What a budget left undecided
        is not known: another one may decide it.
        """
        entry = self.entries.get(mutant.key)
        if entry is not None and entry.digest == function_digest(mutant.function):
            for trial in entry.trials:
                if trial.scenario == scenario and trial.fate is not Fate.UNDECIDED and self.stands(scenario):
                    return trial
        return self.behind.trial(mutant, scenario)

    def keep(self, mutant: Mutant, trial: Trial) -> None:
        """Hand it on; `note` writes it down here when all about the mutant is known."""
        self.behind.keep(mutant, trial)

    # ------------------------------------------------------------ as a record

    def stands(self, scenario: str) -> bool:
        """Whether a scenario is still the one in which trials were made."""
        return scenario in self.program.scenarios and self.scenarios.get(scenario, ("",))[0] == self._digest(scenario)

    def searched(self, scenario: str, states: int) -> None:
        """A scenario of the unchanged models was searched to its end."""
        if not self.stands(scenario):
            self._forget(scenario)
        self.scenarios[scenario] = (self._digest(scenario), states)

    def _forget(self, scenario: str) -> None:
        for entry in self.entries.values():
            kept = tuple(trial for trial in entry.trials if trial.scenario != scenario)
            entry.finished = entry.finished and len(kept) == len(entry.trials)
            entry.trials = kept

    def note(self, tried: Tried, diagrams: bool = True, offered: Sequence[str] = ()) -> None:
        """Write down what came of a mutant, beside what earlier runs found in other scenarios. offered: the scenarios
        that were chosen for it.
        """
        trials = [trial if diagrams else replace(trial, diagram="") for trial in tried.trials]
        new = Entry(function_digest(tried.mutant.function), len(tried.candidates), tried.finished, (), tuple(offered))
        before = self.entries.get(tried.mutant.key)
        if before is not None and before.digest == new.digest:
            stand = [trial for trial in before.trials if self.stands(trial.scenario)]
            new.finished |= before.finished and len(stand) == len(before.trials)
            new.candidates = max(new.candidates, before.candidates)
            names = {trial.scenario for trial in trials}
            trials += [trial for trial in stand if trial.scenario not in names]
        new.trials = tuple(trials)
        self.entries[tried.mutant.key] = new

    def tried(self, mutant: Mutant, offered: Sequence[str] = ()) -> Tried:
        """What is written of a mutant and still stands; untried when there is nothing.

        offered: the scenarios that are chosen for it now: with more than before, there may be more to notice it.
        """
        entry = self.entries.get(mutant.key)
        if entry is None or entry.digest != function_digest(mutant.function):
            return Tried(mutant, ())
        trials = [trial for trial in entry.trials if self.stands(trial.scenario)]
        # Their names are not written down: only how many there are is shown.
        candidates = ("",) * entry.candidates
        noticed = any(trial.fate is Fate.NOTICED for trial in trials)
        all_there = len(trials) == len(entry.trials) and set(offered) <= set(entry.offered)
        return Tried(mutant, candidates, trials, entry.finished and (noticed or all_there))

    def prune(self, mutants: Iterable[Mutant]) -> None:
        """Forget mutants that do not exist any more, and scenarios that no trial was made in."""
        known = {mutant.key for mutant in mutants}
        self.entries = {key: entry for key, entry in self.entries.items() if key in known}
        searched = {trial.scenario for entry in self.entries.values() for trial in entry.trials}
        self.scenarios = {name: row for name, row in self.scenarios.items() if name in searched}

    # ------------------------------------------------------------ files

    def save(self, file: Path) -> None:
        """Write all of it or nothing. Raises UsageError when the machine does not let it."""
        rows = [
            {"function": f, "kind": kind, "change": change, **_entry_object(entry)}
            for (f, kind, change), entry in sorted(self.entries.items())
        ]
        scenarios = {n: {"digest": d, "states": states} for n, (d, states) in sorted(self.scenarios.items())}
        data = {"notes": self.notes, "scenarios": scenarios, "tried": rows}
        try:
            write_atomically(file, json.dumps(data, indent=1, ensure_ascii=False) + "\n")
        except OSError as error:
            raise UsageError(f"cannot write {file}: {error.strerror}; name another file") from error


def load_ledger(file: Path, program: Program, cache: Cache | None, behind: Memory | None = None) -> Ledger:
    """The ledger in a file; an empty one when there is no such file. Raises UsageError for a file that is none."""
    ledger = Ledger(program, behind or Memory(), cache)
    if not file.exists():
        return ledger
    try:
        data = json.loads(file.read_text(encoding="utf-8"))
        ledger.notes = dict(data["notes"])
        ledger.scenarios = {name: (row["digest"], row["states"]) for name, row in data["scenarios"].items()}
        ledger.entries = {(row["function"], row["kind"], row["change"]): _entry(row) for row in data["tried"]}
    except (OSError, ValueError, TypeError, KeyError) as error:
        raise UsageError(
            f"{file} does not hold what was tried ({type(error).__name__}: {error}): remove it, and try again"
        ) from error
    return ledger


def _entry_object(entry: Entry) -> dict[str, Any]:
    trials = []
    for trial in entry.trials:
        row = {key: value for key, value in asdict(trial).items() if value not in ("", None, ())}
        if trial.diagram:
            row["diagram"] = trial.diagram.splitlines()
        trials.append(row)
    return {
        "digest": entry.digest,
        "candidates": entry.candidates,
        "finished": entry.finished,
        "trials": trials,
        "offered": list(entry.offered),
    }


def _entry(row: dict[str, Any]) -> Entry:
    trials = []
    for trial in row["trials"]:
        diagram = "\n".join(trial.get("diagram", []))
        read = {**trial, "fate": Fate(trial["fate"]), "diagram": diagram, "also": tuple(trial.get("also", ()))}
        trials.append(Trial(**read))
    return Entry(row["digest"], row["candidates"], row["finished"], tuple(trials), tuple(row["offered"]))


# ---------------------------------------------------------------- digests

_PLACE = re.compile(r"span=Span\([^()]*\)")


def _digest(*parts: object) -> str:
    text = "\0".join(_PLACE.sub("", repr(part)) for part in parts)
    return hashlib.sha256(text.encode()).hexdigest()[:DIGITS]


def function_digest(function: Function) -> str:
    """A hash of what a function does, wherever it stands and whatever is said about it."""
    return _digest(replace(function, doc=""))
