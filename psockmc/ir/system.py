"""The transition system: what every engine sees, and all that it sees.

A state is a vector of small integers, the *cells*: first the shared cells (struct fields of the objects in the
pools), then for every context its program counter and its slots for live locals.

**Contexts.** The program counter of a context is the number of a `Stop`. A stop is a place where other contexts may
run; it names the `Node` at which execution goes on. A *step* of a context begins at its stop, performs nodes one
after the other and ends when control reaches a node that is itself a stop. The step then stores the locals that are
live there into their slots, zeroes the context's other slots, and sets the program counter. What happens inside a
step is atomic. A step

* does not exist in this state when a `Wait` on its way has a false condition (all its effects are dropped) or an
  `Assume` fails;
* is *cut* when it leaves a bound (`Cut`, a store outside `lo..hi`, an `Alloc` without a free object): it is counted
  and has no successor;
* ends in a *fatal finding* (no successor, but it counts as a transition), or passes non-fatal findings and goes on.

`Choose` stands only directly at a stop; it gives the step one instance for each of its values. Every instance of a
step that exists (findings included, cuts and failed assumptions not) counts as one transition.

**Scheduling.** A context is `task` (process, kworker), `softirq` or `hardirq` on a CPU. Context c may step at its
stop unless another context d of the same CPU forbids it:

* d has a higher level and is active (`Stop.active`);
* both are tasks, and d's stop has `preempt_off`, `bh_off` or `irq_off`;
* both have the same irq level and d is active;
* d has a lower level, c is not active (it would begin), and d's stop masks it: `bh_off` or `irq_off` for a softirq,
  `irq_off` for a hardirq.

**RCU.** A context is a reader when its stop says so (`Stop.reader`). `Readers` is the set of contexts that are
readers now; bit i stands for context i. A step that leaves a stop with `reader` for one without it clears the
context's bit in all `gp_cells`, after the step's own effects. For the running context itself `Readers` uses its
static flag.

**End.** A state is terminal when no context has a step in it: none exists, none is cut, none fails an assumption.
There every context is done, idle (it may be scheduled and stands before a Wait marked idle), asleep (likewise before
a Wait with `asleep`; when that condition is true there, property `lost-wakeup` is violated) or stuck; one stuck
context violates `deadlock`. In terminal states that are no deadlock the end properties are evaluated, and `leak`:
every LIVE object of a pool with a status field must be reachable, through pointer fields that are not ghosts, from a
static object, from an object of a pool without one, or from a live slot (a slot cell with a pool) of a context that is
not done.

**Fairness.** A run may be infinite. In it a context *can* go on in a state when it is not done, its CPU lets it run,
and its step there exists, is cut or fails an assumption. A stop with `Stop.rests` (user space, or an interrupt that has
not come) obliges nobody: a run may leave the context there for ever. From a stop with `Stop.idle` (a worker whose item
may not be pending) a context goes on if it can from some moment on without a break; from every other stop, if it can
again and again. A run is fair when all contexts do so. It may end in a state in which no context can go on but from a
stop that rests; a step that ends in a fatal finding or is cut ends a run, too, of which nothing more is known.

**Goals.** A goal with an `expr` is met by a fair run in which `expr` holds in the last state, or infinitely often. A
goal of a `context` is met unless the run, from some moment on, keeps the context at stops that are `active` and do not
rest, while it takes steps for ever. A goal that some reachable fair run does not meet violates its property.

**Locks.** At an `Acquire` the context gives a use of the lock (a `LockEdge` with held = -1) and one edge from every
other lock instance that it owns (`owner` is its value: held for writing) or reads (its bit in `readers`).

Values: cells hold mathematical integers lo..hi; booleans are 0/1; pointers are 0 (NULL) or 1..n (object n-1 of the
pool); contexts as values are 0 (nobody) or 1+index. Expressions are exact (engines use 64-bit arithmetic or better);
C types wrap by explicit `Wrap` nodes.
"""

from __future__ import annotations

from dataclasses import dataclass

# ---------------------------------------------------------------- expressions


@dataclass(frozen=True, slots=True)
class Const:
    """A constant."""

    value: int


@dataclass(frozen=True, slots=True)
class Local:
    """The value of local `id` of the running context (`Context.locals[id]`)."""

    id: int


@dataclass(frozen=True, slots=True)
class Load:
    """The value of cell `field.base + index` (`TransitionSystem.fields[field]`).

    In a node an index outside `0..count-1` is an internal error: lowering puts a `Deref` or bounds test before it. In
    properties, which have no nodes, such a load gives 0.
    """

    field: int
    index: Expr


@dataclass(frozen=True, slots=True)
class Op:
    """An operator applied to arguments.

    `+ - * // % & | ^ << >>` on integers (`//` and `%` truncate as in C; division by zero and shifts outside 0..63
    give 0), `~ neg`, `== != < <= > >=` giving 0/1, `not and or` (0/1; arguments have no effects, so the order does
    not matter), `?:` (condition, then, else).
    """

    name: str
    args: tuple[Expr, ...]


@dataclass(frozen=True, slots=True)
class Wrap:
    """`arg` modulo 2**bits, read as two's complement when `signed`."""

    bits: int
    signed: bool
    arg: Expr


@dataclass(frozen=True, slots=True)
class Readers:
    """The set of contexts that are RCU readers now; the running one is in it iff `self_reader`."""

    self_reader: bool


Expr = Const | Local | Load | Op | Wrap | Readers

# ---------------------------------------------------------------- operations


@dataclass(frozen=True, slots=True)
class Let:
    """local := expr (always within the local's lo..hi, or the step is cut)."""

    local: int
    expr: Expr


@dataclass(frozen=True, slots=True)
class Store:
    """cell := expr; a value outside the field's lo..hi cuts the step."""

    field: int
    index: Expr
    expr: Expr


@dataclass(frozen=True, slots=True)
class Branch:
    """Go on at `Node.next` when cond is not 0, else at `Node.other`."""

    cond: Expr


@dataclass(frozen=True, slots=True)
class Choose:
    """local := 0, 1, ..., count-1, one step instance each. Only at a stop."""

    local: int
    count: int


@dataclass(frozen=True, slots=True)
class Wait:
    """The step exists only when cond is not 0.

    holder: a Ctx value, or with `holder_is_set` a CtxSet: who is waited for. idle: waiting here is no deadlock.
    asleep: the awaited condition of a wait_event, evaluated at the end. what: for messages.
    """

    cond: Expr
    what: str
    holder: Expr | None = None
    holder_is_set: bool = False
    idle: bool = False
    asleep: Expr | None = None


@dataclass(frozen=True, slots=True)
class Deref:
    """Fatal finding when `pointer` is NULL (`null-deref`) or its object is not live (`use-after-free`)."""

    pointer: Expr
    pool: int
    what: str


@dataclass(frozen=True, slots=True)
class Alloc:
    """local := an object of the pool, now LIVE; cut when there is none.

    The lowest object that is FREE, or FREED and not referenced: no shared cell and no slot of any context whose
    `pool` is this one holds it, and none of `live_locals` (locals of the running context, live after this node) does.
    Its fields have their initial values already: nobody writes to an object that is not live, and `Free` resets them.
    """

    local: int
    pool: int
    live_locals: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Free:
    """Reset the object's fields to their initial values and mark it FREED. Null pointers and double frees are tested by
    nodes before it.
    """

    pointer: Expr
    pool: int


@dataclass(frozen=True, slots=True)
class Finding:
    """Property `property` is violated here with `message`; the step ends here when fatal."""

    property: int
    message: str
    fatal: bool


@dataclass(frozen=True, slots=True)
class Assume:
    """The step does not exist unless cond is not 0."""

    cond: Expr


@dataclass(frozen=True, slots=True)
class Cut:
    """The step leaves a bound."""

    what: str


@dataclass(frozen=True, slots=True)
class Cover:
    """Cover sentence `id` happened."""

    id: int


@dataclass(frozen=True, slots=True)
class Acquire:
    """Lock `index` of class `lock` was just acquired: one edge from every other lock this context holds.

    bh_off, irq_off: what is masked from here on (statically known).
    """

    lock: int
    index: Expr
    write: bool
    bh_off: bool
    irq_off: bool


@dataclass(frozen=True, slots=True)
class Nop:
    """Nothing (a step that exists for its place alone, or the end of a context)."""


Operation = Let | Store | Branch | Choose | Wait | Deref | Alloc | Free | Finding | Assume | Cut | Cover | Acquire | Nop


@dataclass(frozen=True, slots=True)
class Access:
    """An access that takes part in the data-race check: cell field[index], evaluated before the node's operation.

    Two accesses of different contexts to one cell, both in steps that exist in the same state, at least one of them a
    write and at least one not marked, are a data race.
    """

    field: int
    index: Expr
    write: bool
    marked: bool


@dataclass(frozen=True, slots=True)
class Node:
    """One operation. next, other: indices of nodes in the context (-1: none). stop: number of the stop that stands
    here, or -1. statement: index into `TransitionSystem.statements`. path: index into `Context.paths`.
    """

    op: Operation
    next: int
    other: int
    stop: int
    statement: int
    path: int
    accesses: tuple[Access, ...] = ()


# ---------------------------------------------------------------- the state vector

FREE, LIVE, FREED = 0, 1, 2


@dataclass(frozen=True, slots=True)
class Field:
    """`count` equal cells from `base`: one scalar field of every object of a pool (times its array elements).

    name is `sk_psock.refcnt.refs`. pool: index of the pool its pointers refer to, or -1. labels: names of the values
    lo.., or () for plain numbers. kind: value, status, ghost, list (cells of a list), lock (owner or readers of a
    lock).
    """

    name: str
    base: int
    count: int
    lo: int
    hi: int
    pool: int
    labels: tuple[str, ...]
    kind: str


@dataclass(frozen=True, slots=True)
class Pool:
    """The objects of one struct. status: field of FREE/LIVE/FREED, or -1 when no object is ever freed or allocated.

    objects: their names. fields: (field, cells per object, initial value) of every field of the struct but status:
    object i owns the cells base + i*cells .. base + (i+1)*cells - 1. statics: so many objects, the first, are static:
    they exist from the beginning and are never freed.
    """

    name: str
    objects: tuple[str, ...]
    status: int
    fields: tuple[tuple[int, int, int], ...]
    statics: int = 0


@dataclass(frozen=True, slots=True)
class Cell:
    """One component of the state vector. name: `psock0.refcnt.refs`, or `CPU0.pc`, `CPU0.psock` for contexts.

    lo..hi are its values (0 among them for slots); pool: the pool it points into, or -1 (slots too: a slot holds
    pointers to one pool or none).
    """

    name: str
    lo: int
    hi: int
    pool: int


# ---------------------------------------------------------------- contexts


@dataclass(frozen=True, slots=True)
class Variable:
    """A local of a context (one for each inlined copy). name is the source's; labels as in Field."""

    name: str
    lo: int
    hi: int
    pool: int
    labels: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Stop:
    """A place where others may run. node: index of the node. live: (local, cell) pairs stored here.

    active: the context has begun, is not done and not idle. idle: it stands before a Wait marked idle. rests: nothing
    makes it go on: it is in user space, or an interrupt that has not come.
    """

    node: int
    live: tuple[tuple[int, int], ...]
    active: bool
    done: bool
    reader: bool
    preempt_off: bool
    bh_off: bool
    irq_off: bool
    idle: bool = False
    rests: bool = False


@dataclass(frozen=True, slots=True)
class Frame:
    """One entry of a call path: the function, its kernel file ("" if none), and the line of the call in the model."""

    function: str
    kernel_file: str
    call_file: str
    call_line: int


@dataclass(frozen=True, slots=True)
class Context:
    """One execution context. index: its position; as a value it is index+1. level: 0 task, 1 softirq, 2 hardirq.

    kind: process, kworker, softirq, hardirq, rcu_callback. slots: its cells after pc. It starts at stop 0,
    or where the initial state has it.
    """

    index: int
    name: str
    kind: str
    level: int
    cpu: int
    pc: int
    slots: tuple[int, ...]
    nodes: tuple[Node, ...]
    stops: tuple[Stop, ...]
    locals: tuple[Variable, ...]
    paths: tuple[tuple[Frame, ...], ...]


@dataclass(frozen=True, slots=True)
class Statement:
    """A source statement: model file (relative), line, its text on one line, the function it is in, its kernel file."""

    file: str
    line: int
    text: str
    function: str
    kernel_file: str


@dataclass(frozen=True, slots=True)
class LockClass:
    """Lock class `sock.sk_callback_lock`: owner field (a Ctx), readers field (a CtxSet) or -1."""

    name: str
    owner: int
    readers: int


@dataclass(frozen=True, slots=True)
class Property:
    """id: `I07`, `assert`, `deadlock`, `use-after-free`, ... kind: invariant, end, eventually, builtin.

    expr: over shared cells only (no locals), not 0 when the property holds; None for builtin ones and for `eventually`,
    which have goals.
    """

    id: str
    sentence: str
    kind: str
    expr: Expr | None


@dataclass(frozen=True, slots=True)
class Goal:
    """What every fair run comes to: see above. about: the objects, or the context, for messages."""

    property: int
    expr: Expr | None
    context: int
    about: str


@dataclass(frozen=True, slots=True)
class TransitionSystem:
    """A scenario, compiled. initial: the state vector at the beginning.

    bounds, assumptions, omissions: sentences printed with every result. begun, begun_covers: statements and covers
    that happened before the initial state, since contexts that begin with local work have done it there. promised:
    covers of the scenario's environment in code that was not built, since it cannot run.
    """

    name: str
    sentence: str
    cells: tuple[Cell, ...]
    fields: tuple[Field, ...]
    pools: tuple[Pool, ...]
    contexts: tuple[Context, ...]
    statements: tuple[Statement, ...]
    properties: tuple[Property, ...]
    covers: tuple[str, ...]
    locks: tuple[LockClass, ...]
    gp_cells: tuple[int, ...]
    initial: tuple[int, ...]
    bounds: tuple[str, ...]
    assumptions: tuple[str, ...]
    omissions: tuple[str, ...]
    begun: frozenset[int] = frozenset()
    begun_covers: frozenset[int] = frozenset()
    promised: frozenset[int] = frozenset()
    goals: tuple[Goal, ...] = ()

    def property_index(self, id: str) -> int:
        """Index of the property with this id; KeyError when there is none."""
        for index, prop in enumerate(self.properties):
            if prop.id == id:
                return index
        raise KeyError(id)

    def race_property(self, field: int) -> int:
        """Index of the property that a data race on this field violates, or -1.

        A field may have a property of its own, `data-race(sock.sk_prot)`; all others share `data-race`.
        """
        own = f"data-race({self.fields[field].name})"
        found = {p.id: i for i, p in enumerate(self.properties) if p.id in ("data-race", own)}
        return found.get(own, found.get("data-race", -1))
