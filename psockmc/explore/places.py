"""Where something happened, as a reader looks for it: in the model, not inside a kernel primitive of psockmc's own."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from psockmc.explore.callpaths import KERNEL
from psockmc.explore.tracedata import Call, Place


@dataclass(frozen=True, slots=True)
class Where:
    """A statement of the model. function: the one it is in, "" when that is not known; kernel_file: that function's.

    kernel_function: the innermost function of the kernel around it, which for the environment's code is "".
    """

    file: str
    line: int
    statement: str
    function: str
    kernel_file: str
    kernel_function: str


def where(calls: Sequence[Call], place: Place) -> Where:
    """The place itself, or the statement that called the primitive which it is inside of. calls: all of the run."""
    file, line, text, inside = place.file, place.line, place.statement, len(place.path)
    for number in reversed(place.path):
        call = calls[number]
        if not file.startswith(KERNEL) or not call.call_file:
            break
        file, line, text, inside = call.call_file, call.call_line, call.statement or text, inside - 1
    around = [calls[number] for number in place.path[:inside]]
    function = around[-1].function if around else place.function
    of_kernel = [call for call in around if call.kernel_file and not call.primitive]
    kernel_file = of_kernel[-1].kernel_file if of_kernel else ""
    kernel_function = of_kernel[-1].function if of_kernel else ""
    return Where(file, line, text, function, kernel_file, kernel_function)
