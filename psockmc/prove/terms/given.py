"""Simplification: terms as they are where a condition holds."""

from __future__ import annotations

from psockmc.prove.terms.choices import ite
from psockmc.prove.terms.comparisons import at_most, equals
from psockmc.prove.terms.facts import cast
from psockmc.prove.terms.nodes import FALSE, TRUE, Term, const, operation, pairs_of
from psockmc.prove.terms.sums import Parts, combination, parts_of
from psockmc.prove.terms.truths import conjunction, disjunction, negation


class Given:
    """Terms as they are where a condition holds: what it decides is put in."""

    def __init__(self, cond: Term) -> None:
        self.memo: dict[Term, Term] = {}
        self.atoms = cond.atoms
        self._learn(cond)

    def _learn(self, cond: Term) -> None:
        if cond.kind == "and":
            for part in cond.args:
                self._learn(part)
        if cond is not TRUE:
            self.memo[cond] = TRUE
            self.memo[negation(cond)] = FALSE

    def __call__(self, term: Term) -> Term:
        """The term, simplified; equal to it wherever the condition holds."""
        if not term.atoms & self.atoms:
            return term
        found = self.memo.get(term)
        if found is None:
            found = self.memo[term] = self._simpler(term)
        return found

    def _simpler(self, term: Term) -> Term:
        args = term.args
        match term.kind:
            case "ite":
                cond = self(args[0])
                if cond is TRUE:
                    return self(args[1])
                if cond is FALSE:
                    return self(args[2])
                return ite(cond, self(args[1]), self(args[2]))
            case "lin":
                parts: Parts = {}
                constant = term.value
                for part, factor in pairs_of(term):
                    more, addend = parts_of(self(part))
                    constant += addend * factor
                    for t, c in more.items():
                        parts[t] = parts.get(t, 0) + c * factor
                return combination(parts, constant)
            case "cast":
                return cast(self(args[0]), term.lo, term.hi)
            case "not":
                return negation(self(args[0]))
            case "and":
                return conjunction(self(t) for t in args)
            case "or":
                return disjunction(self(t) for t in args)
            case "le" | "eq":
                linear = args[0]
                simpler = self(linear)
                if simpler is linear:
                    return term
                return at_most(simpler, const(0)) if term.kind == "le" else equals(simpler, const(0))
            case "op":
                left, right = self(args[0]), self(args[1])
                return operation(term.name, left, right, term.lo, term.hi)
        return term
