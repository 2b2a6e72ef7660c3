"""The solver: this module and `bitvectors`, its sibling for numbers in C widths, are the ones that know Z3.

Integers are Z3's integers, truth values its booleans; the answers are `unsat`, a model, or `unknown` with a reason.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import z3

from psockmc.prove.terms import LANE, Assignment, Term, below


@dataclass(frozen=True)
class Unknown:
    """The solver gave up; reason: in its own words."""

    reason: str


class Solver:
    """Assertions, and questions about them. timeout: seconds for each question."""

    def __init__(self, timeout: float) -> None:
        self.solver = z3.SolverFor("QF_LIA")
        self.solver.set("timeout", max(1, int(timeout * 1000)))
        self.context = z3.main_ctx().ref()
        self.integers = z3.IntSort().ast
        self.numbers: dict[int, Any] = {}
        self.in_lane: dict[int, Any] = {}
        self.zero = self._integer(0)
        self.known: dict[Term, Any] = {}
        self.unknowns: dict[str, Any] = {}
        self.bounds: list[Any] = []
        self.levels: list[int] = []

    def add(self, terms: Iterable[Term]) -> None:
        """Asserts truth values."""
        self._assert(self._translated(term) for term in terms)

    def _assert(self, nodes: Iterable[Any]) -> None:
        for node in nodes:
            z3.Z3_solver_assert(self.context, self.solver.solver, node)

    def lanes(self, count: int) -> None:
        """Says how many lanes there are."""
        lane = self.unknowns.setdefault(LANE, z3.Int(LANE))
        self._assert(self._within(lane.as_ast(), 0, count - 1))

    def _within(self, node: Any, lo: int, hi: int) -> tuple[Any, Any]:
        """That a number is not below `lo` nor above `hi`."""
        least = self._kept(z3.Z3_mk_ge(self.context, node, self._integer(lo)))
        return least, self._kept(z3.Z3_mk_le(self.context, node, self._integer(hi)))

    def push(self) -> None:
        """Opens a level: what is added from here on goes with `pop`."""
        self.solver.push()
        self.levels.append(len(self.bounds))

    def pop(self) -> None:
        """Closes the last level; the bounds of unknowns that were first met on it stay."""
        self.solver.pop()
        self._assert(self.bounds[self.levels.pop() :])

    def solve(self) -> Assignment | Unknown | None:
        """Values of the unknowns that meet all assertions; None: there are none."""
        answer = self.solver.check()
        if answer == z3.unsat:
            return None
        if answer == z3.unknown:
            return Unknown(self.solver.reason_unknown())
        model = self.solver.model()
        return {name: _number(model.eval(node, model_completion=True)) for name, node in self.unknowns.items()}

    def ask(self, terms: Iterable[Term]) -> Assignment | Unknown | None:
        """`solve` with further assertions, which hold for this question only."""
        self.push()
        self.add(terms)
        answer = self.solve()
        self.pop()
        return answer

    def _translated(self, term: Term) -> Any:
        stack = [term]
        known = self.known
        while stack:
            top = stack[-1]
            if top in known:
                stack.pop()
                continue
            missing = [t for t in below(top) if t not in known]
            if missing:
                stack.extend(missing)
                continue
            known[stack.pop()] = self._node(top)
        return known[term]

    def _node(self, term: Term) -> Any:
        """The solver's node for a term whose parts are known.

        Built through Z3's C interface: the operators of its Python classes take five times as long.
        """
        args: Any = term.args
        known, context = self.known, self.context
        match term.kind:
            case "int":
                node = z3.Z3_mk_numeral(context, str(term.value), self.integers)
            case "true":
                node = z3.Z3_mk_true(context)
            case "false":
                node = z3.Z3_mk_false(context)
            case "var" | "bool":
                return self._unknown(term)
            case "lanes":
                node = self._lanes(term)
            case "lane":
                holds = [i for i, value in enumerate(args) if value]
                node = z3.Z3_mk_or(context, len(holds), _array(self._in_lane(i) for i in holds))
            case "lin":
                node = self._sum(term)
            case "cast":
                return known[args[0]]
            case "ite":
                node = z3.Z3_mk_ite(context, *(known[t] for t in args))
            case "le":
                node = z3.Z3_mk_le(context, known[args[0]], self.zero)
            case "eq":
                node = z3.Z3_mk_eq(context, known[args[0]], self.zero)
            case "not":
                node = z3.Z3_mk_not(context, known[args[0]])
            case "and":
                node = z3.Z3_mk_and(context, len(args), _array(known[t] for t in args))
            case "or":
                node = z3.Z3_mk_or(context, len(args), _array(known[t] for t in args))
            case _:
                node = self._operation(term.name, known[args[0]], known[args[1]])
        return self._kept(node)

    def _kept(self, node: Any) -> Any:
        z3.Z3_inc_ref(self.context, node)
        return node

    def _sum(self, term: Term) -> Any:
        parts = []
        args: Any = term.args
        for part, count in args:
            node = self.known[part]
            if count != 1:
                node = self._kept(z3.Z3_mk_mul(self.context, 2, _array((self._integer(count), node))))
            parts.append(node)
        if term.value:
            parts.append(self._integer(term.value))
        return parts[0] if len(parts) == 1 else z3.Z3_mk_add(self.context, len(parts), _array(parts))

    def _in_lane(self, number: int) -> Any:
        """Whether this is the lane."""
        found = self.in_lane.get(number)
        if found is None:
            if LANE not in self.unknowns:
                self.unknowns[LANE] = z3.Int(LANE)
            lane = self.unknowns[LANE].as_ast()
            found = self.in_lane[number] = self._kept(z3.Z3_mk_eq(self.context, lane, self._integer(number)))
        return found

    def _lanes(self, term: Term) -> Any:
        args: Any = term.args
        node = self._integer(args[-1])
        for number, value in enumerate(args[:-1]):
            node = self._kept(z3.Z3_mk_ite(self.context, self._in_lane(number), self._integer(value), node))
        return node

    def _integer(self, value: int) -> Any:
        if value not in self.numbers:
            self.numbers[value] = self._kept(z3.Z3_mk_numeral(self.context, str(value), self.integers))
        return self.numbers[value]

    def _operation(self, name: str, left: Any, right: Any) -> Any:
        if name == "*":
            return z3.Z3_mk_mul(self.context, 2, _array((left, right)))
        return (z3.Z3_mk_div if name == "//" else z3.Z3_mk_mod)(self.context, left, right)

    def _unknown(self, term: Term) -> Any:
        node = z3.Int(term.name) if term.kind == "var" else z3.Bool(term.name)
        self.unknowns[term.name] = node
        if term.kind == "var":
            bounds = self._within(node.as_ast(), term.lo, term.hi)
            self.bounds.extend(bounds)
            self._assert(bounds)
        return node.as_ast()


def _array(nodes: Iterable[Any]) -> Any:
    """Nodes as Z3's C interface takes them."""
    nodes = list(nodes)
    return (z3.Ast * len(nodes))(*nodes)


def _number(value: Any) -> int:
    if z3.is_true(value) or z3.is_false(value):
        return int(z3.is_true(value))
    return int(value.as_long())
