"""Which orderings a test needs: each one taken away or weakened alone, and then as many as possible together.

What counts as an ordering is found in the program: fences and grace periods, releases and acquires, atomic operations
that order more than their `_relaxed` form, critical sections of RCU, SRCU and locks. The weaker forms are primitives of
the kernel, so that every answer is a change that somebody could make. (`rcu_dereference` is not among them: under this
model it orders what READ_ONCE orders, by its address dependency.)
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace

from psockmc.litmus.answer import DEFAULT_MODEL, Answer, Options, Verdict, decide
from psockmc.litmus.definitions import Definitions, definitions
from psockmc.litmus.syntax import (
    Assign,
    Binary,
    Block,
    Call,
    Deref,
    Evaluate,
    Expr,
    If,
    Number,
    Statement,
    Store,
    While,
)
from psockmc.litmus.syntax import Test as LitmusTest

NOTHING = "nothing"
"""How the absence of a primitive is called."""

Key = tuple[int, int]
"""The place of a call in the source: where it starts and ends."""

Change = Callable[[Call], Expr | None]
"""What stands in the place of a call; None: its statement is gone."""

_FULL_FENCE = ("smp_wmb", "smp_rmb")
_PAIRS = {
    "rcu_read_lock": "rcu_read_unlock",
    "srcu_read_lock": "srcu_read_unlock",
    "srcu_down_read": "srcu_up_read",
    "spin_lock": "spin_unlock",
    "spin_lock_bh": "spin_unlock_bh",
    "spin_lock_irq": "spin_unlock_irq",
    "raw_spin_lock": "raw_spin_unlock",
    "mutex_lock": "mutex_unlock",
    "lock_sock": "release_sock",
    "write_lock": "write_unlock",
    "write_lock_bh": "write_unlock_bh",
    "read_lock": "read_unlock",
    "read_lock_bh": "read_unlock_bh",
    "down_write": "up_write",
    "down_read": "up_read",
}
"""What begins a critical section and what ends it."""

_RENAMED = {
    "atomic_read_acquire": ("atomic_read",),
    "atomic_set_release": ("atomic_set",),
    "atomic_inc_not_zero": ("refcount_inc_not_zero",),
    "refcount_dec": ("atomic_dec",),
    "refcount_sub": ("atomic_sub",),
    "test_bit_acquire": ("test_bit",),
    "clear_bit_unlock": ("clear_bit",),
    "test_and_set_bit": ("test_and_set_bit_lock",),
}
"""Weaker primitives with the same arguments and result, weakest first."""

_ZERO_TESTS = {
    "atomic_dec_and_test": ("atomic_dec_return", ("_relaxed", "_acquire", "_release")),
    "atomic_inc_and_test": ("atomic_inc_return", ("_relaxed", "_acquire", "_release")),
    "atomic_sub_and_test": ("atomic_sub_return", ("_relaxed", "_acquire", "_release")),
    "refcount_dec_and_test": ("atomic_dec_return", ("_relaxed", "_acquire", "_release")),
    "refcount_sub_and_test": ("atomic_sub_return", ("_relaxed", "_acquire", "_release")),
}
"""Tests for zero, by the operation whose result they compare; it has forms of every strength."""


@dataclass(frozen=True, slots=True)
class Form:
    """A weaker form of an ordering. name: what stands there instead. changes: the calls it replaces."""

    name: str
    changes: Mapping[Key, Change]


@dataclass(frozen=True, slots=True)
class Site:
    """One ordering of a test. name: the primitive. line: of the source. forms: weaker ones, weakest first."""

    name: str
    line: int
    forms: tuple[Form, ...]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What an answer says of the test: its verdict and its flags."""

    verdict: Verdict
    flags: frozenset[str]

    @classmethod
    def of(cls, answer: Answer) -> Outcome:
        """The outcome of an answer."""
        return cls(answer.verdict, frozenset(answer.flags))

    def __str__(self) -> str:
        return ", ".join([str(self.verdict), *sorted(self.flags)])


@dataclass(frozen=True, slots=True)
class Need:
    """What became of weakening one site. tried: each form with its outcome, weakest first."""

    site: Site
    tried: tuple[tuple[Form, Outcome], ...]
    original: Outcome

    @property
    def needed(self) -> bool:
        """Whether the weakest form changes the outcome."""
        return self.tried[0][1] != self.original

    @property
    def enough(self) -> Form | None:
        """The weakest form that changes nothing, if there is one."""
        return next((form for form, outcome in self.tried if outcome == self.original), None)


@dataclass(frozen=True, slots=True)
class Weakened:
    """The needs of a test. together: sites with the forms that they can have at the same time without a change."""

    original: Outcome
    needs: tuple[Need, ...]
    together: tuple[tuple[Site, Form], ...]

    def lines(self) -> list[str]:
        """The whole as text."""
        if not self.needs:
            return ["the test has no ordering that could be weakened"]
        width = max(len(need.site.name) for need in self.needs)
        places = max(len(str(need.site.line)) for need in self.needs)
        shown = [f"line {n.site.line:>{places}}  {n.site.name:<{width}}  {_verdict_on(n)}" for n in self.needs]
        if not any(need.needed for need in self.needs):
            shown.append(f"none of them alone makes a difference: {self.original} with and without")
        if len(self.together) < 2:
            return shown
        changes = [f"  line {site.line:>{places}}  {site.name} -> {form.name}" for site, form in self.together]
        return [*shown, "", f"all of these together leave it at {self.original}:", *changes]


def _verdict_on(need: Need) -> str:
    weakest, outcome = need.tried[0]
    without = "without it" if weakest.name == NOTHING else f"with {weakest.name}"
    if not need.needed:
        return f"not needed: {outcome} {without}, too"
    enough = need.enough
    return f"needed: {outcome} {without}" + (f"; {enough.name} is enough" if enough else "")


def weaken(test: LitmusTest, options: Options | None = None) -> Weakened:
    """Weakens every ordering of a test. Raises what `decide` raises; an UNDETERMINED outcome counts as a change."""
    options = options or Options()
    model = definitions(options.model or test.model or DEFAULT_MODEL)

    def outcome(*forms: Form) -> Outcome:
        return Outcome.of(decide(applied(test, *forms) if forms else test, options))

    original = outcome()
    needs = []
    for site in sites(test, model):
        tried = tuple((form, outcome(form)) for form in site.forms)
        needs.append(Need(site, tried, original))
    together: list[tuple[Site, Form]] = []
    for need in needs:
        for form, alone in need.tried:
            if alone == original and outcome(*(chosen for _, chosen in together), form) == original:
                together.append((need.site, form))
                break
    return Weakened(original, tuple(needs), tuple(together))


# ---------------------------------------------------------------- finding orderings


def sites(test: LitmusTest, known: Definitions) -> list[Site]:
    """The orderings of a test, by their place in the source."""
    found: list[Site] = []
    for thread in test.threads:
        calls = list(_calls(thread.body))
        for begin, end in _sections(calls):
            gone: dict[Key, Change] = {_key(begin): _gone_or_zero, _key(end): _gone}
            found.append(_site(test, begin, [Form(NOTHING, gone)], f"{begin.name}() ... {end.name}()"))
        for call in calls:
            forms = _forms(call, known)
            if forms:
                found.append(_site(test, call, forms, f"{call.name}()"))
    return sorted(found, key=lambda site: site.line)


def _site(test: LitmusTest, call: Call, forms: list[Form], name: str) -> Site:
    return Site(name, test.source.span(call.start, call.end).line, tuple(forms))


def _key(call: Call) -> Key:
    return call.start, call.end


def _calls(block: Block) -> Iterator[Call]:
    """All calls in the order of the source."""
    for statement in block:
        match statement:
            case Assign(value=value):
                yield from _calls_in(value)
            case Store(address=address, value=value):
                yield from _calls_in(address)
                yield from _calls_in(value)
            case Evaluate(call=call):
                yield from _calls_in(call)
            case If(condition=condition, then=then, otherwise=otherwise):
                yield from _calls_in(condition)
                yield from _calls(then)
                yield from _calls(otherwise)
            case While(condition=condition, body=body):
                yield from _calls_in(condition)
                yield from _calls(body)


def _calls_in(expression: Expr) -> Iterator[Call]:
    if isinstance(expression, Call):
        yield expression
        for argument in expression.arguments:
            yield from _calls_in(argument)
    elif isinstance(expression, Deref):
        yield from _calls_in(expression.address)
    elif isinstance(expression, Binary):
        yield from _calls_in(expression.left)
        yield from _calls_in(expression.right)


def _sections(calls: list[Call]) -> list[tuple[Call, Call]]:
    """Critical sections: each end with the last open begin of its kind (and lock) before it."""
    opened: list[Call] = []
    found: list[tuple[Call, Call]] = []
    for call in calls:
        if call.name in _PAIRS:
            opened.append(call)
        for begin in reversed(opened):
            if _PAIRS[begin.name] == call.name and _same_lock(begin, call):
                opened.remove(begin)
                found.append((begin, call))
                break
    return found


def _same_lock(begin: Call, end: Call) -> bool:
    """The first argument, if there is one, is the lock."""
    return all(_text(one) == _text(other) for one, other in zip(begin.arguments[:1], end.arguments[:1], strict=True))


def _text(expression: Expr) -> object:
    """An expression without its places."""
    if isinstance(expression, Deref):
        return "*", _text(expression.address)
    if isinstance(expression, Binary):
        return expression.op, _text(expression.left), _text(expression.right)
    if isinstance(expression, Call):
        return expression.name, *map(_text, expression.arguments)
    return expression[0]


# ---------------------------------------------------------------- weaker forms


def _forms(call: Call, known: Definitions) -> list[Form]:
    """The weaker forms of one call, weakest first; none when it orders nothing."""
    name = call.name
    changes: list[tuple[str, Change]]
    if name in _PAIRS or name in _PAIRS.values():
        changes = []
    elif _only_orders(name, known):
        stronger = _FULL_FENCE if name == "smp_mb" else ("smp_mb",) if name.startswith("synchronize_") else ()
        changes = [(NOTHING, _gone), *((f"{other}()", _other_fence(other)) for other in stronger)]
    elif name in ("smp_store_release", "rcu_assign_pointer", "smp_store_mb"):
        changes = [("WRITE_ONCE()", _once("WRITE_ONCE"))]
    elif name == "smp_load_acquire":
        changes = [("READ_ONCE()", _once("READ_ONCE"))]
    elif name in _ZERO_TESTS:
        operation, suffixes = _ZERO_TESTS[name]
        changes = [(f"{operation}{suffix}() == 0", _zero_test(operation + suffix)) for suffix in suffixes]
    else:
        changes = [(f"{other}()", _renamed(other)) for other in _weaker_names(name, known)]
    return [Form(form, {_key(call): change}) for form, change in changes]


def _only_orders(name: str, known: Definitions) -> bool:
    """Whether a primitive is nothing but a fence or a grace period (barrier() orders nothing for other threads)."""
    primitive = known.get(name)
    return primitive is not None and name != "barrier" and all(_is_fence(step.kind) for step in primitive.steps)


def _is_fence(kind: str) -> bool:
    return kind in ("fence", "srcu")


def _weaker_names(name: str, known: Definitions) -> tuple[str, ...]:
    """Names of weaker forms with the same arguments and result, weakest first."""
    if name in _RENAMED:
        return _RENAMED[name]
    stem = name.removesuffix("_acquire").removesuffix("_release")
    if stem + "_relaxed" not in known:
        return ()
    return (
        (stem + "_relaxed",)
        if stem != name
        else tuple(stem + suffix for suffix in ("_relaxed", "_acquire", "_release"))
    )


def _gone(_: Call) -> None:
    return None


def _gone_or_zero(call: Call) -> Expr | None:
    """The begin of an SRCU reader has a value, which its end no longer asks for."""
    return Number(0, call.start, call.end) if call.name.startswith("srcu_") else None


def _other_fence(name: str) -> Change:
    return lambda call: Call(name, (), call.start, call.end)


def _renamed(name: str) -> Change:
    return lambda call: call._replace(name=name)


def _once(name: str) -> Change:
    """READ_ONCE and WRITE_ONCE take an lvalue; smp_load_acquire and smp_store_release take its address."""

    def change(call: Call) -> Expr:
        place = call.arguments[0]
        if call.name in ("smp_load_acquire", "smp_store_release"):
            place = Deref(place, place.start, place.end)
        return Call(name, (place, *call.arguments[1:]), call.start, call.end)

    return change


def _zero_test(operation: str) -> Change:
    def change(call: Call) -> Expr:
        result = call._replace(name=operation)
        return Binary("==", result, Number(0, call.start, call.end), call.start, call.end)

    return change


# ---------------------------------------------------------------- changing programs


def applied(test: LitmusTest, *forms: Form) -> LitmusTest:
    """The test with the changes of some forms."""
    changes = {key: change for form in forms for key, change in form.changes.items()}
    return replace(test, threads=tuple(replace(t, body=_block(t.body, changes)) for t in test.threads))


def _block(block: Block, changes: Mapping[Key, Change]) -> Block:
    statements = (_statement(statement, changes) for statement in block)
    return tuple(statement for statement in statements if statement is not None)


def _statement(statement: Statement, changes: Mapping[Key, Change]) -> Statement | None:
    match statement:
        case Assign():
            return statement._replace(value=_value(statement.value, changes))
        case Store():
            address, value = _value(statement.address, changes), _value(statement.value, changes)
            return statement._replace(address=address, value=value)
        case If():
            then, otherwise = _block(statement.then, changes), _block(statement.otherwise, changes)
            return statement._replace(condition=_value(statement.condition, changes), then=then, otherwise=otherwise)
        case While():
            condition = _value(statement.condition, changes)
            return statement._replace(condition=condition, body=_block(statement.body, changes))
        case Evaluate():
            changed = _expression(statement.call, changes)
            return statement._replace(call=changed) if isinstance(changed, Call) else _effects(statement, changed)
    raise AssertionError(f"no such statement: {statement!r}")


def _effects(statement: Evaluate, changed: Expr | None) -> Statement | None:
    """A statement whose call became something else; a comparison is evaluated for its left side's effects."""
    if isinstance(changed, Binary) and isinstance(changed.left, Call):
        return statement._replace(call=changed.left)
    return None


def _value(expression: Expr, changes: Mapping[Key, Change]) -> Expr:
    """A changed expression whose value is asked for."""
    changed = _expression(expression, changes)
    assert changed is not None, "only statements vanish"
    return changed


def _expression(expression: Expr, changes: Mapping[Key, Change]) -> Expr | None:
    if isinstance(expression, Deref):
        return expression._replace(address=_value(expression.address, changes))
    if isinstance(expression, Binary):
        left, right = _value(expression.left, changes), _value(expression.right, changes)
        return expression._replace(left=left, right=right)
    if not isinstance(expression, Call):
        return expression
    changed = expression._replace(arguments=tuple(_value(argument, changes) for argument in expression.arguments))
    change = changes.get(_key(expression))
    return change(changed) if change else changed
