"""What a trace says of its steps: places, accesses, changes, locks, readers, intents, and how it fails."""

from __future__ import annotations

from psockmc.explore.trace import build_trace
from psockmc.explore.tracedata import Access, Change, Event, GracePeriod, Held, Step, Trace
from tests.ir.tiny import Tiny, define
from tests.render.tracing import built, case


def step_at(trace: Trace, statement: str, nth: int = 0) -> Step:
    """The nth step whose place has this statement."""
    return [s for s in trace.steps if statement in s.place.statement][nth]


def step_changing(trace: Trace, cell: str) -> Step:
    """The first step that changes a cell."""
    return next(s for s in trace.steps if any(c.cell == cell for c in s.changes))


def functions(trace: Trace, path: tuple[int, ...]) -> list[str]:
    """The functions of a call path."""
    return [trace.calls[number].function for number in path]


def test_the_head_says_what_was_run():
    trace = built("use-after-free")
    assert (trace.scenario, trace.sentence) == (
        "close_against_delete",
        "close() while another process deletes the socket from the map",
    )
    assert trace.property.kind == "builtin"
    assert trace.bounds == case("use-after-free").ts.bounds
    assert trace.assumptions == case("use-after-free").ts.assumptions
    assert [(c.name, c.label, c.kind, c.cpu, c.function) for c in trace.contexts] == [
        ("sock_map_close", "CPU0", "process", 0, "sock_map_close"),
        ("sock_map_delete_elem", "CPU1", "process", 1, "sock_map_delete_elem"),
        ("psock0.work", "CPU2", "kworker", 2, "process_one_work"),
    ]


def test_contexts_of_one_cpu_have_longer_labels():
    labels = [c.label for c in built("same-cpu").contexts]
    assert labels == ["CPU0 sk_psock_start_plainly", "CPU0 softirq", "CPU0 sk_psock_start_plainly#2"]


def test_cells_have_names_kinds_and_first_values():
    cells = {c.name: (c.struct, c.kind, c.initial) for c in built("use-after-free").cells}
    assert cells["psock0"] == ("sk_psock", "status", "live")
    assert cells["psock0.refcnt.refs"] == ("sk_psock", "value", "1")
    assert cells["psock0.sk"] == ("sk_psock", "value", "sk0")
    assert cells["psock0.work.func"] == ("sk_psock", "value", "sk_psock_backlog")
    assert cells["psock0.work.running"] == ("sk_psock", "context", "nobody")
    assert cells["sk0.sk_callback_lock.owner"] == ("sock", "lock", "nobody")
    assert cells["sk0.sk_callback_lock.readers"] == ("sock", "lock", "{}")


def test_a_list_is_one_cell():
    cells = {c.name: (c.kind, c.initial) for c in built("leak").cells}
    assert cells["psock0.ingress_msg"] == ("list", "[]")
    changes = [c for s in built("leak").steps for c in s.changes if c.kind == "list"]
    assert [(c.old, c.new) for c in changes] == [
        ("[]", "[msg0]"),
        ("[msg0]", "[msg0, msg1]"),
        ("[msg0, msg1]", "[msg1]"),
    ]


def test_a_step_has_its_statement_and_call_path():
    step = step_at(built("use-after-free"), "rcu_assign_pointer")
    assert (step.place.file, step.place.function, step.place.kernel_file) == (
        "lifecycle.py",
        "sk_psock_drop",
        "net/core/skmsg.c",
    )
    assert step.place.statement == "rcu_assign_pointer(sk.sk_user_data, NULL)"
    assert functions(built("use-after-free"), step.place.path) == [
        "sock_map_delete_elem",
        "sk_psock_put",
        "sk_psock_drop",
    ]


def test_accesses_tell_cell_direction_marking_and_value():
    trace = built("use-after-free")
    assert step_at(trace, "rcu_dereference").accesses == (Access("sk0.sk_user_data", False, True, "psock0", 0),)
    assert step_at(trace, "rcu_assign_pointer").accesses == (Access("sk0.sk_user_data", True, True, "psock0", 0),)
    plain = step_at(built("deadlock-two-locks"), "psock.len = 1")
    assert plain.accesses == (Access("psock0.len", True, False, "0", 0),)


def test_changes_tell_old_and_new():
    trace = built("use-after-free")
    assert step_changing(trace, "sk0.sk_user_data").changes == (
        Change("sk0.sk_user_data", "psock0", "NULL", "value", 0),
    )
    freed = {c.cell: (c.old, c.new, c.kind) for c in step_changing(trace, "psock0").changes}
    assert freed["psock0"] == ("live", "freed", "status")
    assert freed["psock0.sk"] == ("sk0", "NULL", "value")


def test_a_change_inside_a_primitive_is_at_the_statement_that_makes_it():
    trace = built("use-after-free")
    step = step_changing(trace, "psock0.refcnt.refs")
    (change,) = step.changes
    assert (step.place, *step.then)[change.at].function == "refcount_dec_and_test"


def test_locals_of_the_source_are_told():
    step = step_at(built("use-after-free"), "rcu_dereference")
    assert [(c.cell, c.new) for c in step.locals] == [("psock", "psock0")]


def test_locks_are_held_since_a_step():
    trace = built("deadlock-two-locks")
    last = trace.steps[-1]
    assert {(h.context, h.lock, h.mode) for h in last.held} == {
        (0, "psock0.ingress_lock", "write"),
        (1, "sk0.sk_callback_lock", "write"),
    }
    for held in last.held:
        taking = trace.steps[held.since - 1]
        assert taking.context == held.context
        assert Event("acquire", f"{held.lock} (write)") in taking.events


def test_a_released_lock_is_not_held():
    trace = built("use-after-free")
    released = next(s for s in trace.steps if any(e.kind == "release" for e in s.events))
    assert Held(1, "sk0.sk_callback_lock", "write", 5) not in released.held


def test_readers_and_grace_periods_are_told():
    trace = built("deadlock-grace-period")
    last = trace.steps[-1]
    assert 1 in last.readers
    assert last.grace_periods == (GracePeriod("rcu.synchronize_rcu[0]", (1,)),)


def test_sections_of_the_running_context_are_told():
    assert built("sleep-in-reader").steps[-1].sections == ("rcu",)
    assert "bh" in built("sleep-under-lock").steps[-1].sections


def test_everybody_is_about_to_do_something():
    trace = built("deadlock-work")
    close, worker = trace.steps[0].intents
    assert (close.status, close.place and close.place.function) == ("ready", "mutex_lock")
    assert (worker.status, worker.place and worker.place.function) == ("ready", "mutex_lock")
    close, worker = trace.steps[-1].intents
    assert (close.status, close.what, close.holders) == (
        "blocked",
        "cancel_work_sync: wait(work.running == NOBODY, holder=work.running)",
        (1,),
    )
    assert (worker.status, worker.what, worker.holders) == ("blocked", "psock0.work_mutex", (0,))


def test_idle_and_finished_contexts_are_about_to_do_nothing():
    intents = built("use-after-free").steps[0].intents
    assert [i.status for i in intents] == ["ready", "ready", "idle"]
    assert intents[2].place is None
    assert "done" in {i.status for i in built("leak").steps[-1].intents}


def test_a_context_kept_off_its_cpu_is_preempted():
    intents = built("same-cpu").steps[1].intents
    assert [(i.status, i.holders) for i in intents] == [("preempted", (1,)), ("ready", ()), ("preempted", (1,))]


def test_a_sleeper_is_asleep():
    trace = built("lost-wakeup")
    assert trace.steps[-1].intents[3].status == "asleep"


def test_calls_have_arguments_with_the_objects_that_locals_point_to():
    trace = built("use-after-free")
    calls = {c.function: c.arguments for c in trace.calls}
    assert calls["sk_psock_put"][1] == "psock0"
    assert calls["refcount_inc_not_zero"] == ("psock0.refcnt",)
    assert trace.calls[0].arguments == ()


def test_calls_of_primitives_are_marked():
    trace = built("use-after-free")
    marked = {c.function: c.primitive for c in trace.calls}
    assert marked["refcount_dec_and_test"]
    assert marked["process_one_work"]
    assert not marked["sk_psock_put"]


def test_calls_have_results():
    trace = built("use-after-free")
    results = {c.function: c.result for c in trace.calls}
    assert results["sk_psock_rcu"] == "psock0"
    assert results["refcount_dec_and_test"] == "true"
    assert results["sk_psock_drop"] == ""


def test_a_call_in_a_loop_is_a_call_each_time():
    trace = built("long")
    assert [c.function for c in trace.calls].count("sk_psock_busy") == 2


# ---------------------------------------------------------------- failures


def test_a_use_after_free_tells_the_life_of_its_object():
    failure = built("long").failure
    assert (failure.kind, failure.object) == ("step", "psock0")
    assert [(e.what, e.context, e.place.function) for e in failure.life] == [
        ("allocated", 0, "sk_psock_init"),
        ("freed", 0, "sock_map_link"),
    ]
    assert failure.sentence == "use of psock0 after it was freed by CPU0"


def test_a_double_free_tells_who_freed_first():
    failure = built("double-free").failure
    assert failure.sentence == "msg0 was freed already, by CPU0"


def test_a_null_pointer_is_told_without_its_statement():
    assert built("null-deref").failure.sentence == "a NULL pointer is dereferenced"


def test_a_failed_check_is_told():
    assert built("check").failure.sentence == "check fails: the socket has a psock"


def test_a_violated_invariant_tells_the_cells_it_reads():
    failure = built("invariant").failure
    assert (failure.kind, failure.sentence) == ("state", "I90 is violated: at most one message is counted")
    assert failure.cells == ("psock0.len",)


def test_cells_of_objects_for_which_an_invariant_holds_are_not_told():
    invariant = '@invariant("I1", "it is small")\ndef small(b: Ptr[box]) -> bool:\n    return b.a < 2 and b.b < 2\n'
    body = ("box0.a = 1", "box0.b = 1", "box1.a = 1", "box1.b = 2")
    tiny = Tiny(*body, code=invariant, properties="[small]")
    (violation,) = tiny.result.violations
    assert build_trace(tiny.ts, violation).failure.cells == ("box1.b",)


def test_a_leak_tells_what_is_lost():
    failure = built("leak").failure
    assert (failure.kind, failure.object) == ("end", "msg0")
    assert failure.sentence == "msg0, allocated by CPU0, is never freed: nothing refers to it"


def test_a_leak_of_what_was_there_from_the_beginning_names_nobody():
    tiny = Tiny(code=define("forget", "top0.box = NULL"), run="process(forget)", setup="publish", pools="{box: 1}")
    (leak,) = [v for v in tiny.result.violations if tiny.ts.properties[v.property].id == "leak"]
    assert build_trace(tiny.ts, leak).failure.sentence == "box0 is never freed: nothing refers to it"


def test_a_finding_inside_a_condition_is_told_without_its_colon():
    assert built("use-after-free").failure.message == (
        "sk_psock_get: if psock and not refcount_inc_not_zero(psock.refcnt): use of psock0 after it was freed"
    )


def test_a_race_has_two_sides():
    one, other = built("data-race").failure.race
    assert (one.context, one.access.write, one.access.marked, one.new) == (0, True, False, "NULL")
    assert (other.context, other.access.write, other.access.marked) == (1, False, True)
    assert one.access.cell == other.access.cell == "sk0.sk_data_ready"
    assert (one.held, other.held) == (("sk0.sk_callback_lock (write)",), ())


def test_the_second_side_of_a_race_is_no_step():
    trace = built("data-race")
    assert trace.steps[-1].context == trace.failure.race[0].context


def test_a_deadlock_has_its_cycle():
    trace = built("deadlock-three-locks")
    failure = trace.failure
    assert failure.cycle == (0, 1, 2)
    waits = {w.context: (w.lock, w.holders, [h.lock for h in w.held]) for w in failure.waits}
    assert waits == {
        0: ("sk0.sk_callback_lock", (1,), ["psock0.ingress_lock"]),
        1: ("psock0.link_lock", (2,), ["sk0.sk_callback_lock"]),
        2: ("psock0.ingress_lock", (0,), ["psock0.link_lock"]),
    }
    for wait in failure.waits:
        (taken,) = wait.taken
        assert taken is not None
        assert trace.calls[taken.path[0]].context == wait.context


def test_a_deadlock_may_go_through_work_and_grace_periods():
    work = built("deadlock-work").failure
    assert work.cycle == (0, 1)
    assert work.sentence == (
        "deadlock: CPU0 waits in cancel_work_sync(psock.work) for CPU1; CPU1 waits for psock0.work_mutex, held by CPU0"
    )
    assert built("deadlock-grace-period").failure.cycle == (0, 1)


def test_a_lock_order_has_a_witness_for_each_acquisition():
    orders = built("lock-order").failure.orders
    assert [(o.held, o.taken) for o in orders] == [
        ("sk_psock.ingress_lock", "sock.sk_callback_lock"),
        ("sock.sk_callback_lock", "sk_psock.ingress_lock"),
    ]
    for order in orders:
        assert order.held_at is not None
        assert order.held_at.function == order.taken_at.function == "do_raw_spin_lock"
