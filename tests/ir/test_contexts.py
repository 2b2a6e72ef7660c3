"""Contexts: CPUs, masking, readers, beginnings and ends."""

from __future__ import annotations

import pytest

from tests.ir.tiny import Tiny, define


def test_a_process_does_not_share_the_cpu_of_the_workers_by_accident() -> None:
    code = (
        define("g", "box0.a = 1", params="work: work_struct")
        + "\n\nclass item(Struct):\n    work: work_struct\n\n\nitem0 = instance(item)\n"
    )
    tiny = Tiny("INIT_WORK(item0.work, g)", "schedule_work(item0.work)", code=code, workers_cpu="0")
    assert [(c.name, c.cpu) for c in tiny.ts.contexts] == [("f", 1), ("item0.work", 0)]


@pytest.mark.parametrize(
    ("off", "on", "inner"),
    [
        ("local_irq_disable()", "local_irq_enable()", "hardirq"),
        ("local_irq_disable()", "local_irq_enable()", "softirq"),
        ("local_bh_disable()", "local_bh_enable()", "softirq"),
        ("preempt_disable()", "preempt_enable()", "process"),
        ("local_bh_disable()", "local_bh_enable()", "process"),
    ],
)
def test_a_masked_context_does_not_begin_on_that_cpu(off: str, on: str, inner: str) -> None:
    code = define("g", "check(box0.a != 1, 'kept out')")
    for cpu, violated in ((0, set()), (1, {"assert"})):
        run = f"process(f, cpu=0), {inner}(g, cpu={cpu})"
        assert set(Tiny(off, "box0.a = 1", "box0.a = 2", on, code=code, run=run).violated) == violated


@pytest.mark.parametrize(
    ("off", "on"), [("local_bh_disable()", "local_bh_enable()"), ("preempt_disable()", "preempt_enable()")]
)
def test_a_hardirq_begins_wherever_interrupts_are_on(off: str, on: str) -> None:
    code = define("g", "check(box0.a != 1, 'kept out')")
    run = "process(f, cpu=0), hardirq(g, cpu=0)"
    assert set(Tiny(off, "box0.a = 1", "box0.a = 2", on, code=code, run=run).violated) == {"assert"}


def test_two_softirqs_of_one_cpu_do_not_nest() -> None:
    code = define("g", "check(box0.a != 1, 'kept out')")
    assert Tiny("box0.a = 1", "box0.a = 2", code=code, run="softirq(f, cpu=0), softirq(g, cpu=0)").violated == {}
    assert set(Tiny("box0.a = 1", "box0.a = 2", code=code, run="softirq(f), softirq(g)").violated) == {"assert"}


def test_a_lock_taken_by_a_process_and_its_softirq_is_a_deadlock() -> None:
    code = define("g", "spin_lock(top0.lock)", "spin_unlock(top0.lock)")
    for bh, violated in (("", {"deadlock"}), ("_bh", set())):
        body = [f"spin_lock{bh}(top0.lock)", f"spin_unlock{bh}(top0.lock)"]
        assert set(Tiny(*body, code=code, run="process(f, cpu=0), softirq(g, cpu=0)").violated) == violated


READER = {
    "rcu": ("rcu_read_lock()", "rcu_read_unlock()"),
    "preempt": ("preempt_disable()", "preempt_enable()"),
    "bh": ("local_bh_disable()", "local_bh_enable()"),
    "irq": ("local_irq_disable()", "local_irq_enable()"),
    "nothing": ("pass", "pass"),
}


@pytest.mark.parametrize("section", READER)
@pytest.mark.parametrize("kind", ["process", "softirq", "hardirq"])
def test_a_grace_period_waits_for_everything_that_cannot_be_preempted(section: str, kind: str) -> None:
    begin, end = READER[section]
    code = define("g", begin, "p = READ_ONCE(top0.box)", "if p:\n    p.b = 1", end)
    code = "\nfrom psockmc.kernel.rcu import synchronize_rcu\n" + code
    tiny = Tiny("p = xchg(top0.box, NULL)", "synchronize_rcu()", "kfree(p)", code=code, setup="publish",
                run=f"process(f), {kind}(g)", pools="{box: 1}")  # fmt: skip
    assert set(tiny.violated) == ({"use-after-free"} if (section, kind) == ("nothing", "process") else set())


def test_a_context_that_ends_inside_a_section_is_a_finding() -> None:
    assert set(Tiny("rcu_read_lock()", "box0.a = 1").violated) == {"rcu-usage"}
    assert set(Tiny("preempt_disable()", "rcu_read_lock()").violated) == {"lock-usage"}
    assert set(Tiny("spin_lock(top0.lock)").violated) == {"lock-usage"}
    assert set(Tiny("local_bh_enable()").violated) == {"lock-usage"}


def test_sections_nested_too_deeply_are_a_finding() -> None:
    assert set(Tiny("while box0.a == 0:\n    preempt_disable()").violated) == {"lock-usage"}


def test_recursion_as_deep_as_stated_is_allowed() -> None:
    code = '\n\n@kernel("a.c", recursion={})\ndef down(n: Int[0, 3]) -> None:\n    if n > 0:\n        box0.a += 1\n        down(n - 1)\n'
    code = "\nfrom psockmc.lang import kernel\n" + code
    assert Tiny("down(2)", "check(box0.a == 2, 'twice')", code=code.format(3)).violated == {}
    assert set(Tiny("down(2)", code=code.format(2)).violated) == {"recursion"}


@pytest.mark.parametrize("cond", ["box0.a == 1", "box0.next and box0.a == 1", "not (box0.a != 1)"])
def test_a_waiter_is_woken_and_looks_again(cond: str) -> None:
    early = define("g", "wake_up(top0.wq)", "box0.a = 1", "wake_up(top0.wq)")
    prepare = define("prepare", "box0.next = box1")
    run = "process(f), process(g)"
    tiny = Tiny(f"wait_event(top0.wq, {cond})", "box0.b = 1", code=early + prepare, run=run, setup="prepare")
    assert set(tiny.violated) - {"data-race"} == set()
    late = define("g", "wake_up(top0.wq)", "box0.a = 1")
    tiny = Tiny(f"wait_event(top0.wq, {cond})", "box0.b = 1", code=late + prepare, run=run, setup="prepare")
    assert set(tiny.violated) - {"data-race"} == {"lost-wakeup"}


def test_a_waiter_whose_condition_is_false_for_ever_only_sleeps() -> None:
    assert Tiny("x: Int[0, 9] = 1", "wait_event(top0.wq, box0.a == x)").violated == {}


def test_a_waiter_whose_queue_is_freed_uses_it_after_that() -> None:
    code = "\n\nclass room(Struct):\n    wq: wait_queue_head\n\n\nclass door(Struct):\n    room: Ptr[room]\n\n\ndoor0 = instance(door)\n"
    code += define("prepare", "door0.room = kzalloc(room, GFP_ATOMIC)") + define("g", "kfree(xchg(door0.room, NULL))")
    tiny = Tiny("r = READ_ONCE(door0.room)", "if r:\n    wait_event(r.wq, READ_ONCE(box0.a) == 1)", code=code,
                run="process(f), process(g)", setup="prepare", pools="{room: 1}")  # fmt: skip
    assert set(tiny.violated) == {"use-after-free"}
