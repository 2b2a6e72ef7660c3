"""Trials that were made before, in the cache.

A trial is kept under everything that decides it: the text of the checker, the functions, structs and instances that the
scenario uses, the changed function, engine and limits. So a run can be continued, and an edit of a model elsewhere
does not make it begin anew.
"""

from __future__ import annotations

import hashlib
import json
import tempfile
from collections.abc import Callable
from contextlib import suppress
from dataclasses import asdict
from functools import cache
from pathlib import Path

from psockmc.cache import checker_version
from psockmc.ir.reach import used
from psockmc.lang.tree import Program
from psockmc.mutants.kinds import Mutant
from psockmc.mutants.trial import Fate, Memory, Trial
from psockmc.run import Options


class Kept(Memory):
    """Trials in a folder. What cannot be read or written is simply made again."""

    def __init__(self, folder: Path, program: Program, options: Options) -> None:
        self._folder = folder
        self._limits = options.limits
        self._engine = options.engine
        self._scenario = _scenario_digests(program)

    def trial(self, mutant: Mutant, scenario: str) -> Trial | None:
        """What came of this mutant in this scenario, if that is known."""
        try:
            value = json.loads((self._folder / self._key(mutant, scenario)).read_text(encoding="utf-8"))
            return Trial(**{**value, "fate": Fate(value["fate"]), "also": tuple(value["also"])})
        except (OSError, ValueError, TypeError, KeyError):
            return None

    def keep(self, mutant: Mutant, trial: Trial) -> None:
        """Note what came of it, all or nothing."""
        with suppress(OSError):
            self._folder.mkdir(parents=True, exist_ok=True)
            with tempfile.NamedTemporaryFile("w", dir=self._folder, delete=False, encoding="utf-8") as file:
                file.write(json.dumps(asdict(trial)))
            Path(file.name).replace(self._folder / self._key(mutant, trial.scenario))

    def _key(self, mutant: Mutant, scenario: str) -> str:
        parts = (_judging_version(), self._engine, self._limits, self._scenario(scenario), mutant.function, scenario)
        return _digest(*map(repr, parts)) + ".trial"


def _scenario_digests(program: Program) -> Callable[[str], str]:
    """A hash of all that a scenario uses, by its name; each is computed once."""

    @cache
    def digest(name: str) -> str:
        scenario = program.scenarios[name]
        use = used(program, scenario)
        functions = [program.functions[f] for f in use.functions]
        instances = [program.instances[i] for i in use.instances]
        return _digest(repr(scenario), repr(functions), repr(instances), repr(sorted(program.structs.items())))

    return digest


@cache
def _judging_version() -> str:
    """A hash of the source text that decides what became of a mutant."""
    return _digest(checker_version(), Path(__file__).with_name("trial.py").read_text(encoding="utf-8"))


def _digest(*parts: str) -> str:
    whole = hashlib.sha256()
    for part in parts:
        whole.update(part.encode() + b"\0")
    return whole.hexdigest()
