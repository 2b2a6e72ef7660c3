"""Run a function in a process of its own: code of a kernel tree may write anywhere, and must not end psockmc."""

from __future__ import annotations

import signal
import traceback
from collections.abc import Callable
from multiprocessing import get_context
from multiprocessing.connection import Connection
from typing import TypeVar

Result = TypeVar("Result")


class Crashed(Exception):
    """The process ended before the function did; the text says by what."""


def apart(work: Callable[[], Result]) -> Result:
    """What the function returns, in a copy of this process that it cannot harm; the result must be picklable.

    Raises Crashed when the process ends early, RuntimeError with the traceback when the function raises.
    """
    context = get_context("fork")  # the library of the tree is loaded: a copy of the process has it at once
    ours, theirs = context.Pipe(duplex=False)
    process = context.Process(target=_run, args=(work, theirs), daemon=True)
    process.start()
    theirs.close()
    try:
        result, trace = ours.recv()
    except EOFError:
        process.join()
        raise Crashed(_epitaph(process.exitcode or 0)) from None
    except BaseException:  # Ctrl-C: nobody waits for the result any more
        process.kill()
        raise
    finally:
        ours.close()
        process.join()
    if trace is not None:
        raise RuntimeError(f"in a process of its own:\n{trace}")
    return result  # type: ignore[no-any-return]


def _run(work: Callable[[], Result], pipe: Connection) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the one that waits for us decides
    try:
        answer: tuple[Result | None, str | None] = work(), None
    except Exception:
        answer = None, traceback.format_exc()
    pipe.send(answer)


def _epitaph(code: int) -> str:
    return signal.Signals(-code).name if code < 0 else f"exit status {code}"
