"""In which order the scenarios that may notice a mutant are tried.

Small ones first would be quick, but they notice little: in them nobody gets in anybody's way. What notices a change is
elsewhere: the code that uses the same fields and calls the same functions. So the first is the scenario that runs the
most statements that share such a name with the changed ones, and each next one runs the most that those before it do
not; when nothing of this is left, the same is done with all statements. A forced test changes nothing where it always
comes out so: scenarios that are seen to go the other way are tried before the others, as far as this can be seen: of a
call, it is only known whether the called function ran. Every third scenario is one of
which it is only known that its setup calls the function; for changes that nobody notices who is alone, these are last.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from functools import cache, reduce
from operator import or_

from psockmc.mutants.baseline import Baseline, candidates, places
from psockmc.mutants.kinds import Kind, Mutant

ROOM = 4
"""A mutant often has more states than its scenario: one that takes more than this part of the budget is tried late."""

AMONG_OTHERS = frozenset({Kind.REMOVE_PAIR, Kind.SWAP, Kind.NOT_ATOMIC, Kind.APART, Kind.MOVE})
"""Kinds that change nothing for who is alone."""

NAME = re.compile(r"\.(\w+)|(\w+)\(")
"""A field or a function."""

CALL = re.compile(r"(\w+)\(")


def names(text: str) -> set[str]:
    """The fields and functions in the text of a statement."""
    return {field or function for field, function in NAME.findall(text)}


class Choice:
    """Orders the candidates of mutants. known: the scenarios; max_states: the budget of a search."""

    def __init__(self, known: Mapping[str, Baseline], max_states: int) -> None:
        self.known = known
        texts = {place: text for b in known.values() for place, text in b.ran.items()}
        bit = {place: 1 << n for n, place in enumerate(sorted(texts))}
        self.ran = {name: _union(bit[place] for place in b.ran) for name, b in known.items()}
        self.using: dict[str, int] = {}
        for place, text in texts.items():
            for name in names(text):
                self.using[name] = self.using.get(name, 0) | bit[place]
        self.late = {name for name, b in known.items() if b.states * ROOM > max_states}
        self._unlike = cache(self._unlike_anew)

    def ordered(self, mutant: Mutant) -> list[str]:
        """The scenarios that may notice a mutant, in the order in which they are to be tried."""
        run, set_up = candidates(mutant, self.known)
        tells = self._other_way(mutant, run | set_up)
        related = self._related(mutant)
        seen, maybe = (self._unlike(group - tells, related) for group in (run, set_up))
        rest = [*seen, *maybe] if mutant.kind in AMONG_OTHERS else _every_third(seen, maybe)
        return [*self._unlike(tells, related), *rest]

    def _other_way(self, mutant: Mutant, scenarios: Iterable[str]) -> frozenset[str]:
        """The scenarios in which a forced test is seen to go the other way."""
        lines = places(mutant, mutant.telling)
        called = {name for text in mutant.told for name in CALL.findall(text)}

        def tells(known: Baseline) -> bool:
            functions = {function for _, function in known.functions}
            return bool(lines & known.ran.keys() or (mutant.function.name in functions and called & functions))

        return frozenset(name for name in scenarios if tells(self.known[name]))

    def _related(self, mutant: Mutant) -> int:
        """The statements that share a name with the changed ones."""
        texts = (mutant.old, *mutant.told)
        return _union(self.using.get(name, 0) for text in texts for name in names(text))

    def _unlike_anew(self, scenarios: frozenset[str], related: int) -> list[str]:
        """Scenarios such that the first few are as unlike as can be, above all in what is related."""
        left = sorted(scenarios, key=lambda name: (name in self.late, self.known[name].states, name))
        found, seen = list[str](), 0

        def gain(name: str) -> tuple[bool, int, int]:
            new = self.ran[name] & ~seen
            return (name not in self.late, (new & related).bit_count(), new.bit_count())

        while left and any(gain(best := max(left, key=gain))[1:]):
            found.append(best)
            left.remove(best)
            seen |= self.ran[best]
        return found + left


def _union(sets: Iterable[int]) -> int:
    """Sets of statements, a bit for each."""
    return reduce(or_, sets, 0)


def _every_third(many: Sequence[str], few: Sequence[str]) -> list[str]:
    """All of both, in their orders; every third is one of the few as long as both last."""
    left, found = list(few), list[str]()
    for name in many:
        found.append(name)
        if left and len(found) % 3 == 2:
            found.append(left.pop(0))
    return found + left
