"""What was computed once and need not be computed again: compiled scenarios, and results of searches.

Each is kept under a hash of everything that decides it. A compiled scenario: the text of all model files and of the
checker. A result: the transition system, the engine and its source text, and the limits. So a result outlives an
edit of the models that changes nothing for its scenario.

The cache is an optimisation: what cannot be written is warned about once, what cannot be read back exactly as it was
written is computed again. Only complete searches are kept. The folder may be deleted at any time.
"""

from __future__ import annotations

import hashlib
import json
import os
import pickle
import sys
import tempfile
import zlib
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import replace
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

from psockmc.explore.limits import Limits
from psockmc.explore.result import LockEdge, SearchResult, Violation
from psockmc.ir.fingerprint import stable_text
from psockmc.ir.system import TransitionSystem

if TYPE_CHECKING:
    from psockmc.lang.tree import Program

PACKAGE = Path(__file__).resolve().parent
ENGINES = (
    "__init__",
    "breadth_first",
    "limits",
    "liveness",
    "reference",
    "result",
)  # modules of psockmc/explore/, with its native/

DECIDING = ("explore", "ir", "kernel", "lang")
"""The folders of psockmc whose text decides what a scenario is and what is found in it."""

KEPT_SYSTEMS = 1_000
"""Compiled scenarios, a quarter MB each. An edit of a model makes new ones; `psockmc report` makes hundreds, which must
still be there when it is run again.
"""


def cache_folder() -> Path:
    """`$XDG_CACHE_HOME/psockmc`, by default `~/.cache/psockmc`."""
    base = os.environ.get("XDG_CACHE_HOME") or "~/.cache"
    return Path(base).expanduser() / "psockmc"


def result_key(ts: TransitionSystem, engine: str, limits: Limits) -> str:
    """The name under which a result is kept. (How long it took does not change a complete result.)"""
    return _digest(engine_version(), engine, limits.max_states, limits.max_depth, stable_text(ts))


def system_key(program: Program, scenario: str) -> str:
    """The name under which a compiled scenario is kept."""
    return _digest(checker_version(), sorted(program.sources.items()), sorted(program.replaced), scenario)


def proof_key(program: Program, proof: str, frags: int) -> str:
    """The name under which the outcome of a proof is kept."""
    return _digest(prover_version(), sorted(program.sources.items()), sorted(program.replaced), proof, frags)


@cache
def prover_version() -> str:
    """A hash of the source text of the prover and of the front end, and of the solver."""
    return _digest(
        version("z3-solver"), _texts([*(PACKAGE / "prove").rglob("*.py"), *(PACKAGE / "lang").rglob("*.py")])
    )


@cache
def engine_version() -> str:
    """A hash of the source text of the engines and of this module: another text, another result."""
    return _texts([Path(__file__), PACKAGE / "ir" / "system.py", *engine_files()])


def engine_files() -> list[Path]:
    """What a search consists of. The rest of psockmc/explore/ judges and shows what it found."""
    explore = PACKAGE / "explore"
    return [explore / f"{name}.py" for name in ENGINES] + _sources(explore / "native")


@cache
def checker_version() -> str:
    """A hash of the source text that decides a verdict, and of the Python that runs it; not of what shows verdicts."""
    files = [Path(__file__), PACKAGE / "content.py", PACKAGE / "run.py"]
    for folder in DECIDING:
        files += _sources(PACKAGE / folder)
    return _digest(sys.version, _texts(files))


def _sources(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.suffix in (".py", ".c", ".h")]


def _texts(files: Iterable[Path]) -> str:
    return _digest(*((str(path.relative_to(PACKAGE)), path.read_bytes()) for path in sorted(files)))


def _digest(*parts: object) -> str:
    return hashlib.sha256(repr(parts).encode()).hexdigest()


class Cache:
    """A folder of results and compiled scenarios, by key. `warn` is called at most once, with one sentence."""

    def __init__(self, folder: Path, warn: Callable[[str], None]) -> None:
        self._folder = folder
        self._warn = warn
        self._warned = False

    def result(self, key: str) -> SearchResult | None:
        """The result that was kept under this key, marked as cached; None when there is none that can be trusted."""
        payload = self._read(f"{key}.result")
        return None if payload is None else replace(_decode(json.loads(payload)), cached=True)

    def keep_result(self, key: str, result: SearchResult) -> None:
        """Keep a complete result; an incomplete one is not kept."""
        if result.complete:
            self._write(f"{key}.result", json.dumps(_encode(result), separators=(",", ":")).encode())

    def system(self, key: str) -> TransitionSystem | None:
        """The compiled scenario that was kept under this key; None when there is none that can be trusted."""
        payload = self._read(f"{key}.system")
        if payload is None:
            return None
        # The folder is the user's own, and programs in it are run as well: pickle asks for no more trust than that.
        system = pickle.loads(payload)
        assert isinstance(system, TransitionSystem)
        return system

    def keep_system(self, key: str, system: TransitionSystem) -> None:
        """Keep a compiled scenario, and let the oldest ones go."""
        self._write(f"{key}.system", pickle.dumps(system, protocol=pickle.HIGHEST_PROTOCOL))
        with suppress(OSError):  # others may be deleting the same
            files = sorted(self._folder.glob("*.system"), key=lambda path: path.stat().st_mtime)
            for path in files[:-KEPT_SYSTEMS]:
                path.unlink(missing_ok=True)

    def fingerprint(self, key: str) -> str | None:
        """The fingerprint of the compiled scenario with this key; None when it was not kept."""
        payload = self._read(f"{key}.fingerprint")
        return None if payload is None else payload.decode()

    def keep_fingerprint(self, key: str, fingerprint: str) -> None:
        """Keep the fingerprint of a compiled scenario: it is small, and asked for more often than the scenario."""
        self._write(f"{key}.fingerprint", fingerprint.encode())

    def proof(self, key: str) -> object | None:
        """The outcome of a proof that was kept under this key; None when there is none that can be trusted."""
        payload = self._read(f"{key}.proof")
        return None if payload is None else pickle.loads(payload)

    def keep_proof(self, key: str, outcome: object) -> None:
        """Keep the outcome of a proof."""
        self._write(f"{key}.proof", pickle.dumps(outcome, protocol=pickle.HIGHEST_PROTOCOL))

    def _read(self, name: str) -> bytes | None:
        """What was written under this name, if it is all there and nothing else."""
        path = self._folder / name
        try:
            blob = path.read_bytes()
        except FileNotFoundError:
            return None
        except OSError as error:
            self._complain(f"cannot use the cache in {self._folder}: {error.strerror}")
            return None
        seal, _, payload = blob.partition(b"\n")
        if _seal(name, payload) != seal:
            self._complain(f"{path} is damaged and was not used; what it held is computed again")
            return None
        return zlib.decompress(payload)

    def _write(self, name: str, content: bytes) -> None:
        payload = zlib.compress(content, 1)
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            _write_atomically(self._folder / name, _seal(name, payload) + b"\n" + payload)
        except OSError as error:
            self._complain(f"cannot use the cache in {self._folder}: {error.strerror}")

    def _complain(self, sentence: str) -> None:
        if not self._warned:
            self._warned = True
            self._warn(sentence)


def _seal(name: str, payload: bytes) -> bytes:
    """A checksum of a file's content and of its name: a file that was renamed is as wrong as a damaged one."""
    return hashlib.sha256(name.encode() + b"\n" + payload).hexdigest().encode()


def _write_atomically(path: Path, blob: bytes) -> None:
    """All of the file or nothing of it, whoever else writes it and whatever fails."""
    handle, name = tempfile.mkstemp(prefix=path.stem[:16], suffix=".tmp", dir=path.parent)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(blob)
        os.replace(name, path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


def _encode(result: SearchResult) -> dict[str, Any]:
    return {
        **vars(result),
        "violations": [vars(v) for v in result.violations],
        "lock_edges": [vars(e) for e in result.lock_edges],
        "fatal": sorted(result.fatal.items()),
        "statements": sorted(result.statements),
        "covers": sorted(result.covers),
    }


def _decode(data: dict[str, Any]) -> SearchResult:
    def path(states: list[list[int]]) -> tuple[tuple[int, ...], ...]:
        return tuple(tuple(state) for state in states)

    def violation(v: dict[str, Any]) -> Violation:
        return Violation(**{**v, "path": path(v["path"]), "loop": path(v["loop"])})

    return SearchResult(
        **{
            **data,
            "violations": tuple(violation(v) for v in data["violations"]),
            "lock_edges": tuple(LockEdge(**{**e, "path": path(e["path"])}) for e in data["lock_edges"]),
            "fatal": dict(data["fatal"]),
            "statements": frozenset(data["statements"]),
            "covers": frozenset(data["covers"]),
            "notes": tuple(data["notes"]),
        }
    )
