"""What a run knows of the statements of a model: those that ran, and those that could have and did not."""

from __future__ import annotations

from psockmc.explore import resolve
from psockmc.explore.limits import Limits
from psockmc.lang import load_source
from psockmc.run import Facts, Job, Options, run

MODEL = """
from psockmc.lang import Int, NOBODY, Struct, instance, process, scenario, user


class box(Struct):
    a: Int[0, 9]
    b: Int[0, 9]


box0 = instance(box)


@user
def prepare() -> None:
    box0.a = 1


@user
def one(way: bool) -> None:
    if way:
        box0.a = 2
    box0.b = box0.b + box0.a
    if box0.b == 9:
        return
    box0.a = 1
    if box0.b == 8:
        box0.a = 3


@user
def other() -> None:
    box0.a = 1 + box0.b


s = scenario("one step", setup=prepare, run=[process(one, False), process(other)], pools={}, properties=[])
"""


class Quiet:
    """Nobody looks on."""

    def started(self, job: Job) -> None: ...

    def progress(self, *_: object) -> None: ...

    def warning(self, sentence: str) -> None: ...

    def finished(self, *_: object) -> None: ...


def facts() -> Facts:
    program = load_source(MODEL, "m.py")
    (outcome,) = run([Job("s", program, "s")], Options(resolve("reference"), Limits(), 1, None), Quiet())
    assert outcome.facts is not None
    return outcome.facts


def test_a_statement_that_no_step_executes_never_ran() -> None:
    assert {s.text for s in facts().never_ran} == {"box0.a = 3"}


def test_what_only_the_setup_runs_or_leaves_nothing_to_run_is_not_counted() -> None:
    known = {s.text for s in facts().ran | facts().never_ran}
    assert known.isdisjoint({"box0.a = 2", "if way:", "return"})
