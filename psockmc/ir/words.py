"""How the words of the language become nodes: marked accesses, allocation, lists, counters, waiting, findings."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import TYPE_CHECKING, Protocol

from psockmc.ir import system as ir
from psockmc.ir.flow import Lower, Raise, Static
from psockmc.ir.memory import Leaf
from psockmc.ir.places import Ref, add, multiply
from psockmc.ir.reach import embedded
from psockmc.lang import tree
from psockmc.lang.types import Bool, Bounded, ListType, Pointer

if TYPE_CHECKING:
    from psockmc.ir.inline import Inliner

FATAL = frozenset(
    (
        "null-deref",
        "use-after-free",
        "double-free",
        "bad-free",
        "null-call",
        "recursion",
        "out-of-bounds",
        "list-corruption",
        "self-deadlock",
        "undefined",
    )
)

ZERO, ONE = ir.Const(0), ir.Const(1)


class Tables(Protocol):
    """What lowering writes down once for all contexts of a scenario."""

    def property(self, kind: str) -> int:
        """Index of a built-in property."""

    def require_kind(self, kind: str, span: tree.Span) -> None:
        """Raises ModelErrors unless this is a kind of finding."""

    def require_few(self, count: int, span: tree.Span) -> None:
        """Raises ModelErrors when an arbitrary number has more values than can be tried one by one."""

    def statement(self, function: tree.Function, span: tree.Span) -> int:
        """Number of a source statement."""

    def access_text(self, statement: int) -> str:
        """What a finding at this statement calls the access: its function and text."""

    def text(self, span: tree.Span) -> str:
        """Source text of a span on one line."""

    def cover(self, sentence: str) -> int:
        """Number of a cover sentence."""

    def assumption(self, function: tree.Function, reason: str) -> None:
        """Note an atomic block's reason."""

    def promise(self, sentence: str) -> None:
        """Note a cover sentence in code that cannot run."""

    def omission(self, function: tree.Function, reason: str) -> None:
        """Note what a function leaves out."""

    def uses(self, function: tree.Function) -> None:
        """Note that a function was inlined."""

    def assigned(self, function: tree.Function) -> frozenset[str]:
        """Names that the function assigns to."""


def lower(inliner: Inliner, expr: tree.Intrinsic) -> ir.Expr:
    """The value of a word applied to its arguments; 0 for words without a value."""
    return _WORDS[expr.name](inliner, expr)


# ---------------------------------------------------------------- marked accesses


def _read(inliner: Inliner, expr: tree.Intrinsic) -> ir.Expr:
    return inliner.load(inliner.place(expr.args[0]), marked=True)


def _write(inliner: Inliner, expr: tree.Intrinsic) -> ir.Expr:
    place, value = expr.args
    ref = inliner.place(place)
    inliner.store(ref, inliner.convert(inliner.value(value), value.type, place.type), marked=True)
    return ZERO


def _exchange(inliner: Inliner, ref: Ref, new: Callable[[ir.Expr], ir.Expr], name: str) -> ir.Expr:
    """One step: read the old value, store the new one, give the old one."""
    field, index, accesses = inliner.access(ref, write=True, marked=True)
    old = inliner.local_of_type(name, ref.type)
    inliner.flow.emit(ir.Let(old, ir.Load(field, index)), accesses=accesses)
    value = new(ir.Local(old))
    inliner.expect_known(ref, value)
    inliner.flow.emit(ir.Store(field, index, value))
    known = inliner.known.value(ref, inliner.memory) if inliner.known else None
    return ir.Local(old) if known is None else ir.Const(known)


def _xchg(inliner: Inliner, expr: tree.Intrinsic) -> ir.Expr:
    place, value = expr.args
    ref = inliner.place(place)
    new = inliner.convert(inliner.value(value), value.type, place.type)
    return _exchange(inliner, ref, lambda old: new, "old")


def _cmpxchg(inliner: Inliner, expr: tree.Intrinsic) -> ir.Expr:
    place, expected, value = expr.args
    ref = inliner.place(place)
    want = inliner.convert(inliner.value(expected), expected.type, place.type)
    new = inliner.convert(inliner.value(value), value.type, place.type)
    return _exchange(inliner, ref, lambda old: ir.Op("?:", (ir.Op("==", (old, want)), new, old)), "old")


def _bit(expr: tree.Intrinsic) -> int:
    bit = expr.args[0]
    if not isinstance(bit, tree.Literal):
        raise AssertionError("a bit number is a constant")
    return bit.value


def _bit_of(old: ir.Expr, bit: int) -> ir.Expr:
    return ir.Op("&", (ir.Op(">>", (old, ir.Const(bit))), ONE))


def _test_bit(inliner: Inliner, expr: tree.Intrinsic) -> ir.Expr:
    return _bit_of(inliner.load(inliner.place(expr.args[1]), marked=True), _bit(expr))


def _change_bit(inliner: Inliner, expr: tree.Intrinsic) -> ir.Expr:
    """set_bit, clear_bit, test_and_set_bit, test_and_clear_bit: one step; the old bit."""
    bit = _bit(expr)
    on, off = ir.Const(1 << bit), ir.Const(~(1 << bit))
    change = (lambda old: ir.Op("|", (old, on))) if "set" in expr.name else (lambda old: ir.Op("&", (old, off)))
    return _bit_of(_exchange(inliner, inliner.place(expr.args[1]), change, "bits"), bit)


def _atomic_arithmetic(inliner: Inliner, expr: tree.Intrinsic) -> ir.Expr:
    value, place = expr.args
    ref = inliner.place(place)
    amount = inliner.value(value)
    sign = "+" if expr.name == "atomic_add" else "-"
    _exchange(inliner, ref, lambda old: inliner.convert(ir.Op(sign, (old, amount)), None, place.type), "old")
    return ZERO


# ---------------------------------------------------------------- objects


def _kzalloc(inliner: Inliner, expr: tree.Intrinsic) -> ir.Expr:
    struct = expr.names["struct"]
    if expr.names["gfp"] == "GFP_KERNEL":
        inliner.invoke("might_sleep", (), expr.span)
    result = inliner.local_of_type(struct, Pointer(struct))
    flow = inliner.flow
    failed = []
    if struct in inliner.may_fail:
        choice = flow.new_local("fails", 0, 1, -1, ("succeeds", "fails"))
        flow.emit(ir.Choose(choice, 2), begins=True)
        no, yes = flow.branch(ir.Local(choice))
        flow.resume(no)
        flow.emit(ir.Let(result, ZERO))
        failed = flow.dangling
        flow.resume(yes)
    else:
        flow.begin_step()
    flow.emit(ir.Alloc(result, inliner.memory.pools[struct], ()))
    flow.resume(failed, flow.dangling)
    return ir.Local(result)


def _kfree(inliner: Inliner, expr: tree.Intrinsic) -> ir.Expr:
    (arg,) = expr.args
    if not isinstance(arg.type, Pointer):
        raise AssertionError("kfree of something that is no pointer")
    struct = arg.type.struct
    pool = inliner.memory.pools[struct]
    pointer = inliner.value(arg)
    flow = inliner.flow
    some, null = flow.branch(ir.Op("!=", (pointer, ZERO)), begins=True)
    flow.resume(some)
    where = inliner.tables.access_text(flow.statement)
    dynamic = ir.Op(">", (pointer, ir.Const(inliner.memory.statics[pool])))
    _must(inliner, dynamic, "bad-free", f"{where}: frees a static object")
    status = ir.Load(inliner.memory.status[pool], ir.Op("-", (pointer, ONE)))
    _must(inliner, ir.Op("==", (status, ir.Const(ir.LIVE))), "double-free", f"{where}: freed a second time")
    for kind, leaf, what in _burdens(inliner, struct):
        for k in range(leaf.per_object):
            index = add(multiply(ir.Op("-", (pointer, ONE)), leaf.per_object), ir.Const(k))
            _must(inliner, ir.Op("==", (ir.Load(leaf.field, index), ZERO)), kind, f"{where}: {what}")
    flow.emit(ir.Free(pointer, pool))
    flow.resume(flow.dangling, null)
    return ZERO


def _must(inliner: Inliner, cond: ir.Expr, kind: str, message: str) -> None:
    """A finding unless the condition holds."""
    good, bad = inliner.flow.branch(cond)
    inliner.flow.resume(bad)
    inliner.finding(kind, message)
    inliner.flow.resume(good, inliner.flow.dangling)


def _burdens(inliner: Inliner, struct: str) -> Iterator[tuple[str, Leaf, str]]:
    """What a freed object must not have: (finding, what must be 0, message) for held locks and queued work."""
    memory = inliner.memory
    for lock in memory.lock_classes():
        root, *names = lock.name.split(".")
        if root == struct:
            name, path = ".".join(names), tuple(names)
            yield "lock-usage", memory.leaves[root, (*path, "owner")], f"frees an object whose {name} is held"
            if lock.readers >= 0:
                readers = memory.leaves[root, (*path, "readers")]
                yield "lock-usage", readers, f"frees an object whose {name} is held for reading"
    for function in memory.program.functions.values():
        if function.per_struct:
            for path in embedded(memory.program.structs, struct, function.per_struct):
                pending = memory.leaves.get((struct, (*path, "pending")))
                if pending is not None:
                    yield "use-after-free", pending, f"frees an object whose {'.'.join(path)} is still queued"


def _container_of(inliner: Inliner, expr: tree.Intrinsic) -> ir.Expr:
    ref = inliner.place(expr.args[0])
    struct, path = expr.names["struct"], tuple(expr.names["field"].split("."))
    if (ref.root, ref.path) == (struct, path):
        return ref.pointer
    message = f"container_of({struct}, {'.'.join(path)}) of {ref.root}.{'.'.join(ref.path)}"
    inliner.finding("use-after-free", message, fatal=True)
    return ZERO


# ---------------------------------------------------------------- lists


def _cells(inliner: Inliner, ref: Ref) -> tuple[int, list[ir.Expr], ir.Expr]:
    """Field of a list, the indices of its element cells, and of the last cell, which is always 0."""
    if not isinstance(ref.type, ListType):
        raise AssertionError("not a list")
    field, base = inliner.locate(ref)
    room = len(inliner.memory.objects[inliner.memory.pools[ref.type.struct]])
    return field, [add(base, ir.Const(i)) for i in range(room)], add(base, ir.Const(room))


def _begin_list(inliner: Inliner, ref: Ref, element: ir.Expr | None, *, write: bool) -> tuple[ir.Access, ...]:
    """Begin a list operation's step. Its accesses: the link at the head (marked when written, as __list_add and
    __list_del do), and the links behind it, which are plain.
    """
    field, _, last = _cells(inliner, ref)
    _, first = inliner.locate(ref)
    inliner.flow.begin_step()
    inliner.test(ref)
    if element is not None and isinstance(ref.type, ListType):
        pool = inliner.memory.pools[ref.type.struct]
        inliner.flow.emit(ir.Deref(element, pool, inliner.tables.access_text(inliner.flow.statement)))
    marked = inliner.flow.region > 0
    body = ir.Access(field, last, write, marked)
    return (body, ir.Access(field, first, True, True)) if write else (body,)


def _other_lists(inliner: Inliner, struct: str) -> list[ir.Expr]:
    """Loads of every cell of every list of such elements."""
    cells: list[ir.Expr] = []
    for leaf in inliner.memory.leaves.values():
        if leaf.type == ListType(struct):
            cells += [ir.Load(leaf.field, ir.Const(i)) for i in range(inliner.memory.fields[leaf.field].count)]
    return cells


def _list_add(inliner: Inliner, expr: tree.Intrinsic) -> ir.Expr:
    element = inliner.value(expr.args[0])
    ref = inliner.place(expr.args[1])
    flow = inliner.flow
    if inliner.known is not None:
        inliner.known.expect_change(inliner.memory.leaves[(ref.root, ref.path)])
    accesses = _begin_list(inliner, ref, element, write=True)
    if not isinstance(ref.type, ListType):
        raise AssertionError("not a list")
    present = ir.Op("or", tuple(ir.Op("==", (c, element)) for c in _other_lists(inliner, ref.type.struct)))
    twice, fresh = flow.branch(present)
    flow.nodes[-1].accesses = accesses
    flow.resume(twice)
    inliner.finding(
        "list-corruption", f"{inliner.tables.access_text(flow.statement)}: the element is on a list already"
    )
    flow.resume(fresh)
    field, cells, _ = _cells(inliner, ref)
    for i in range(len(cells) - 1, -1, -1):
        here = ir.Load(field, cells[i])
        before = ir.Load(field, cells[i - 1]) if i else None
        if expr.name == "list_add":
            flow.emit(ir.Store(field, cells[i], before if before is not None else element))
            continue
        free = ir.Op("==", (here, ZERO))
        if before is not None:
            free = ir.Op("and", (free, ir.Op("!=", (before, ZERO))))
        flow.emit(ir.Store(field, cells[i], ir.Op("?:", (free, element, here))))
    return ZERO


def _list_del(inliner: Inliner, expr: tree.Intrinsic) -> ir.Expr:
    element = inliner.value(expr.args[0])
    ref = inliner.place(expr.args[1])
    flow = inliner.flow
    accesses = _begin_list(inliner, ref, element, write=True)
    field, cells, last = _cells(inliner, ref)
    yes, no = flow.branch(_is_member(field, cells, element))
    flow.nodes[-1].accesses = accesses
    flow.resume(no)
    inliner.finding("list-corruption", f"{inliner.tables.access_text(flow.statement)}: the element is not on this list")
    flow.resume(yes)
    found = flow.new_local("found", 0, 1)
    flow.emit(ir.Let(found, ZERO))
    for here, after in zip(cells, [*cells[1:], last], strict=True):
        is_it = ir.Op("==", (ir.Load(field, here), element))
        flow.emit(ir.Let(found, ir.Op("or", (ir.Local(found), is_it))))
        shifted = ir.Op("?:", (ir.Local(found), ir.Load(field, after), ir.Load(field, here)))
        flow.emit(ir.Store(field, here, shifted))
    return ZERO


def _list_empty(inliner: Inliner, expr: tree.Intrinsic) -> ir.Expr:
    ref = inliner.place(expr.args[0])
    field, first = inliner.locate(ref)
    inliner.flow.begin_step()
    inliner.test(ref)
    number = inliner.local_of_type("empty", Bool())
    accesses = (ir.Access(field, first, False, True),)
    inliner.flow.emit(ir.Let(number, ir.Op("==", (ir.Load(field, first), ZERO))), accesses=accesses)
    return ONE if _never_filled(inliner, ref) else ir.Local(number)


def list_first(inliner: Inliner, ref: Ref) -> ir.Expr:
    """The first element or NULL: one step."""
    if not isinstance(ref.type, ListType):
        raise AssertionError("not a list")
    accesses = _begin_list(inliner, ref, None, write=False)
    field, first = inliner.locate(ref)
    number = inliner.local_of_type("first", Pointer(ref.type.struct))
    inliner.flow.emit(ir.Let(number, ir.Load(field, first)), accesses=accesses)
    return ZERO if _never_filled(inliner, ref) else ir.Local(number)


def _never_filled(inliner: Inliner, ref: Ref) -> bool:
    """Whether the list is known to be empty all the time."""
    if inliner.known is None or inliner.hoping:
        return False
    return inliner.known.value(ref, inliner.memory) == 0


def list_next(inliner: Inliner, element: ir.Expr, ref: Ref) -> ir.Expr:
    """The element after `element`, or NULL at the end: one step. The links of an element that is not on the list lead
    astray.
    """
    if not isinstance(ref.type, ListType):
        raise AssertionError("not a list")
    accesses = _begin_list(inliner, ref, element, write=False)
    field, cells, last = _cells(inliner, ref)
    flow = inliner.flow
    member, gone = flow.branch(_is_member(field, cells, element))
    flow.nodes[-1].accesses = accesses
    flow.resume(gone)
    what = inliner.tables.access_text(flow.statement)
    inliner.finding("list-corruption", f"{what}: follows an element that is not on this list (any more)")
    flow.resume(member)
    following: ir.Expr = ZERO
    for here, after in zip(cells, [*cells[1:], last], strict=True):
        is_it = ir.Op("==", (ir.Load(field, here), element))
        following = ir.Op("?:", (is_it, ir.Load(field, after), following))
    number = inliner.local_of_type("following", Pointer(ref.type.struct))
    flow.emit(ir.Let(number, following))
    return ir.Local(number)


def _is_member(field: int, cells: list[ir.Expr], element: ir.Expr) -> ir.Expr:
    return ir.Op("or", tuple(ir.Op("==", (ir.Load(field, c), element)) for c in cells))


# ---------------------------------------------------------------- contexts, counters, waiting


def _raise(counter: str) -> Callable[[Inliner, tree.Intrinsic], ir.Expr]:
    def word(inliner: Inliner, expr: tree.Intrinsic) -> ir.Expr:
        inliner.flow.emit(Raise(counter), begins=True)
        return ZERO

    return word


def _lower(counter: str, kind: str) -> Callable[[Inliner, tree.Intrinsic], ir.Expr]:
    def word(inliner: Inliner, expr: tree.Intrinsic) -> ir.Expr:
        finding = ir.Finding(inliner.tables.property(kind), f"{expr.name}() without a beginning", False)
        inliner.flow.emit(Lower(counter, finding))
        return ZERO

    return word


def fact(expr: tree.Expr) -> Static | None:
    """What a word says about the place where it stands, as a condition there; None for other expressions."""
    if isinstance(expr, tree.Intrinsic) and expr.name in ("in_atomic", "in_softirq", "rcu_held"):
        return Static(0, expr.name)
    return None


def _fact(inliner: Inliner, expr: tree.Intrinsic) -> ir.Expr:
    """As a value it is kept at once: the place where it will be used may have other counters."""
    return ir.Local(inliner.keep(expr.name, Bool(), Static(0, expr.name)))


def _wait(inliner: Inliner, expr: tree.Intrinsic) -> ir.Expr:
    cond = inliner.value(expr.args[0])
    holder, is_set = None, False
    if len(expr.args) > 1:
        holder = inliner.value(expr.args[1])
        is_set = type(expr.args[1].type).__name__ == "ContextSet"
    what = inliner.tables.access_text(inliner.flow.statement)
    inliner.flow.emit(ir.Wait(cond, what, holder, is_set, idle=expr.names.get("idle") == "yes"), begins=True)
    if inliner.known and 1 not in inliner.known.outcomes(expr.args[0]):
        inliner.flow.cut(f"internal error: {what}: thought to wait for ever, and goes on")
    return ZERO


def _acquired(inliner: Inliner, expr: tree.Intrinsic) -> ir.Expr:
    ref = inliner.place(expr.args[0])
    name = ".".join((ref.root, *ref.path))
    classes = inliner.memory.lock_classes()
    number = next(i for i, lock in enumerate(classes) if lock.name == name)
    _, index = inliner.locate(Ref(ref.root, ref.pointer, (*ref.path, "owner"), ref.index, Bool(), ref.tests))
    inliner.flow.emit(ir.Acquire(number, index, expr.names["mode"] == "write", False, False))
    return ZERO


def _holds_locks(inliner: Inliner, expr: tree.Intrinsic) -> ir.Expr:
    """Part of the step before it: nobody else takes or releases this context's locks."""
    return ir.Local(inliner.keep("holds_locks", Bool(), inliner.holds_locks()))


def _finding(inliner: Inliner, expr: tree.Intrinsic) -> ir.Expr:
    inliner.tables.require_kind(expr.names["kind"], expr.span)
    inliner.finding(expr.names["kind"], expr.names["sentence"])
    return ZERO


def _choose(inliner: Inliner, expr: tree.Intrinsic) -> ir.Expr:
    count = int(expr.names["count"])
    number = inliner.local_of_type("choice", expr.type)
    inliner.flow.emit(ir.Choose(number, count), begins=True)
    return ir.Local(number)


def _arbitrary(inliner: Inliner, expr: tree.Intrinsic) -> ir.Expr:
    """One of a few numbers is a choice; more cannot be explored."""
    lo, hi = int(expr.names["lo"]), int(expr.names["hi"])
    inliner.tables.require_few(hi - lo + 1, expr.span)
    choice = replace(expr, names={"count": str(hi - lo + 1)}, type=Bounded(0, hi - lo))
    return add(_choose(inliner, choice), ir.Const(lo))


_WORDS: dict[str, Callable[[Inliner, tree.Intrinsic], ir.Expr]] = {
    "READ_ONCE": _read,
    "rcu_dereference": _read,
    "smp_load_acquire": _read,
    "data_race": _read,
    "atomic_read": _read,
    "WRITE_ONCE": _write,
    "rcu_assign_pointer": _write,
    "RCU_INIT_POINTER": _write,
    "smp_store_release": _write,
    "atomic_set": _write,
    "xchg": _xchg,
    "cmpxchg": _cmpxchg,
    "test_bit": _test_bit,
    "set_bit": _change_bit,
    "clear_bit": _change_bit,
    "test_and_set_bit": _change_bit,
    "test_and_clear_bit": _change_bit,
    "atomic_add": _atomic_arithmetic,
    "atomic_sub": _atomic_arithmetic,
    "kzalloc": _kzalloc,
    "kfree": _kfree,
    "container_of": _container_of,
    "list_add": _list_add,
    "list_add_tail": _list_add,
    "list_del": _list_del,
    "list_empty": _list_empty,
    "list_first_entry_or_null": lambda i, e: list_first(i, i.place(e.args[0])),
    "list_next_entry_or_null": lambda i, e: list_next(i, i.value(e.args[0]), i.place(e.args[1])),
    "rcu_read_lock": _raise("rcu"),
    "rcu_read_unlock": _lower("rcu", "rcu-usage"),
    "preempt_disable": _raise("preempt"),
    "preempt_enable": _lower("preempt", "lock-usage"),
    "local_bh_disable": _raise("bh"),
    "local_bh_enable": _lower("bh", "lock-usage"),
    "local_irq_disable": _raise("irq"),
    "local_irq_enable": _lower("irq", "lock-usage"),
    "current": lambda i, e: ir.Const(i.context + 1),
    "current_bit": lambda i, e: ir.Const(1 << i.context),
    "in_task": lambda i, e: ir.Const(int(i.level == 0)),
    "in_softirq": _fact,
    "in_atomic": _fact,
    "rcu_held": _fact,
    "readers": lambda i, e: Static(0, "readers"),
    "wait": _wait,
    "acquired": _acquired,
    "finding": _finding,
    "holds_locks": _holds_locks,
    "choose": _choose,
    "arbitrary": _arbitrary,
    "wrapping": lambda i, e: i.value(e.args[0]),
}
