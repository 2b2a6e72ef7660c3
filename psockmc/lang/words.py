"""The words of the language: everything that `from psockmc.lang import ...` may name.

A word is a type, a base class, a decorator, a module-level form, a constant, a statement or a call. Regular
calls (READ_ONCE, xchg, list_add, ...) are described completely by their entry here; the few others have a rule of their
own in `psockmc.lang.calls`.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, auto

from psockmc.lang.types import Bool, ContextSet, ContextType, Type, Void


class Kind(Enum):
    """What sort of word it is, and so where it may stand."""

    TYPE = "a type"
    BASE = "a base class"
    DECORATOR = "a decorator"
    MODULE = "a module-level form"
    CONSTANT = "a constant"
    STATEMENT = "a statement"
    CALL = "a call"
    QUANTIFIER = "a quantifier"


class Argument(Enum):
    """What an argument of a regular call must be. Places are fields or elements in shared memory."""

    SCALAR = "a field that holds a plain value"
    POINTER = "a field that holds a pointer"
    INTEGER = "a field that holds an integer"
    FLAGS = "a field that holds a flag word"
    LIST = "a field of type `ListHead`"
    VALUE = "a value for the place"
    COUNT = "an integer"
    BIT = "a member of the place's flag word"
    ENTRY = "a pointer to an entry of the list"
    LIVE = "a pointer"


PLACES = frozenset({Argument.SCALAR, Argument.POINTER, Argument.INTEGER, Argument.FLAGS, Argument.LIST})


NOTHING = Void()


class Derived(Enum):
    """The type of a call that depends on its arguments."""

    PLACE = auto()
    ENTRY = auto()


@dataclass(frozen=True)
class Word:
    """One word. For regular calls: the arguments and the result.

    writes: the call stores to its place. effects: it does more than read. primitive: for `@primitive` functions only.
    property_only: for properties, `check` and `assume` only. context: its value depends on the context that runs.
    step: it can take a step. condition: it has a value in conditions that are evaluated in one state.
    """

    name: str
    kind: Kind
    arguments: tuple[Argument, ...] | None = None
    result: Type | Derived = NOTHING
    writes: bool = False
    effects: bool = False
    primitive: bool = False
    property_only: bool = False
    context: bool = False
    step: bool = True
    condition: bool = True


_A = Argument


def _reads(name: str, place: Argument, result: Type | Derived = Derived.PLACE) -> Word:
    return Word(name, Kind.CALL, (place,), result)


def _writes(name: str, *arguments: Argument, result: Type | Derived = NOTHING) -> Word:
    return Word(name, Kind.CALL, arguments, result, writes=True, effects=True)


def _context(name: str) -> Word:
    """The context's counters: no access to shared memory, but other contexts may run before it."""
    return Word(name, Kind.CALL, (), effects=True, context=True)


def _fact(name: str, result: Type, *, condition: bool = False) -> Word:
    """What is known at every place of the program without a step."""
    return Word(name, Kind.CALL, (), result, context=True, step=False, condition=condition)


def _special(name: str, *, effects: bool = True, primitive: bool = False, step: bool = True) -> Word:
    return Word(name, Kind.CALL, effects=effects, primitive=primitive, step=step, condition=False)


_CALLS = (
    _reads("READ_ONCE", _A.SCALAR),
    _reads("data_race", _A.SCALAR),
    _reads("smp_load_acquire", _A.SCALAR),
    _reads("rcu_dereference", _A.POINTER),
    _reads("atomic_read", _A.INTEGER),
    _reads("list_empty", _A.LIST, Bool()),
    _reads("list_first_entry_or_null", _A.LIST, Derived.ENTRY),
    Word("list_next_entry_or_null", Kind.CALL, (_A.ENTRY, _A.LIST), Derived.ENTRY, condition=False),
    Word("test_bit", Kind.CALL, (_A.BIT, _A.FLAGS), Bool()),
    _writes("WRITE_ONCE", _A.SCALAR, _A.VALUE),
    _writes("smp_store_release", _A.SCALAR, _A.VALUE),
    _writes("rcu_assign_pointer", _A.POINTER, _A.VALUE),
    _writes("RCU_INIT_POINTER", _A.POINTER, _A.VALUE),
    _writes("xchg", _A.SCALAR, _A.VALUE, result=Derived.PLACE),
    _writes("cmpxchg", _A.SCALAR, _A.VALUE, _A.VALUE, result=Derived.PLACE),
    _writes("set_bit", _A.BIT, _A.FLAGS),
    _writes("clear_bit", _A.BIT, _A.FLAGS),
    _writes("test_and_set_bit", _A.BIT, _A.FLAGS, result=Bool()),
    _writes("test_and_clear_bit", _A.BIT, _A.FLAGS, result=Bool()),
    _writes("atomic_set", _A.INTEGER, _A.VALUE),
    _writes("atomic_add", _A.COUNT, _A.INTEGER),
    _writes("atomic_sub", _A.COUNT, _A.INTEGER),
    _writes("list_add", _A.ENTRY, _A.LIST),
    _writes("list_add_tail", _A.ENTRY, _A.LIST),
    _writes("list_del", _A.ENTRY, _A.LIST),
    _context("rcu_read_lock"),
    _context("rcu_read_unlock"),
    _context("preempt_disable"),
    _context("preempt_enable"),
    _context("local_bh_disable"),
    _context("local_bh_enable"),
    _context("local_irq_disable"),
    _context("local_irq_enable"),
    _fact("current", ContextType(), condition=True),
    _fact("current_bit", ContextSet(), condition=True),
    _fact("in_atomic", Bool()),
    _fact("in_task", Bool()),
    _fact("in_softirq", Bool()),
    _fact("rcu_held", Bool()),
    Word("readers", Kind.CALL, (), ContextSet(grace_period=True), context=True, condition=False),
    Word("live", Kind.CALL, (_A.LIVE,), Bool(), property_only=True, step=False),
    _special("kzalloc"),
    _special("kfree"),
    _special("container_of", effects=False, step=False),
    _special("choose"),
    _special("arbitrary", step=False),
    Word("wrapping", Kind.CALL, step=False),
    _special("wait", primitive=True),
    _special("acquired", primitive=True, step=False),
    _special("finding", primitive=True, step=False),
    Word("holds_locks", Kind.CALL, (), Bool(), primitive=True, context=True, step=False),
)


def _plain(kind: Kind, names: str) -> tuple[Word, ...]:
    return tuple(Word(name, kind) for name in names.split())


_PLAIN = (
    *_plain(Kind.TYPE, "u8 u16 u32 u64 s32 Int Ptr Callable Ctx CtxSet GracePeriod"),
    *_plain(Kind.TYPE, "Array ListHead Const Ghost CONTEXTS"),
    *_plain(Kind.BASE, "Struct Lock Enum Flags"),
    *_plain(Kind.DECORATOR, "kernel user primitive proof invariant at_end eventually pure replaces per_object"),
    *_plain(Kind.MODULE, "instance scenario process softirq hardirq"),
    *_plain(Kind.CONSTANT, "NULL NOBODY GFP_ATOMIC GFP_KERNEL HOLDS VIOLATED UNDETERMINED"),
    *_plain(Kind.STATEMENT, "atomic check assume cover omits wait_event"),
    *_plain(Kind.QUANTIFIER, "count"),
)

WORDS: dict[str, Word] = {word.name: word for word in (*_CALLS, *_PLAIN)}
"""Every word by its name."""

BUILT_IN = {name: Word(name, Kind.QUANTIFIER) for name in ("all", "any")}
"""Words that Python has already: they need no import."""

NEEDED_PRIMITIVES = {"wait_event": "wait", "GFP_KERNEL": "sleep"}
"""Words whose meaning needs functions of psockmc/kernel: that file is loaded with the word."""
