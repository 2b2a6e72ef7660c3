"""A short name for what a compiled scenario says and does."""

from __future__ import annotations

import hashlib
from dataclasses import replace

from psockmc.ir.system import Context, TransitionSystem


def fingerprint(ts: TransitionSystem) -> str:
    """A hash of everything in the system but line numbers: a comment above a function changes nothing."""
    statements = tuple(replace(statement, line=0) for statement in ts.statements)
    contexts = tuple(_without_lines(context) for context in ts.contexts)
    text = repr(replace(ts, statements=statements, contexts=contexts))
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def _without_lines(context: Context) -> Context:
    paths = tuple(tuple(replace(frame, call_line=0) for frame in path) for path in context.paths)
    return replace(context, paths=paths)
