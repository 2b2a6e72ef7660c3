"""From the text of a litmus file to a `Test`: header, initial values, threads, condition.

The format is that of herd7's C litmus tests, as the kernel's `tools/memory-model` uses it. Every problem that can be
found is reported, not only the first.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from psockmc.litmus import lexer
from psockmc.litmus.code import CodeParser
from psockmc.litmus.conditions import ConditionParser, variables
from psockmc.litmus.initial import InitialParser
from psockmc.litmus.problems import LitmusError, Problem, Source
from psockmc.litmus.syntax import And, Test, Thread

_HEAD = re.compile(r"\s*C\s+(\S[^\n]*)\n")
_THREAD = re.compile(r"P(\d+)\s*\(")
_MODEL = re.compile(r"^[ \t(*]*Model\s*[:=]\s*(\S+)", re.M)
_RESULT = re.compile(r"^[ \t(*]*Result\s*:\s*(Never|Sometimes|Always)\b", re.M)


def parse(text: str, file: str = "test.litmus") -> Test:
    """The test in a file's text; file: its name for messages. Raises LitmusError with everything that is wrong."""
    source = Source(file, text)
    problems: list[Problem] = []
    name, brace = _header(source)
    initial = InitialParser(source, brace)
    problems += initial.problems
    threads, end = _threads(source, initial.end, problems)
    names = [{*t.declared, *t.parameters, *initial.registers.get(i, ())} for i, t in enumerate(threads)]
    globals = None if problems else {*initial.memory, *(p for t in threads for p in t.parameters)}
    condition = ConditionParser(lexer.facts(source, end, len(text)), names, globals, problems)
    quantifier, proposition = condition.parse()
    if problems:
        raise LitmusError(source, problems)
    wanted = condition.filter if condition.filter is not None else And(())
    shown = tuple(dict.fromkeys([*condition.locations, *variables(proposition)]))
    values, registers = initial.memory, initial.registers
    model, expected = (_stated(pattern, text, brace) for pattern in (_MODEL, _RESULT))
    threaded = tuple(threads)
    return Test(source, name, values, registers, threaded, quantifier, proposition, wanted, shown, model, expected)


def _stated(pattern: re.Pattern[str], text: str, end: int) -> str | None:
    match = pattern.search(text, 0, end)
    return match.group(1) if match else None


def _header(source: Source) -> tuple[str, int]:
    """The test's name, and where the initial values begin."""
    head = _HEAD.match(source.text)
    if head is None:
        message = "a C litmus test begins with a line `C name`"
        raise LitmusError(source, [Problem("L0001", message, 0, 1, help="tests in assembler are not supported")])
    position = head.end()
    while position < len(source.text) and source.text[position] != "{":
        position = lexer.after_comment(source, position) if source.text.startswith("(*", position) else position + 1
    if position == len(source.text):
        help = "write `{}` when every global begins as 0"
        raise LitmusError(source, [Problem("L0001", "there are no initial values `{ ... }`", help=help)])
    return head.group(1).strip(), position


def _threads(source: Source, position: int, problems: list[Problem]) -> tuple[list[Thread], int]:
    """The threads from this position, and where the last one ends."""
    threads: list[Thread] = []
    for begin, end, thread in _each_thread(source, position, problems):
        position = end
        if thread is None:
            continue
        if thread.name != f"P{len(threads)}":
            message = f"expected the thread P{len(threads)}, found {thread.name}"
            problems.append(Problem("L0001", message, begin, begin + len(thread.name), help="number threads from P0"))
        threads.append(thread)
    if not threads and not problems:
        help = "write `P0(int *x) { ... }`"
        raise LitmusError(source, [Problem("L0001", "there is no thread", position, position + 1, help=help)])
    return threads, position


def _each_thread(source: Source, position: int, problems: list[Problem]) -> Iterator[tuple[int, int, Thread | None]]:
    while True:
        begin = lexer.skip_space(source, position)
        if not _THREAD.match(source.text, begin):
            return
        tokens, position = lexer.code(source, begin)
        yield begin, position, CodeParser(tokens, problems).thread()
