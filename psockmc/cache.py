"""Search results kept on disk, so that a search that was once finished is not done again.

The key of a result is a hash of everything that decides it: the transition system, the engine and its source text, and
the limits. The cache is an optimisation: what cannot be written is warned about once, what cannot be read back exactly
as it was written is searched again. Only complete searches are kept.
"""

from __future__ import annotations

import hashlib
import json
import os
import tempfile
import zlib
from collections.abc import Callable
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

from psockmc.explore.limits import Limits
from psockmc.explore.result import LockEdge, SearchResult, Violation
from psockmc.ir.system import TransitionSystem

PACKAGE = Path(__file__).resolve().parent


def cache_folder() -> Path:
    """`$XDG_CACHE_HOME/psockmc`, by default `~/.cache/psockmc`."""
    base = os.environ.get("XDG_CACHE_HOME") or "~/.cache"
    return Path(base).expanduser() / "psockmc"


def result_key(ts: TransitionSystem, engine: str, limits: Limits) -> str:
    """The name under which a result is kept. (How long it took does not change a complete result.)"""
    parts = (engine_version(), engine, limits.max_states, limits.max_depth, ts)
    return hashlib.sha256(repr(parts).encode()).hexdigest()


@cache
def engine_version() -> str:
    """A hash of the source text of the engines and of this module: another text, another result."""
    digest = hashlib.sha256()
    sources = [
        PACKAGE / "ir" / "system.py",
        *(PACKAGE / "explore").rglob("*.py"),
        *(PACKAGE / "explore").rglob("*.[ch]"),
    ]
    for path in sorted(sources):
        digest.update(path.read_bytes())
    return digest.hexdigest()


class ResultCache:
    """Results by key, as files of `folder`. `warn` is called at most once, with one sentence."""

    def __init__(self, folder: Path, warn: Callable[[str], None]) -> None:
        self._folder = folder
        self._warn = warn
        self._warned = False

    def get(self, key: str) -> SearchResult | None:
        """The result that was kept under this key, marked as cached; None when there is none that can be trusted."""
        path = self._folder / f"{key}.result"
        try:
            blob = path.read_bytes()
        except FileNotFoundError:
            return None
        except OSError as error:
            self._complain(f"cannot use the cache of results in {self._folder}: {error.strerror}")
            return None
        digest, _, payload = blob.partition(b"\n")
        if hashlib.sha256(key.encode() + payload).hexdigest().encode() != digest:
            self._complain(f"the cached result {path} is damaged and was not used; the search is done again")
            return None
        return replace(_decode(json.loads(zlib.decompress(payload))), cached=True)

    def put(self, key: str, result: SearchResult) -> None:
        """Keep a complete result; an incomplete one is not kept."""
        if not result.complete:
            return
        payload = zlib.compress(json.dumps(_encode(result), separators=(",", ":")).encode(), 1)
        blob = hashlib.sha256(key.encode() + payload).hexdigest().encode() + b"\n" + payload
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            _write_atomically(self._folder / f"{key}.result", blob)
        except OSError as error:
            self._complain(f"cannot use the cache of results in {self._folder}: {error.strerror}")

    def _complain(self, sentence: str) -> None:
        if not self._warned:
            self._warned = True
            self._warn(sentence)


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

    return SearchResult(
        **{
            **data,
            "violations": tuple(Violation(**{**v, "path": path(v["path"])}) for v in data["violations"]),
            "lock_edges": tuple(LockEdge(**{**e, "path": path(e["path"])}) for e in data["lock_edges"]),
            "fatal": dict(data["fatal"]),
            "statements": frozenset(data["statements"]),
            "covers": frozenset(data["covers"]),
            "notes": tuple(data["notes"]),
        }
    )
