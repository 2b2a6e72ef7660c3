"""An execution that the search has found, and the final values in it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from psockmc.litmus.candidate import Candidate, Unknown, Valuation
from psockmc.litmus.execution import Execution, Rows, Value
from psockmc.litmus.syntax import Final, Memory, Register


@dataclass(slots=True)
class Found:
    """An allowed execution.

    sources: per read the write it reads from, else -1; lines: per location its writes in order.
    """

    candidate: Candidate
    sources: list[int]
    lines: dict[str, tuple[int, ...]]
    packed_rf: int = 0
    packed_co: int = 0

    def valuation(self) -> Callable[[Final], Value]:
        """The final values of registers and globals."""
        values = Valuation(self.candidate, self.sources)
        return lambda variable: self.final(variable, values)

    def final(self, variable: Final, values: Valuation) -> Value:
        """The final value of a register or global. Raises Unknown while it is not known."""
        candidate = self.candidate
        if isinstance(variable, Register):
            path = candidate.paths[variable.thread]
            return values.of_term(path.registers.get(variable.name, 0), candidate.offsets[variable.thread])
        line = self.lines.get(variable.name)
        if line is None:
            raise Unknown
        return values.of_term(candidate.terms[line[-1]], candidate.owners[line[-1]])

    def side(self, side: Final | Value, values: Valuation) -> Value:
        """The value of a side of an equation."""
        return self.final(side, values) if isinstance(side, Register | Memory) else side

    def execution(self) -> Execution:
        """The execution for models and reports."""
        n = self.candidate.n
        rf: Rows = [0] * n
        co: Rows = [0] * n
        for read, write in enumerate(self.sources):
            if write >= 0:
                rf[write] |= 1 << read
        for line in self.lines.values():
            later = 0
            for write in reversed(line):
                co[write] = later
                later |= 1 << write
        return Execution(self.candidate.skeleton, rf, co, True, self.candidate.values(self.sources))


def copy(found: Found) -> Found:
    """A Found that stays as it is."""
    return Found(found.candidate, list(found.sources), dict(found.lines), found.packed_rf, found.packed_co)


Visit = Callable[[Found], bool]
"""Is told of every allowed execution; says whether to stop. The Found it gets is used again: copy what is kept."""
