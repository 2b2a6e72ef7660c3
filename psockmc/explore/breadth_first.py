"""The reference search: all states of a system, breadth-first, every step by the reference interpreter."""

from __future__ import annotations

import time

from psockmc.explore.limits import REASON_INTERRUPTED, REASON_MEMORY, Limits, Reporter
from psockmc.explore.liveness import Edge, Graph, lassos, obliged
from psockmc.explore.reference import Interpreter, State, Step, races
from psockmc.explore.result import LockEdge, SearchResult, Violation
from psockmc.ir import system as ir


def search_reference(ts: ir.TransitionSystem, limits: Limits, reporter: Reporter | None) -> SearchResult:
    """Explore all reachable states breadth-first, within the limits.

    A limit or KeyboardInterrupt gives a partial result (`complete` is False).
    """
    return _Search(ts, limits, reporter).run()


class _Search:
    """One breadth-first search: states in the order of their discovery, each with its parent and its depth."""

    def __init__(self, ts: ir.TransitionSystem, limits: Limits, reporter: Reporter | None) -> None:
        self.ts, self.limits, self.reporter = ts, limits, reporter
        self.interpreter = Interpreter(ts)
        self.states: list[State] = []
        self.parents: list[int] = []
        self.depths: list[int] = []
        self.index: dict[State, int] = {}
        self.violations: dict[int, Violation] = {}
        self.edges: dict[tuple[int, ...], LockEdge] = {}
        self.cuts: dict[str, int] = {}
        self.fatal: dict[int, int] = {}
        self.statements = set(ts.begun)
        self.covers = set(ts.begun_covers)
        self.transitions = self.terminal = 0
        self.invariants = [i for i, p in enumerate(ts.properties) if p.kind == "invariant"]
        self.ends = [i for i, p in enumerate(ts.properties) if p.kind == "end"]
        self.race_properties = [ts.race_property(f) for f, where in enumerate(ts.fields) for _ in range(where.count)]
        self.graph = Graph()
        self.builtin = {p.id: i for i, p in enumerate(ts.properties) if p.kind == "builtin"}

    def run(self) -> SearchResult:
        """Search to the end or to the first limit."""
        self.start = time.monotonic()
        reason = ""
        try:
            reason = self.explore()
        except KeyboardInterrupt:
            reason = REASON_INTERRUPTED
        except MemoryError:
            reason = REASON_MEMORY
        return SearchResult(
            engine="reference",
            states=len(self.states),
            transitions=self.transitions,
            depth=self.depths[-1] if self.depths else 0,
            complete=not reason,
            reason=reason,
            seconds=time.monotonic() - self.start,
            violations=tuple(self.violations[i] for i in sorted(self.violations)),
            lock_edges=tuple(self.edges.values()),
            cuts=self.cuts,
            fatal=self.fatal,
            statements=frozenset(self.statements),
            covers=frozenset(self.covers),
            terminal=self.terminal,
        )

    def explore(self) -> str:
        """Expand states in order. Returns why it ended early, or "" at the end."""
        self.insert(self.ts.initial, -1)
        at = 0
        while at < len(self.states):
            if reason := self.limit_hit(at):
                return reason
            self.expand(at)
            at += 1
        self.pursue()
        return ""

    def pursue(self) -> None:
        """Goals that some fair run misses; the nearest lasso of each property is kept."""
        if not self.ts.goals:
            return
        for lasso in lassos(self.interpreter, self.states, self.graph):
            goal = self.ts.goals[lasso.goal]
            depth = self.depths[lasso.entry] + len(lasso.loop)
            known = self.violations.get(goal.property)
            if known is None or depth < known.depth:
                path = self.path(lasso.entry)
                self.violations[goal.property] = Violation(
                    goal.property, path, -1, -1, goal.about, depth, goal=lasso.goal, loop=lasso.loop
                )

    def limit_hit(self, at: int) -> str:
        """Why the search must end before it expands state `at`, or ""; also reports progress now and then."""
        limits = self.limits
        if limits.max_states is not None and len(self.states) > limits.max_states:
            return limits.reason_states
        if limits.max_depth is not None and self.depths[at] >= limits.max_depth:
            return limits.reason_depth
        if at % 256 == 0:
            seconds = time.monotonic() - self.start
            if limits.timeout is not None and seconds > limits.timeout:
                return limits.reason_timeout
            if self.reporter and at % 4096 == 0:
                known = len(self.states)
                self.reporter.progress(known, self.transitions, self.depths[at], known - at, known / (seconds or 1), 0)
        return ""

    def insert(self, state: State, parent: int) -> None:
        """Add a state unless it is known, and evaluate the invariants on it."""
        if state in self.index:
            return
        self.index[state] = len(self.states)
        self.states.append(state)
        self.parents.append(parent)
        self.depths.append(self.depths[parent] + 1 if parent >= 0 else 0)
        for number in self.invariants:
            self.test(number, len(self.states) - 1)

    def test(self, number: int, at: int) -> None:
        """Record a violation of property `number` by state `at`."""
        expr = self.ts.properties[number].expr
        if number not in self.violations and expr and not self.interpreter.evaluate(expr, self.states[at]):
            self.violate(number, at, None, "")

    def violate(self, number: int, at: int, step: Step | None, message: str, other: Step | None = None) -> None:
        """Record the first violation of a property: by state `at`, or by a step from it."""
        if number not in self.violations:
            self.violations[number] = Violation(
                property=number,
                path=self.path(at),
                context=step.context if step else -1,
                choice=step.choice if step else -1,
                message=message,
                depth=self.depths[at] + (step is not None),
                other_context=other.context if other else -1,
                other_choice=other.choice if other else -1,
            )

    def path(self, at: int) -> tuple[State, ...]:
        """The states from the initial one to state `at`."""
        result = []
        while at >= 0:
            result.append(self.states[at])
            at = self.parents[at]
        return tuple(reversed(result))

    def expand(self, at: int) -> None:
        """All steps of one state."""
        state = self.states[at]
        steps = self.interpreter.steps(state)
        existing = [s for s in steps if s.exists and not s.cut]
        for step in steps:
            if step.cut:
                self.cuts[step.cut] = self.cuts.get(step.cut, 0) + 1
            self.note_run(step)
        for step in existing:
            self.transitions += 1
            self.note(at, step)
            if step.state is not None:
                self.insert(step.state, at)
        if self.ts.goals:
            moved = [s for s in existing if s.state is not None]
            self.graph.edges.append([Edge(s.context, s.choice, self.index[s.state]) for s in moved if s.state])
            self.graph.obliged.append(obliged(self.interpreter, state, steps))
        for one, other, cell in races(existing):
            number = self.race_properties[cell]
            if number >= 0:
                self.violate(number, at, one, "", other)
        if not any(s.exists or s.assumed_away or s.cut for s in steps):
            self.end(at)

    def note_run(self, step: Step) -> None:
        """Coverage: a statement ran when a node of it was performed by a step that exists or was cut."""
        if step.exists:
            nodes = self.ts.contexts[step.context].nodes
            self.statements.update(nodes[n].statement for n in step.nodes if nodes[n].statement >= 0)

    def note(self, at: int, step: Step) -> None:
        """Findings, covers and lock edges of a step that exists."""
        self.covers.update(step.covers)
        for number, message, fatal in step.findings:
            if fatal:
                self.fatal[number] = self.fatal.get(number, 0) + 1
            self.violate(number, at, step, message)
        for held, held_write, taken, taken_write, bh_off, irq_off, site in step.acquired:
            key = (held, held_write, taken, taken_write, bh_off, irq_off, site, step.context)
            if key not in self.edges:
                self.edges[key] = LockEdge(
                    held, held_write, taken, taken_write, step.context, bh_off, irq_off, site, self.path(at)
                )

    def end(self, at: int) -> None:
        """A terminal state: deadlock, lost wake-ups, leaks, end properties."""
        self.terminal += 1
        state = self.states[at]
        for context in self.interpreter.lost_wakeups(state):
            message = f"{self.ts.contexts[context].name} sleeps for ever although what it waits for is true"
            self.violate(self.builtin["lost-wakeup"], at, None, message)
        if self.interpreter.stuck(state):
            self.violate(self.builtin["deadlock"], at, None, "")
            return
        for pool, number in self.interpreter.leaked(state)[:1]:
            self.violate(self.builtin["leak"], at, None, f"{self.ts.pools[pool].objects[number]} is never freed")
        for number in self.ends:
            self.test(number, at)
