"""A short name for what a compiled scenario says and does, and its text, by which results are kept."""

from __future__ import annotations

import hashlib
from dataclasses import replace

from psockmc.ir.system import Context, TransitionSystem

NONE: frozenset[int] = frozenset()


def stable_text(ts: TransitionSystem) -> str:
    """Everything in the system as text, the same for equal systems: a set may be listed in another order once it was
    kept and loaded again.
    """
    sets = sorted(ts.begun), sorted(ts.begun_covers), sorted(ts.promised)
    return repr((replace(ts, begun=NONE, begun_covers=NONE, promised=NONE), sets))


def fingerprint(ts: TransitionSystem) -> str:
    """A hash of everything in the system but line numbers: a comment above a function changes nothing."""
    statements = tuple(replace(statement, line=0) for statement in ts.statements)
    contexts = tuple(_without_lines(context) for context in ts.contexts)
    text = stable_text(replace(ts, statements=statements, contexts=contexts))
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def _without_lines(context: Context) -> Context:
    paths = tuple(tuple(replace(frame, call_line=0) for frame in path) for path in context.paths)
    return replace(context, paths=paths)
