"""The typed program: what parsing and checking make of the source, plain frozen data.

Every name is resolved, every expression has its type, and every node has the `Span` of its source. Nothing here knows
about steps or states: that is `psockmc.ir.lower`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from psockmc.lang.types import Type


@dataclass(frozen=True, slots=True)
class Span:
    """A piece of one source file: lines from 1, columns from 0 (end exclusive). file: relative to its root."""

    file: str
    line: int
    column: int
    end_line: int
    end_column: int


# ---------------------------------------------------------------- expressions


@dataclass(frozen=True, slots=True)
class Literal:
    """A constant: integers, bools (0/1), enum members, bit names, NULL, NOBODY (0). text: as it was written."""

    value: int
    type: Type
    span: Span
    text: str = ""


@dataclass(frozen=True, slots=True)
class Var:
    """A local variable or parameter (also of struct type: a reference)."""

    name: str
    type: Type
    span: Span


@dataclass(frozen=True, slots=True)
class InstanceRef:
    """A named instance: a constant pointer."""

    name: str
    type: Type
    span: Span


@dataclass(frozen=True, slots=True)
class FunctionRef:
    """A function used as a value."""

    name: str
    type: Type
    span: Span


@dataclass(frozen=True, slots=True)
class FieldOf:
    """`base.name`: base is of Pointer or StructType; the type is that of the field."""

    base: Expr
    struct: str
    name: str
    type: Type
    span: Span


@dataclass(frozen=True, slots=True)
class ElementOf:
    """`base[index]`: base is of ArrayType."""

    base: Expr
    index: Expr
    type: Type
    span: Span


@dataclass(frozen=True, slots=True)
class Unary:
    """op is one of `not`, `-`, `~`."""

    op: str
    operand: Expr
    type: Type
    span: Span


@dataclass(frozen=True, slots=True)
class Binary:
    """op is one of + - * // % & | ^ << >> == != < <= > >= and or. `and`/`or` short-circuit; their type is Bool.

    For C integers the type is that after C's usual conversions (at least 32 bits); the result wraps to it.
    common: of a comparison, the type to which both operands are converted first; None for the other operators.
    """

    op: str
    left: Expr
    right: Expr
    type: Type
    span: Span
    common: Type | None = None


@dataclass(frozen=True, slots=True)
class Conditional:
    """`then if cond else other`; only one side is evaluated."""

    cond: Expr
    then: Expr
    other: Expr
    type: Type
    span: Span


@dataclass(frozen=True, slots=True)
class Call:
    """A call of a function of the program, by name."""

    function: str
    args: tuple[Expr, ...]
    type: Type
    span: Span


@dataclass(frozen=True, slots=True)
class CallPointer:
    """A call through a function pointer."""

    target: Expr
    args: tuple[Expr, ...]
    type: Type
    span: Span


@dataclass(frozen=True, slots=True)
class Intrinsic:
    """A word of the language: READ_ONCE, xchg, kzalloc, list_add, choose, current, live, wait, finding, ...

    args are expressions in source order (for places: the FieldOf/ElementOf itself). names: string and keyword
    arguments that are no expressions, by name: kzalloc {"struct", "gfp"}, container_of {"struct", "field"},
    finding {"kind", "sentence"}, acquired {"mode"}, wait {"idle": "yes"} (its holder, if any, is args[1]),
    choose {"count"}, arbitrary {"lo", "hi"}.
    """

    name: str
    args: tuple[Expr, ...]
    names: Mapping[str, str]
    type: Type
    span: Span


@dataclass(frozen=True, slots=True)
class Quantifier:
    """`all/any/count(body for var in domain if cond)`: domain is ("struct", name) or an Array/ListHead place."""

    kind: str
    var: str
    var_type: Type
    struct: str
    place: Expr | None
    cond: Expr | None
    body: Expr
    type: Type
    span: Span


Expr = (
    Literal
    | Var
    | InstanceRef
    | FunctionRef
    | FieldOf
    | ElementOf
    | Unary
    | Binary
    | Conditional
    | Call
    | CallPointer
    | Intrinsic
    | Quantifier
)

# ---------------------------------------------------------------- statements


@dataclass(frozen=True, slots=True)
class Assign:
    """`target = value` (target: Var, FieldOf, ElementOf). `x += v` arrives as `x = x + v`."""

    target: Expr
    value: Expr
    span: Span


@dataclass(frozen=True, slots=True)
class Evaluate:
    """An expression for its effect."""

    value: Expr
    span: Span


@dataclass(frozen=True, slots=True)
class If:
    """span covers the `if cond:` line only (also in While, For, Atomic)."""

    cond: Expr
    then: tuple[Stmt, ...]
    other: tuple[Stmt, ...]
    span: Span


@dataclass(frozen=True, slots=True)
class While:
    """`while cond:`; a body that takes no step is refused by lowering."""

    cond: Expr
    body: tuple[Stmt, ...]
    span: Span


@dataclass(frozen=True, slots=True)
class ForRange:
    """`for var in range(first, last)`: constants, unrolled."""

    var: str
    first: int
    last: int
    body: tuple[Stmt, ...]
    span: Span


@dataclass(frozen=True, slots=True)
class ForList:
    """`for var in list`: list_first_entry_or_null, then list_next_entry_or_null until NULL.

    The next entry is loaded before the body runs, as in list_for_each_entry_safe().
    """

    var: str
    place: Expr
    body: tuple[Stmt, ...]
    span: Span


@dataclass(frozen=True, slots=True)
class Break:
    """`break`."""

    span: Span


@dataclass(frozen=True, slots=True)
class Continue:
    """`continue`."""

    span: Span


@dataclass(frozen=True, slots=True)
class Return:
    """`return` or `return value`."""

    value: Expr | None
    span: Span


@dataclass(frozen=True, slots=True)
class Atomic:
    """`with atomic(reason):`."""

    reason: str
    body: tuple[Stmt, ...]
    span: Span


@dataclass(frozen=True, slots=True)
class Check:
    """`check(cond, sentence)`."""

    cond: Expr
    sentence: str
    span: Span


@dataclass(frozen=True, slots=True)
class AssumeThat:
    """`assume(cond)`."""

    cond: Expr
    span: Span


@dataclass(frozen=True, slots=True)
class CoverThat:
    """`cover(sentence)`."""

    sentence: str
    span: Span


@dataclass(frozen=True, slots=True)
class Omits:
    """`omits(reason)`."""

    reason: str
    span: Span


@dataclass(frozen=True, slots=True)
class WaitEvent:
    """`wait_event(wq, cond)`."""

    queue: Expr
    cond: Expr
    span: Span


Stmt = (
    Assign
    | Evaluate
    | If
    | While
    | ForRange
    | ForList
    | Break
    | Continue
    | Return
    | Atomic
    | Check
    | AssumeThat
    | CoverThat
    | Omits
    | WaitEvent
)

# ---------------------------------------------------------------- declarations


@dataclass(frozen=True, slots=True)
class StructField:
    """A field. default: its initial value (0 when not given), a constant expression."""

    name: str
    type: Type
    const: bool
    ghost: bool
    default: Expr | None
    span: Span


@dataclass(frozen=True, slots=True)
class Struct:
    """A struct. short: what its objects are called (psock -> psock0). lock: declared as a `Lock`."""

    name: str
    short: str
    lock: bool
    fields: tuple[StructField, ...]
    span: Span

    def field(self, name: str) -> StructField | None:
        """The field of this name, or None."""
        return next((f for f in self.fields if f.name == name), None)


@dataclass(frozen=True, slots=True)
class Param:
    """A parameter; of struct type: a reference."""

    name: str
    type: Type


@dataclass(frozen=True, slots=True)
class Function:
    """A function. role: kernel, user, primitive, proof, pure, invariant, at_end, eventually.

    kernel_file: "" unless role is kernel. recursion: how often it may stand on one call path. property_id and
    sentence: of properties; of a proof, property_id is the operation it is about and split how many of
    its first choices are taken one by one. per_struct, per_kind: of `@per_object`, else "". locals: every local's
    type, parameters included. variant: name of the function that this one replaced when it came from a variant,
    else "".
    """

    name: str
    role: str
    params: tuple[Param, ...]
    result: Type
    body: tuple[Stmt, ...]
    locals: Mapping[str, Type]
    span: Span
    doc: str
    kernel_file: str = ""
    recursion: int = 1
    property_id: str = ""
    sentence: str = ""
    per_struct: str = ""
    per_kind: str = ""
    variant: str = ""
    split: int = 0


@dataclass(frozen=True, slots=True)
class Instance:
    """A named object. values: initial values by field (Literal, InstanceRef or FunctionRef)."""

    name: str
    struct: str
    values: Mapping[str, Expr]
    span: Span


@dataclass(frozen=True, slots=True)
class Runner:
    """A context of a scenario. kind: process, softirq, hardirq. cpu: -1 for one of its own. name: "" for a made one."""

    kind: str
    function: str
    args: tuple[Expr, ...]
    cpu: int
    name: str
    span: Span


@dataclass(frozen=True, slots=True)
class Scenario:
    """What is run. pools: objects beyond the instances, by struct. properties: functions by name.

    expect: property id -> verdict name where it is not HOLDS; why: property id -> reason. workers_cpu: -1 for one each.
    quick: it belongs to those that `psockmc check --quick` runs.
    """

    name: str
    sentence: str
    setup: str
    run: tuple[Runner, ...]
    pools: Mapping[str, int]
    properties: tuple[str, ...]
    expect: Mapping[str, str]
    why: Mapping[str, str]
    may_fail: tuple[str, ...]
    workers_cpu: int
    span: Span
    quick: bool = False


@dataclass(frozen=True, slots=True)
class Program:
    """Everything that was loaded. Functions by name, variants already in place of what they replace.

    sources: text of every file by its relative name. replaced: functions that variants replaced, by name (the
    originals). structs of primitives and models share one name space, as do functions, instances and scenarios.
    """

    structs: Mapping[str, Struct]
    functions: Mapping[str, Function]
    instances: Mapping[str, Instance]
    scenarios: Mapping[str, Scenario]
    sources: Mapping[str, str]
    replaced: Mapping[str, Function]
