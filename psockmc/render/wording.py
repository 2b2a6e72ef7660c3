"""Short names for cells, and the notes that say what a step did."""

from __future__ import annotations

import re
from collections import Counter

from psockmc.explore.tracedata import Access, Call, Change, Trace


class Wording:
    """How one trace names its cells.

    `psock0.refcnt.refs` is `refcnt`: the object is left out where it is the only one whose field is touched, the last
    name where the struct around it has no other field.
    """

    def __init__(self, trace: Trace) -> None:
        touched = {a.cell for step in trace.steps for a in step.accesses}
        touched |= {c.cell for step in trace.steps for c in step.changes}
        self._owners = Counter(name.partition(".")[2] for name in touched)
        self._siblings = Counter(cell.name.rpartition(".")[0] for cell in trace.cells if cell.kind != "ghost")

    def short(self, cell: str) -> str:
        """The name of a cell in a note."""
        around = cell.rpartition(".")[0]
        path = cell.partition(".")[2] or cell
        alone = self._owners[path] <= 1
        if around.count(".") >= 1 and self._siblings[around] <= 1:
            cell, path = around, around.partition(".")[2]
        return path if alone else cell

    def change(self, change: Change) -> str:
        """The note of a change; "" for one that the statement says already: who takes something."""
        if change.kind == "lock" or (change.kind == "context" and change.new != "nobody"):
            return ""
        if change.kind == "status":
            return f"{change.cell} {'allocated' if change.new == 'live' else change.new}"
        if change.kind == "grace-period":
            return f"waits for {change.new}" if change.new != "{}" else ""
        return f"{self.short(change.cell)} {change.old} -> {change.new}"

    def value(self, access: Access) -> str:
        """The note of what was found in a cell."""
        return f"{self.short(access.cell)} is {access.value}"


def call_text(call: Call) -> str:
    """`sk_psock_put(sk0, psock0)`."""
    return f"{call.function}({', '.join(call.arguments)})"


def statement_text(text: str) -> str:
    """A statement as one line of code: without the colon of a block, and without the blanks that joined its lines."""
    text = text.rstrip().removesuffix(":")
    return re.sub(r",? (?=[)\]}])", "", re.sub(r"(?<=[(\[{]) ", "", text))


def marking(access: Access) -> str:
    """`plain write`, `marked read`, ..."""
    return f"{'marked' if access.marked else 'plain'} {'write' if access.write else 'read'}"
