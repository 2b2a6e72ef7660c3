"""A short name for what a compiled scenario says and does."""

from __future__ import annotations

import hashlib
from dataclasses import replace

from psockmc.ir.system import Context, TransitionSystem


def fingerprint(ts: TransitionSystem) -> str:
    """A hash of everything in the system but line numbers: a comment above a function changes nothing."""
    statements = tuple(replace(statement, line=0) for statement in ts.statements)
    contexts = tuple(_without_lines(context) for context in ts.contexts)
    # The same set may be listed in another order when it was kept and loaded again.
    sets = sorted(ts.begun), sorted(ts.begun_covers), sorted(ts.promised)
    none: frozenset[int] = frozenset()
    rest = replace(ts, statements=statements, contexts=contexts, begun=none, begun_covers=none, promised=none)
    return hashlib.sha256(repr((rest, sets)).encode()).hexdigest()[:16]


def _without_lines(context: Context) -> Context:
    paths = tuple(tuple(replace(frame, call_line=0) for frame in path) for path in context.paths)
    return replace(context, paths=paths)
