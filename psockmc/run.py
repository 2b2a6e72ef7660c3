"""Runs scenarios on several processes and collects what they found.

Each scenario is compiled, searched and judged in a process of its own: a search that the machine kills for its memory
costs its own verdicts and nobody else's. Results come back as plain data, with traces that were replayed.
"""

from __future__ import annotations

import errno
import importlib
import os
import signal
import sys
import time
import traceback
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from enum import Enum
from multiprocessing import connection, get_context
from multiprocessing.connection import Connection
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Protocol

from psockmc.cache import Cache, result_key, system_key
from psockmc.explore import Engine, EngineUnavailable, search
from psockmc.explore.limits import Limits
from psockmc.explore.lockorder import LOCK_ORDER
from psockmc.explore.result import SearchResult
from psockmc.explore.verdict import JUDGED, BadExpectation, PropertyVerdict, Verdict, judge, property_ids, undecided
from psockmc.ir.fingerprint import fingerprint
from psockmc.ir.system import Property, Statement, TransitionSystem
from psockmc.orders import Taking, takings, witness

if TYPE_CHECKING:
    from multiprocessing.context import ForkProcess

    from psockmc.explore.tracedata import Trace
    from psockmc.lang.tree import Program
    from psockmc.watch import Change

POLL = 0.2  # seconds between two looks at the signals
GRACE = 10.0  # seconds that an interrupted search has to hand over what it found


class Failure(Enum):
    """Why a scenario has no search result."""

    MODEL = "model"  # the model or the scenario is wrong
    LOST = "lost"  # killed, interrupted, out of memory, no space, no compiler
    INTERNAL = "internal"  # psockmc is wrong


@dataclass(frozen=True)
class Job:
    """A scenario to be run. name: what it is called in this run (the scenario's own name, or a bug's id with it).

    variant: the files that were composed, for traces; "" without any. edited: the program is not what its sources
    say (a mutant), so nothing of it is kept. explain: each violation is wanted with the reasons for it. witnesses:
    takings of locks, of an earlier outcome of the same scenario, to which the runs are wanted. watch: states of objects
    (see psockmc.watch) whose changes are wanted, and no verdicts.
    """

    name: str
    program: Program
    scenario: str
    variant: str = ""
    edited: bool = False
    explain: bool = False
    witnesses: tuple[Taking, ...] = ()
    watch: tuple[str, ...] = ()


@dataclass(frozen=True)
class Options:
    """How to run. engine: as `psockmc.explore.resolve` gave it. cache: the folder of results, None for none."""

    engine: Engine
    limits: Limits
    processes: int
    cache: Path | None


@dataclass(frozen=True)
class Facts:
    """What a reader must know to weigh a result.

    ran, never_ran: statements that some step executed, or could have and none did. reached, missed: cover sentences
    likewise. fingerprint: of the system that was searched (psockmc.ir.fingerprint).
    """

    bounds: tuple[str, ...]
    assumptions: tuple[str, ...]
    omissions: tuple[str, ...]
    ran: frozenset[Statement]
    never_ran: frozenset[Statement]
    reached: frozenset[str]
    missed: frozenset[str]
    fingerprint: str


@dataclass(frozen=True)
class Outcome:
    """What came of a job. result has no lock edges: they are judged already, and takings says what they were, by name.
    It and facts are None after a failure.

    traces: by property id, of every VIOLATED one that has a path. reasons: of each trace, the sentences of
    psockmc.explore.why, where they were asked for. witnesses, changes: what
    the job asked for. detail: diagnostics or a traceback, after a failure.
    """

    name: str
    scenario: str
    verdicts: tuple[PropertyVerdict, ...]
    result: SearchResult | None = None
    facts: Facts | None = None
    traces: Mapping[str, Trace] = field(default_factory=dict)
    reasons: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    failure: Failure | None = None
    detail: str = ""
    takings: tuple[Taking, ...] = ()
    witnesses: Mapping[Taking, Trace] = field(default_factory=dict)
    changes: tuple[Change, ...] = ()


class Events(Protocol):
    """Hears how a run goes, in the process that called `run`."""

    def started(self, job: Job) -> None:
        """A process was started for this job."""
        ...

    def progress(
        self, job: Job, states: int, transitions: int, depth: int, frontier: int, rate: float, bytes: int
    ) -> None:
        """The search of this job goes on (see psockmc.explore.limits.Reporter)."""
        ...

    def finished(self, job: Job, outcome: Outcome) -> None:
        """Everything about a job is known."""
        ...

    def warning(self, sentence: str) -> None:
        """Something that does not change a verdict but that the user should know."""
        ...


def run(jobs: Sequence[Job], options: Options, events: Events) -> list[Outcome]:
    """Run all jobs, at most `options.processes` at a time; outcomes in the order of the jobs.

    An interrupt (SIGINT, SIGTERM, SIGHUP) ends the searches early: what they found so far is in their outcomes, and
    jobs that were not begun come back undetermined. A second one does not wait for them.
    """
    _preload()
    outcomes: dict[str, Outcome] = {}
    waiting = list(reversed(jobs))
    running: dict[Connection, _Worker] = {}
    warned: set[str] = set()
    with interrupts() as seen:
        while waiting or running:
            while waiting and len(running) < options.processes and not seen.count:
                worker = _Worker(waiting.pop(), options)
                running[worker.pipe] = worker
                events.started(worker.job)
            if seen.count:
                while waiting:
                    outcomes |= {(job := waiting.pop()).name: _lost(job, "interrupted before it began")}
                for worker in running.values():
                    worker.interrupt(hard=seen.count > 1)
            for pipe in connection.wait(list(running), timeout=POLL):
                assert isinstance(pipe, Connection)
                worker = running[pipe]
                worker.receive(events, warned)
                if worker.outcome is not None:
                    del running[pipe]
                    outcomes[worker.job.name] = worker.outcome
                    events.finished(worker.job, worker.outcome)
    return [outcomes[job.name] for job in jobs]


def _preload() -> None:
    """Import once what every worker would otherwise import again."""
    for module in (
        "networkx",
        "psockmc.ir.lower",
        "psockmc.explore.native",
        "psockmc.explore.trace",
        "psockmc.explore.why",
    ):
        importlib.import_module(module)


# ---------------------------------------------------------------- in the calling process


@dataclass
class Interrupts:
    """How many signals have asked for an end."""

    count: int = 0


_counting: list[Interrupts] = []


@contextmanager
def interrupts() -> Iterator[Interrupts]:
    """Counts the signals that ask for an end while the block runs. A block inside of another one counts with it: one
    around several runs loses no signal between them.
    """
    if _counting:
        yield _counting[-1]
        return
    seen = Interrupts()

    def note(number: int, frame: FrameType | None) -> None:
        seen.count += 1

    before = {number: signal.signal(number, note) for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)}
    _counting.append(seen)
    try:
        yield seen
    finally:
        _counting.pop()
        for number, handler in before.items():
            signal.signal(number, handler)


class _Worker:
    """A process that runs one job, seen from outside. outcome: None until it is known."""

    def __init__(self, job: Job, options: Options) -> None:
        self.job = job
        self.outcome: Outcome | None = None
        self._properties: tuple[str, ...] = ()
        self._interrupted = 0.0
        context = get_context("fork")  # the program is large, plain and loaded: a copy of the process has it at once
        self.pipe, theirs = context.Pipe(duplex=False)
        self._process: ForkProcess = context.Process(target=_worker_main, args=(job, options, theirs, self.pipe))
        self._process.start()
        theirs.close()
        assert self._process.pid is not None
        self._group = self._process.pid
        with suppress(ProcessLookupError):  # it may be done already
            os.setpgid(self._group, self._group)

    def interrupt(self, hard: bool) -> None:
        """Ask the search to end and to hand over what it has; kill it when asked twice or when it takes too long."""
        now = time.monotonic()
        if hard or (self._interrupted and now - self._interrupted > GRACE):
            self._signal(signal.SIGKILL)
        elif not self._interrupted:
            self._interrupted = now
            self._signal(signal.SIGINT)

    def _signal(self, number: signal.Signals) -> None:
        """To the worker and to the native search that it may have started: both are in the worker's process group."""
        with suppress(ProcessLookupError):  # it may have just ended
            os.killpg(self._group, number)

    def receive(self, events: Events, warned: set[str]) -> None:
        """Take one message from the worker, or notice that it died."""
        try:
            kind, content = self.pipe.recv()
        except EOFError:
            self._process.join()
            self.outcome = _lost(self.job, self._epitaph(), self._properties)
            return
        match kind:
            case "properties":
                self._properties = content
            case "progress":
                events.progress(self.job, *content)
            case "warning":
                if content not in warned:
                    warned.add(content)
                    events.warning(content)
            case "outcome":
                self.outcome = content
                self._process.join()

    def _epitaph(self) -> str:
        """Why the worker died without an outcome, in one sentence."""
        code = self._process.exitcode
        if self._interrupted:
            return "interrupted and killed before it could hand over what it found"
        if code == -signal.SIGKILL:
            return "the search was killed (SIGKILL), probably for want of memory: set --max-states, or use --jobs 1"
        if code is not None and code < 0:
            return f"the search was killed by signal {signal.Signals(-code).name}: nothing is known"
        return f"the search process ended by itself with status {code}: nothing is known"


def _lost(job: Job, reason: str, properties: Sequence[str] = ()) -> Outcome:
    expect = job.program.scenarios[job.scenario].expect
    verdicts = undecided(job.scenario, properties, Verdict.UNDETERMINED, reason, expect)
    return Outcome(job.name, job.scenario, verdicts, failure=Failure.LOST, detail=reason)


# ---------------------------------------------------------------- in the worker's process


def _worker_main(job: Job, options: Options, pipe: Connection, other_end: Connection) -> None:
    """Entry point of a worker. It has a process group of its own: Ctrl-C of the terminal comes through `run`, once."""
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    signal.signal(signal.SIGHUP, signal.SIG_DFL)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    _die_with_parent()
    other_end.close()
    outcome = _perform(job, options, lambda kind, content: pipe.send((kind, content)))
    pipe.send(("outcome", outcome))
    pipe.close()


def _die_with_parent() -> None:
    """Nobody reads what a worker finds once its parent was killed (Linux only; elsewhere it runs to its end)."""
    if sys.platform == "linux":
        import ctypes

        pr_set_pdeathsig = 1  # include/uapi/linux/prctl.h
        ctypes.CDLL(None).prctl(pr_set_pdeathsig, signal.SIGTERM)


Send = Callable[[str, object], None]


def _perform(job: Job, options: Options, send: Send) -> Outcome:
    """Run a job. Whatever goes wrong becomes an outcome that says so."""
    from psockmc.explore.native.errors import EngineError
    from psockmc.lang.diagnostics import ModelErrors

    scenario = job.program.scenarios[job.scenario]
    folder = None if job.edited else options.cache
    cache = Cache(folder, lambda sentence: send("warning", sentence)) if folder else None
    ids: tuple[str, ...] = ()

    def failed(failure: Failure, reason: str, detail: str = "") -> Outcome:
        verdict = Verdict.UNDETERMINED if failure is Failure.LOST else Verdict.ERROR
        expect = {} if failure is Failure.MODEL else scenario.expect
        rows = undecided(job.scenario, ids, verdict, reason, expect)
        return Outcome(job.name, job.scenario, rows, failure=failure, detail=detail or reason)

    try:
        with _warnings_sent(send):
            if job.watch:
                return _observe(job, options, cache, send)
            ts = _system(job, cache)
            ids = property_ids(ts)
            send("properties", ids)
            result = _search(ts, options, cache, send)
            signal.signal(signal.SIGINT, signal.SIG_IGN)  # the rest is short, and an interrupt would lose the result
            return _conclude(job, ts, result)
    except ModelErrors as errors:
        return failed(Failure.MODEL, "the model is wrong", errors.render())
    except BadExpectation as error:
        return failed(Failure.MODEL, str(error))
    except (EngineError, EngineUnavailable) as error:
        return failed(Failure.LOST, str(error))
    except KeyboardInterrupt:
        return failed(Failure.LOST, "interrupted before there was anything to hand over")
    except MemoryError:
        return failed(Failure.LOST, "out of memory: set --max-states, or use --jobs 1")
    except OSError as error:
        if error.errno not in (errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EACCES):
            return failed(Failure.INTERNAL, f"internal error: {error}", traceback.format_exc())
        return failed(Failure.LOST, f"cannot write {error.filename}: {error.strerror}")
    except Exception as error:
        return failed(Failure.INTERNAL, f"internal error: {type(error).__name__}: {error}", traceback.format_exc())


def _system(job: Job, cache: Cache | None) -> TransitionSystem:
    """The compiled scenario, from the cache when neither models nor psockmc have changed."""
    if cache is None:
        return _compile(job)
    key = system_key(job.program, job.scenario)
    ts = cache.system(key)
    if ts is None:
        ts = _compile(job)
        cache.keep_system(key, ts)
    return ts


def _compile(job: Job) -> TransitionSystem:
    from psockmc.ir.lower import compile_scenario

    ts = compile_scenario(job.program, job.scenario)
    if any(p.id == LOCK_ORDER for p in ts.properties):
        return ts
    # No step can violate it, so the engines need not know it; its traces need a property to be traces of.
    return replace(ts, properties=(*ts.properties, Property(LOCK_ORDER, JUDGED[LOCK_ORDER], "builtin", None)))


def _search(ts: TransitionSystem, options: Options, cache: Cache | None, send: Send) -> SearchResult:
    """The result from the cache, else from a search, which is then kept."""
    reporter = _Reporter(send)
    if cache is None:
        return search(ts, engine=options.engine, limits=options.limits, reporter=reporter)
    key = result_key(ts, options.engine, options.limits)
    result = cache.result(key)
    if result is None:
        result = search(ts, engine=options.engine, limits=options.limits, reporter=reporter)
        cache.keep_result(key, result)
    return result


def _conclude(job: Job, ts: TransitionSystem, result: SearchResult) -> Outcome:
    """Judge a result and build the traces of its violations; each is replayed, and must fail as the search says."""
    from psockmc.explore.trace import build_trace
    from psockmc.explore.why import why

    verdicts = judge(ts, result, job.program.scenarios[job.scenario].expect)
    traces = {
        v.id: build_trace(ts, v.violation, variant=job.variant, edges=v.edges)
        for v in verdicts
        if v.violation is not None
    }
    named = takings(ts, result.lock_edges)
    return Outcome(
        job.name,
        job.scenario,
        verdicts,
        replace(result, lock_edges=()),
        _facts(ts, result),
        traces,
        reasons={id: why(ts, trace) for id, trace in traces.items()} if job.explain else {},
        takings=tuple(named),
        witnesses={taking: witness(ts, taking, named[taking]) for taking in job.witnesses},
    )


def _observe(job: Job, options: Options, cache: Cache | None, send: Send) -> Outcome:
    """Run a job that wants to know how objects change. It has no verdicts."""
    from psockmc.watch import watch

    watched = watch(job.program, job.scenario, job.watch)
    result = _search(watched.ts, options, cache, send)
    if not result.complete:
        return _lost(job, f"not searched to the end: {result.reason}")
    if result.cuts:
        return _lost(job, f"a bound was left: {'; '.join(sorted(result.cuts))}")
    changes = watched.seen(result.covers)
    return Outcome(job.name, job.scenario, (), replace(result, lock_edges=(), violations=()), changes=changes)


def _facts(ts: TransitionSystem, result: SearchResult) -> Facts:
    # The primitives of psockmc itself have tests of their own: what of them a scenario does not use says nothing.
    statements = [i for i, s in enumerate(ts.statements) if not s.file.startswith("psockmc/")]
    # What only the setup runs, only goes elsewhere, or is decided beforehand leaves nothing that could run here.
    work = {node.statement for context in ts.contexts for node in context.nodes}
    return Facts(
        ts.bounds,
        ts.assumptions,
        ts.omissions,
        ran=frozenset(ts.statements[i] for i in statements if i in result.statements),
        never_ran=frozenset(ts.statements[i] for i in statements if i in work and i not in result.statements),
        reached=frozenset(text for i, text in enumerate(ts.covers) if i in result.covers),
        missed=frozenset(text for i, text in enumerate(ts.covers) if i not in result.covers),
        fingerprint=fingerprint(ts),
    )


class _Reporter:
    """Hands the search's progress to the calling process."""

    def __init__(self, send: Send) -> None:
        self._send = send

    def progress(self, states: int, transitions: int, depth: int, frontier: int, rate: float, bytes: int) -> None:
        self._send("progress", (states, transitions, depth, frontier, rate, bytes))

    def done(self, result: SearchResult) -> None:
        """The outcome says it."""


@contextmanager
def _warnings_sent(send: Send) -> Iterator[None]:
    """Python warnings of the block go to the calling process instead of stderr."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("default")
        try:
            yield
        finally:
            for warning in caught:
                send("warning", str(warning.message))
