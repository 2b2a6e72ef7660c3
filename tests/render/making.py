"""Traces made by hand, for what no model shows as purely."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from psockmc.explore.tracedata import (
    FORMAT,
    Access,
    Call,
    CellInfo,
    Change,
    ContextInfo,
    Failure,
    Place,
    PropertyInfo,
    Step,
    Trace,
)


@dataclass
class Maker:
    """Collects calls and steps; `trace()` is the trace. Context i is `CPUi`, a process that starts in `mainI()`."""

    contexts: int
    calls: list[Call] = field(default_factory=list)
    steps: list[Step] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.roots = [self.call(i, -1, f"main{i}") for i in range(self.contexts)]

    def call(self, context: int, parent: int, function: str, *arguments: str, result: str = "") -> int:
        """A new call; its number."""
        number = len(self.calls)
        statement = f"{function}({', '.join(arguments)})" if parent >= 0 else ""
        file = "models/made.py" if parent >= 0 else ""
        self.calls.append(
            Call(number, parent, context, function, "net/made.c", file, 7, statement, arguments, False, result)
        )
        return number

    def path(self, call: int) -> tuple[int, ...]:
        """The calls from the outermost one to this one."""
        parent = self.calls[call].parent
        return (*(self.path(parent) if parent >= 0 else ()), call)

    def step(
        self,
        call: int,
        statement: str,
        *,
        reads: Sequence[str] = (),
        changes: Sequence[tuple[str, str, str]] = (),
        line: int = 0,
    ) -> None:
        """A step in a call. changes: (cell, old, new)."""
        context, number = self.calls[call].context, len(self.steps) + 1
        place = Place(
            statement, "models/made.py", line or 100 + number, self.calls[call].function, "net/made.c", self.path(call)
        )
        self.steps.append(
            Step(
                number=number,
                context=context,
                choice=-1,
                place=place,
                then=(),
                accesses=tuple(Access(cell, False, True, "0", 0) for cell in reads),
                changes=tuple(Change(cell, old, new, "value", 0) for cell, old, new in changes),
                locals=(),
                held=(),
                sections=(),
                readers=(),
                grace_periods=(),
                intents=(),
                events=(),
            )
        )

    def trace(self, sentence: str = "it fails", place: Place | None = None) -> Trace:
        """The trace; it fails in its last step."""
        last = place or self.steps[-1].place
        touched = [a.cell for s in self.steps for a in s.accesses] + [c.cell for s in self.steps for c in s.changes]
        return Trace(
            format=FORMAT,
            scenario="made",
            sentence="made by hand",
            property=PropertyInfo("assert", "every check in the code holds", "builtin"),
            basis="made by hand",
            bounds=(),
            assumptions=(),
            omissions=(),
            variant="",
            contexts=tuple(ContextInfo(f"main{i}", f"CPU{i}", "process", i, f"main{i}") for i in range(self.contexts)),
            cells=tuple(CellInfo(cell, "made", "value", "0") for cell in dict.fromkeys(touched)),
            calls=tuple(self.calls),
            steps=tuple(self.steps),
            failure=Failure("step", sentence, sentence, last, "", (), (), (), (), (), ()),
        )
