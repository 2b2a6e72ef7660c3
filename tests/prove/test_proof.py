"""From a proof to its verdicts: cases, what is refuted and how it replays, what is vacuous, what the solver cannot say."""

from __future__ import annotations

import itertools

import pytest

from psockmc.lang import load_source
from psockmc.prove import proof, terms
from psockmc.prove.proof import Case, Question, Refutation
from psockmc.prove.rings import proofs
from psockmc.prove.solver import Solver, Unknown

PRELUDE = """
from psockmc.lang import Array, Ptr, Struct, arbitrary, assume, check, choose, proof, s32, u32, u64, user, wrapping, xchg

class item(Struct):
    x: u32

class box(Struct):
    n: u32
    m: u32
    next: Ptr[box]
    a: Array[u32, 4]
    e: Array[item, 3]

@user
def before(i: u32) -> u32:
    return i - 1

@user
def next_of(i: u32) -> u32:
    if i + 1 == 4:
        return 0
    return i + 1

@user
def put(to: item, value: u32) -> None:
    to.x = value

"""


def question(body: str, split: int = 0, rounds: int = 6, timeout: float = 20.0) -> Question:
    """The question about a proof with this body; its objects are b and c."""
    lines = "".join(f"    {line}\n" for line in body.strip("\n").splitlines())
    text = f'{PRELUDE}@proof("op", split={split})\ndef a_proof(b: Ptr[box], c: Ptr[box]) -> None:\n{lines}'
    program = load_source(text)
    return Question.of(program, proofs(program)["op"], rounds, timeout)


def refuted(body: str, split: int = 0, rounds: int = 6) -> dict[str, Refutation]:
    """What is refuted; every refutation is replayed on its numbers."""
    asked = question(body, split, rounds)
    found: dict[str, Refutation] = {}
    for case in proof.run(asked):
        assert case.unknown == {}
        for claim, refutation in case.refuted.items():
            assert claim in [item.claim for item in proof.replay(asked, refutation)]
            found[claim] = refutation
    return found


def reached(body: str) -> set[str]:
    """The claims that some run gets to."""
    return set().union(*(case.reached for case in proof.run(question(body))))


# ---------------------------------------------------------------- verdicts


def test_claim_that_holds_is_not_refuted() -> None:
    assert refuted('assume(b.n < 5)\nb.n += 1\ncheck(b.n <= 5, "X: small")') == {}


def test_refutation_names_numbers_sentence_and_place() -> None:
    found = refuted('assume(b.n > 6)\ncheck(b.n != 7, "X: no seven")')["X"]
    assert found.values["b.n"] == 7
    assert (found.sentence, found.calls) == ("no seven", ("a_proof",))


@pytest.mark.parametrize(
    ("body", "claim"),
    [
        ("b.n += 1", "wrap"),
        ("x: s32 = b.n", "wrap"),
        ("b.a[b.n] = 1", "index"),
        ("b.next.n = 1", "pointer"),
        ("assume(b.n < 100)\ni: u32 = 0\nwhile i < b.n:\n    i += 1", "termination"),
    ],
)
def test_safety_claims_are_refuted(body: str, claim: str) -> None:
    assert set(refuted(body)) == {claim}


@pytest.mark.parametrize(
    "body",
    [
        "assume(b.n < 4294967295)\nb.n += 1",
        "b.n = wrapping(b.n + 1)",
        "assume(b.n < 4)\nb.a[b.n] = 1",
        "if b.next:\n    b.next.n = 1",
        "assume(b.n < 6)\ni: u32 = 0\nwhile i < b.n:\n    i += 1",
    ],
)
def test_safety_claims_hold(body: str) -> None:
    assert refuted(body) == {}


def test_two_arguments_are_two_objects() -> None:
    assert refuted('n: u32 = b.n\nc.n = 5\ncheck(b.n == n, "X: another one")') == {}


def test_pointers_may_mean_any_object_and_none() -> None:
    assert set(refuted('check(b.next != b, "A: not itself")\ncheck(b.next != c, "B: not c")\n'
                       'check(b.next, "C: something")')) == {"A", "B", "C"}  # fmt: skip


def test_check_that_no_run_gets_to_is_not_reached() -> None:
    body = 'assume(b.n > 5)\nif b.n == 3:\n    check(b.m == 0, "X: never")\ncheck(b.n != 3, "Y: always")'
    assert reached(body) == {"Y"}
    assert refuted(body) == {}


def test_later_assumption_does_not_excuse_an_earlier_claim() -> None:
    assert set(refuted('check(b.n != 3, "X: no three")\nassume(b.n != 3)')) == {"X"}
    assert set(refuted("b.m = b.n - 1\nassume(b.m >= 5 and b.m < 100)")) == {"wrap"}


def test_checks_behind_an_assumption_are_about_runs_that_meet_it() -> None:
    assert refuted('check(b.n >= 0, "X: it is")\nassume(b.n == 4)\ncheck(b.n == 4, "Y: four")') == {}


def test_claims_are_asked_about_runs_that_keep_the_refuted_safety_claims() -> None:
    assert set(refuted('b.m = b.n + 1\ncheck(b.m > b.n, "X: greater")')) == {"wrap"}


def test_refutation_in_a_lane_replays_with_what_its_array_holds() -> None:
    found = refuted('i: u32 = choose(4)\ncheck(b.a[i] != 7, "X: no seven")', split=1)["X"]
    (lane,) = found.decided
    assert found.values[f"b.a[{lane}]"] == 7


def test_refutation_behind_a_remainder_replays() -> None:
    found = refuted('b.m = wrapping(b.n * 40)\ncheck(b.m != 8, "X: no eight")')["X"]
    assert found.values["b.n"] * 40 % 2**32 == 8


def test_hard_claim_is_unknown_and_an_easy_one_beside_it_is_refuted() -> None:
    pigeons = [f"p{n}" for n in range(14)]
    places = "\n".join(f"{pigeon}: u32 = choose(13)" for pigeon in pigeons)
    shared = " or ".join(f"{one} == {two}" for one, two in itertools.combinations(pigeons, 2))
    asked = question(f'{places}\ncheck({shared}, "X: two share a place")\ncheck(p0 != 3, "Y: not three")', timeout=0.5)
    (case,) = proof.run(asked)
    assert set(case.unknown) == {"X"}
    assert set(case.refuted) == {"Y"}


# ---------------------------------------------------------------- what calls and conditions share


def test_table_of_a_call_is_about_its_path() -> None:
    body = 'i: u32 = choose(4)\nx: u32 = 0\nif i < 3:\n    x = next_of(i)\nx = next_of(i)\ncheck(x < 4, "X: a slot")'
    assert refuted(body, split=1) == {}


def test_table_of_a_call_is_about_intended_wraps_or_others() -> None:
    assert set(refuted("x: u32 = wrapping(before(0))\ny: u32 = before(0)")) == {"wrap"}


def test_effects_behind_and_happen_only_there() -> None:
    body = 'b.n = 1\nx: bool = b.m == 3 and xchg(b.n, 7) == 1\ncheck(b.m == 3 or b.n == 1, "X: untouched")'
    assert refuted(body) == {}


def test_quantifier_sees_what_was_stored_in_a_lane() -> None:
    body = 'i: u32 = choose(4)\nb.a[i] = 9\ncheck(any(x == 9 for x in b.a), "X: there")'
    assert refuted(body, split=1) == {}


def test_reference_with_an_unknown_index_is_one_element() -> None:
    body = ('assume(b.n < 3)\nassume(b.m < 3 and b.m != b.n)\nx: u32 = b.e[b.m].x\nput(b.e[b.n], 9)\n'
            'check(b.e[b.n].x == 9, "X: stored")\ncheck(b.e[b.m].x == x, "Y: no other one")')  # fmt: skip
    assert refuted(body) == {}


# ---------------------------------------------------------------- cases


def combinations(cases: list[Case]) -> list[tuple[int, ...]]:
    """All choices that some cases stand for."""
    rows = ([d if isinstance(d, tuple) else (d,) for d in case.decided] for case in cases)
    return sorted(combination for row in rows for combination in itertools.product(*row))


@pytest.mark.parametrize("workers", [1, 2, 3])
def test_cases_cover_all_choices_once(workers: int) -> None:
    body = 'i: u32 = choose(4)\nj: u32 = choose(3)\nk: u32 = choose(2)\ncheck(i + j + k < 7, "X: small")'
    asked = question(body, split=3)
    cases = [case for number in range(workers) for case in proof.run(asked, (number, workers))]
    assert combinations(cases) == list(itertools.product(range(4), range(3), range(2)))


def test_lanes_in_which_two_slots_are_one_are_taken_apart() -> None:
    body = 'i: u32 = choose(4)\nb.a[i] = 9\nb.a[2] = 5\ncheck(b.a[i] == (5 if i == 2 else 9), "X: the last one counts")'
    asked = question(body, split=1)
    cases = list(proof.run(asked))
    assert sorted((case.decided for case in cases), key=str) == [((0, 1, 3),), (2,)]
    assert all(not case.refuted for case in cases)


def test_choices_behind_the_split_are_unknowns() -> None:
    cases = list(proof.run(question('i: u32 = choose(4)\nj: u32 = choose(3)\ncheck(j < 2, "X: no two")', split=1)))
    assert combinations(cases) == [(0,), (1,), (2,), (3,)]
    assert any("X" in case.refuted for case in cases)


# ---------------------------------------------------------------- the solver


def test_solver_answers_with_values_that_meet_everything() -> None:
    terms.forget()
    x, y, p = terms.var("x", -5, 9), terms.var("y", 0, 9), terms.unknown("p")
    row = terms.lanes([3, 8])
    facts = [
        terms.equals(terms.add(x, y, 2), row),
        terms.choice(p, terms.at_most(x, terms.const(-4)), terms.at_most(y, terms.const(0))),
        terms.equals(terms.operation("%", y, terms.const(3), 0, 2), terms.const(1)),
    ]
    solver = Solver(10)
    solver.lanes(2)
    solver.add(facts)
    answer = solver.solve()
    assert isinstance(answer, dict)
    assert [terms.evaluate(fact, answer) for fact in facts] == [1, 1, 1]
    assert -5 <= answer["x"] <= 9
    assert answer[terms.LANE] in (0, 1)


def test_levels_close_and_bounds_of_unknowns_stay() -> None:
    terms.forget()
    solver, x = Solver(10), terms.var("x", 0, 3)
    solver.push()
    solver.add([terms.at_most(terms.const(2), x)])
    solver.push()
    solver.add([terms.at_most(x, terms.const(1))])
    assert solver.solve() is None
    solver.pop()
    answer = solver.solve()
    assert isinstance(answer, dict)
    assert answer["x"] in (2, 3)
    solver.pop()
    double = terms.subtract(terms.scale(x, 2), terms.var("y", 7, 9))
    assert solver.ask([terms.equals(double, terms.const(0))]) is None
    assert isinstance(solver.solve(), dict)


def test_solver_says_when_it_gives_up() -> None:
    terms.forget()
    pigeons = [terms.var(f"p{n}", 0, 12) for n in range(14)]
    solver = Solver(0.05)
    solver.add(terms.negation(terms.equals(one, two)) for one, two in itertools.combinations(pigeons, 2))
    answer = solver.solve()
    assert isinstance(answer, Unknown)
    assert answer.reason
