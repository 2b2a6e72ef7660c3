"""Editing blocks of statements somewhere inside of a function."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from psockmc.lang import tree
from psockmc.lang.walk import blocks

Block = tuple[tree.Stmt, ...]
Path = tuple[tuple[int, int], ...]
"""Where a block is: from the function's body inwards, the number of a statement and which of its blocks."""


def all_blocks(body: Block, path: Path = ()) -> Iterator[tuple[Path, Block]]:
    """Every block of a function, outer ones first, with its path."""
    yield path, body
    for i, statement in enumerate(body):
        for which, inner in enumerate(blocks(statement)):
            yield from all_blocks(inner, (*path, (i, which)))


def with_block(body: Block, path: Path, block: Block) -> Block:
    """The body with another block at this path."""
    if not path:
        return block
    (i, which), *rest = path
    inner = with_block(blocks(body[i])[which], tuple(rest), block)
    return (*body[:i], _with_inner(body[i], which, inner), *body[i + 1 :])


def without(body: Block, gone: Sequence[tree.Stmt]) -> Block:
    """The body without these statements, wherever they are; a block may end up empty."""
    kept: list[tree.Stmt] = []
    for statement in body:
        if any(statement is one for one in gone):
            continue
        for which, inner in enumerate(blocks(statement)):
            statement = _with_inner(statement, which, without(inner, gone))
        kept.append(statement)
    return tuple(kept)


def _with_inner(statement: tree.Stmt, which: int, block: Block) -> tree.Stmt:
    match statement:
        case tree.If():
            return replace(statement, other=block) if which else replace(statement, then=block)
        case tree.While() | tree.ForRange() | tree.ForList() | tree.Atomic():
            return replace(statement, body=block)
    raise ValueError(f"{type(statement).__name__} has no blocks")
