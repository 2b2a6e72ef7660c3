"""Python's forms that the language does not have, each with what to write instead."""

from __future__ import annotations

import ast

EXPRESSION_HELP: dict[type[ast.AST], str] = {
    ast.Lambda: "define a function with `def` and use its name",
    ast.JoinedStr: "sentences are plain strings: nothing is formatted while a model runs",
    ast.NamedExpr: "assign in a statement of its own: the order of the steps should be visible",
    ast.Tuple: "the language has no tuples; use several locals or a struct",
    ast.List: "the language has no list values; use `ListHead[T]` or `Array[T, N]` in a struct",
    ast.Set: "the language has no set values; use a flag word",
    ast.Dict: "the language has no dictionaries; use an `Array[T, N]` in a struct",
    ast.Await: "functions of a model wait with `wait_event(wq, cond)` or a lock",
    ast.Yield: "functions return once; use several functions",
    ast.YieldFrom: "functions return once; use several functions",
    ast.Starred: "write every argument",
    ast.Slice: "an array is read element by element",
    ast.Is: "write `==`: pointers are compared by identity anyway",
    ast.IsNot: "write `!=`: pointers are compared by identity anyway",
    ast.In: "write the comparisons out, or use `any(x == y for y in ...)` in a property",
    ast.NotIn: "write the comparisons out, or use `all(x != y for y in ...)` in a property",
}

STATEMENT_HELP: dict[type[ast.AST], str] = {
    ast.Try: "C has no exceptions: return an error value and test it",
    ast.TryStar: "C has no exceptions: return an error value and test it",
    ast.Raise: 'C has no exceptions: return an error value, or state what must hold with `check(cond, "sentence")`',
    ast.Assert: 'write `check(cond, "sentence")`',
    ast.Delete: "free an object with `kfree(p)`; locals end with their function",
    ast.Global: "shared state lives in structs: write to a field of an instance",
    ast.Nonlocal: "shared state lives in structs: write to a field of an instance",
    ast.Match: "write `if` and `elif`",
    ast.Import: "imports stand at the top of the file",
    ast.ImportFrom: "imports stand at the top of the file",
    ast.AsyncFor: "write a plain `for`",
    ast.AsyncWith: 'write `with atomic("reason"):`',
    ast.With: 'the only block is `with atomic("reason"):`; take locks by calling their functions',
}

NESTED = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
"""Statements that define something and so stand at module level only."""
