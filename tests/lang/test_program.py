"""What correct source text becomes: names resolved, types, and the forms that arrive as others."""

from __future__ import annotations

from pathlib import Path

import pytest

from psockmc.lang import ModelErrors, load_program, load_source, tree
from psockmc.lang.types import (
    Bool,
    Bounded,
    CInt,
    ContextSet,
    FlagsType,
    FunctionPointer,
    Pointer,
    StructType,
    Type,
    Void,
    show,
)
from psockmc.lang.walk import all_expressions, statements

FOLDER = Path(__file__).parent / "diagnostics"

HEAD = """
from psockmc.lang import (NULL, READ_ONCE, Array, Callable, Const, Ctx, CtxSet, Enum, Flags, GFP_ATOMIC, Ghost, Int, ListHead,
    Ptr, Struct, atomic, check, choose, count, current, current_bit, kernel, kzalloc, list_empty, live, pure, s32, test_bit,
    u8, u16, u32, u64, user)
from psockmc.kernel.spinlock import spin_lock, spinlock_t
class bits(Flags):
    TX = 0
    RX = 3
class verdict(Enum):
    SK_DROP = 0
    SK_PASS = 1
class inner(Struct):
    n: u32
    small: Int[0, 3]
class sock(Struct):
    lock: spinlock_t
    inner: inner
    next: Ptr[sock]
    b: u8
    h: u16
    n: u32
    big: u64
    i: s32
    flags: bits
    v: verdict
    ok: bool
    set: CtxSet
    a: Array[u32, 2]
    items: ListHead[sock]
    ready: Callable[[Ptr[sock]], bool]
@kernel("net/core/sock.c")
def ready(sk: Ptr[sock]) -> bool:
    return True
"""


def function(body: str, params: str = "sk: Ptr[sock], n: u32") -> tree.Function:
    """The typed function `f` with this body."""
    indented = "\n".join(f"    {line}" for line in body.strip().splitlines())
    return load_source(f"{HEAD}\n@user\ndef f({params}) -> None:\n{indented}\n").functions["f"]


def value(expr: str) -> tree.Expr:
    """The typed expression that is assigned to a local."""
    statement = function(f"x = {expr}").body[-1]
    assert isinstance(statement, tree.Assign)
    return statement.value


def codes(body: str) -> list[str]:
    with pytest.raises(ModelErrors) as caught:
        function(body)
    return [d.code for d in caught.value.diagnostics]


def test_every_form_of_the_language_is_accepted() -> None:
    program = load_program(FOLDER, [FOLDER / "everything.py"])
    assert {"work", "might_sleep", "prepare_to_wait"} <= set(program.functions)
    assert program.sources["everything.py"].startswith('"""Every form')


@pytest.mark.parametrize(
    ("expr", "expected"),
    [
        ("3", Bounded(3, 3)),
        ("2 + 3 * 4", Bounded(14, 14)),
        ("-7 // 2", Bounded(-3, -3)),
        ("-7 % 2", Bounded(-1, -1)),
        ("~0", Bounded(-1, -1)),
        ("sk.inner.small", Bounded(0, 3)),
        ("sk.inner.small + sk.inner.small", Bounded(0, 6)),
        ("sk.inner.small - 1", Bounded(-1, 2)),
        ("sk.ok + 1", Bounded(1, 2)),
        ("True", Bool()),
        ("sk.ok & sk.ok", Bool()),
        ("not sk.next", Bool()),
        ("sk.n and sk.ok", Bool()),
        ("TX if False else RX", None),
        ("sk.flags | 1 << RX", "bits"),
        ("~sk.flags & sk.flags", "bits"),
        ("sk.set & ~current_bit()", ContextSet()),
        ("sk.next if sk.ok else NULL", Pointer("sock")),
        ("sk.next == NULL", Bool()),
        ("ready", FunctionPointer((Pointer("sock"),), Bool())),
        ("sk.a[n]", "u32"),
        ("choose(3)", Bounded(0, 2)),
        ("choose()", Bool()),
        ("kzalloc(sock, GFP_ATOMIC)", Pointer("sock")),
    ],
)
def test_type_of_an_expression(expr: str, expected: Type | str | None) -> None:
    if expected is None:
        assert codes(f"x = {expr}") == ["E0209"]
    elif isinstance(expected, str):
        assert show(value(expr).type) == expected
    else:
        assert value(expr).type == expected


@pytest.mark.parametrize(
    ("expr", "expected"),
    [
        ("sk.b + sk.b", "s32"),
        ("sk.b + 1", "s32"),
        ("sk.h - sk.i", "s32"),
        ("sk.n + sk.i", "u32"),
        ("sk.n - 1", "u32"),
        ("sk.n + 0xFFFFFFFF", "u32"),
        ("sk.big + sk.i", "u64"),
        ("sk.n + sk.inner.small", "u32"),
        ("sk.b << sk.big", "s32"),
        ("1 << sk.big", "s32"),
        ("0xFFFFFFFF0 >> sk.big", None),
        ("sk.big >> 1", "u64"),
        ("-sk.n", "u32"),
        ("-sk.b", "s32"),
        ("~sk.big", "u64"),
        ("sk.i + 0xFFFFFFFF", None),
        ("sk.n if sk.ok else sk.i", "u32"),
        ("sk.n if sk.ok else 0", "u32"),
    ],
)
def test_c_conversions(expr: str, expected: str | None) -> None:
    if expected is None:
        assert codes(f"x = {expr}") == ["E0211"]
    else:
        assert show(value(expr).type) == expected


@pytest.mark.parametrize(
    ("expr", "common"),
    [
        ("sk.n < sk.i", "u32"),
        ("sk.b < sk.i", "s32"),
        ("sk.big == -1", "u64"),
        ("3 < 4", "Int[3, 4]"),
        ("sk.ok == True", "bool"),
        ("sk.ok == 1", "Int[0, 1]"),
        ("NULL != sk.next", "Ptr[sock]"),
        ("sk.v == SK_PASS", "verdict"),
        ("sk.set == 0", "CtxSet"),
        ("0 == sk.flags", "bits"),
        ("sk.ready == ready", "Callable[[Ptr[sock]], bool]"),
    ],
)
def test_common_type_of_a_comparison(expr: str, common: str) -> None:
    compared = value(expr)
    assert isinstance(compared, tree.Binary)
    assert compared.common is not None
    assert show(compared.common) == common


def test_other_operators_have_no_common_type() -> None:
    summed = value("sk.n + 1")
    assert isinstance(summed, tree.Binary)
    assert summed.common is None


@pytest.mark.parametrize(
    ("expr", "number"),
    [("1 << RX", 8), ("1 << TX | 1 << RX", 9), ("~(1 << RX)", 1), ("1 << TX & 1 << RX", 0), ("1 << TX ^ 1 << RX", 9)],
)
def test_constant_flag_words_are_folded(expr: str, number: int) -> None:
    literal = value(expr)
    assert isinstance(literal, tree.Literal)
    assert literal.value == number
    assert isinstance(literal.type, FlagsType)


def test_a_literal_keeps_its_spelling() -> None:
    literal = value("0x10")
    assert isinstance(literal, tree.Literal)
    assert (literal.value, literal.text) == (16, "0x10")


def test_a_struct_and_a_function_may_share_their_name() -> None:
    program = load_source(
        """
from psockmc.lang import Ptr, Struct, kernel
class sk_psock(Struct):
    next: Ptr[sk_psock]
@kernel("include/linux/skmsg.h")
def sk_psock(p: Ptr[sk_psock]) -> Ptr[sk_psock]:
    psock = sk_psock(p)
    return psock.next
"""
    )
    assert program.functions["sk_psock"].locals["psock"] == Pointer("sk_psock")


# ---------------------------------------------------------------- locals


def test_null_and_a_pointer_join_to_the_pointer() -> None:
    assert function("p = NULL\np = sk.next").locals["p"] == Pointer("sock")


def test_constants_join_to_their_hull() -> None:
    assert function("x = 5\nif n:\n    x = -1").locals["x"] == Bounded(-1, 5)


def test_a_constant_and_a_c_integer_join_to_the_c_integer() -> None:
    assert show(function("x = 0\nx = sk.n").locals["x"]) == "u32"


def test_a_local_may_get_its_type_from_a_later_assignment() -> None:
    checked = function("x = 0\nwhile sk.ok:\n    y = x\n    x = sk.n")
    assert show(checked.locals["y"]) == "u32"


def test_an_annotation_decides() -> None:
    assert show(function("x: u8 = 0\nx = x + 1").locals["x"]) == "u8"


def test_loop_variables_have_types() -> None:
    checked = function("for i in range(2, 5):\n    pass\nfor s in sk.items:\n    pass\nfor j in range(0):\n    pass")
    assert (checked.locals["i"], checked.locals["s"]) == (Bounded(2, 4), Pointer("sock"))


def test_locals_with_two_types_are_refused_where_the_second_is_assigned() -> None:
    assert codes("x = sk.n\nx = sk.next") == ["E0509"]


def test_a_comprehension_variable_is_no_local() -> None:
    assert set(function('check(all(s.n == 0 for s in sock), "zero")').locals) == {"sk", "n"}


# ---------------------------------------------------------------- statements


def test_augmented_assignment_reads_and_writes_one_place() -> None:
    (statement,) = function("sk.n += 2").body
    assert isinstance(statement, tree.Assign)
    assert isinstance(statement.value, tree.Binary)
    assert statement.value.left == statement.target


def test_augmented_assignment_loads_the_way_to_its_place_once() -> None:
    checked = function("sk.next.inner.n += 1\nsk.next.a[sk.n] -= 1")
    loads = [e for e in all_expressions(checked.body) if isinstance(e, tree.FieldOf) and e.name == "next"]
    assert len(loads) == 2
    kept = [s.target.name for s in checked.body if isinstance(s, tree.Assign) and isinstance(s.target, tree.Var)]
    assert kept == ["sk.next", "sk.next", "sk.n"]
    assert checked.locals["sk.next"] == Pointer("sock")


def test_a_declaration_and_pass_become_nothing() -> None:
    assert function("x: u32\npass").body == ()


def test_the_docstring_is_not_a_statement() -> None:
    checked = function('"""What it does."""\nsk.n = 0')
    assert (checked.doc, len(checked.body)) == ("What it does.", 1)


def test_spans_of_blocks_cover_their_head_only() -> None:
    (statement,) = function("if n:\n    sk.n = 0\nelif sk.ok:\n    sk.n = 1").body
    assert isinstance(statement, tree.If)
    assert statement.span.line == statement.span.end_line
    (inner,) = statement.other
    assert inner.span.line == statement.span.line + 2


def test_an_embedded_struct_is_passed_by_reference() -> None:
    (statement,) = function("spin_lock(sk.lock)").body
    assert isinstance(statement, tree.Evaluate)
    assert isinstance(statement.value, tree.Call)
    assert statement.value.args[0].type == StructType("spinlock_t")


def test_a_call_through_a_pointer() -> None:
    (statement,) = function("sk.ready(sk)").body
    assert isinstance(statement, tree.Evaluate)
    assert isinstance(statement.value, tree.CallPointer)


def test_a_local_function_pointer_can_be_called() -> None:
    checked = function("cb = READ_ONCE(sk.ready)\nif cb:\n    cb(sk)")
    assert any(isinstance(e, tree.CallPointer) for e in all_expressions(checked.body))


def test_both_operands_of_a_logical_chain_have_spans() -> None:
    chained = value("sk.ok and n and sk.n")
    assert isinstance(chained, tree.Binary)
    assert isinstance(chained.left, tree.Binary)
    assert chained.span.end_column > chained.left.span.end_column


def test_quantifier_over_objects_lists_and_arrays() -> None:
    body = """
check(all(s.n == 0 for s in sock if s.ok if live(s)), "objects")
check(any(s == sk for s in sk.items), "list")
check(count(x for x in sk.a) < 2, "array")
"""
    found = [e for e in all_expressions(function(body).body) if isinstance(e, tree.Quantifier)]
    assert [(q.kind, q.struct, q.place is None, show(q.var_type)) for q in found] == [
        ("all", "sock", True, "Ptr[sock]"),
        ("any", "", False, "Ptr[sock]"),
        ("count", "", False, "u32"),
    ]
    assert isinstance(found[0].cond, tree.Binary)


def test_wait_event_brings_its_primitives() -> None:
    text = """
from psockmc.kernel.wait import wait_queue_head
from psockmc.lang import Ptr, Struct, user, wait_event
class sock(Struct):
    wq: wait_queue_head
    ok: bool
@user
def f(sk: Ptr[sock]) -> None:
    wait_event(sk.wq, sk.ok)
"""
    program = load_source(text)
    assert {"prepare_to_wait", "finish_wait", "might_sleep"} <= set(program.functions)
    assert any(isinstance(s, tree.WaitEvent) for s in statements(program.functions["f"].body))


def test_gfp_kernel_brings_might_sleep() -> None:
    program = load_source("from psockmc.lang import GFP_KERNEL\n")
    assert "might_sleep" in program.functions


# ---------------------------------------------------------------- declarations


def test_the_sample_scenario() -> None:
    scenario = load_program(FOLDER, [FOLDER / "everything.py"]).scenarios["two_writers"]
    assert scenario.properties == ("I01_has_data", "ends_empty")
    assert scenario.expect == {"data-race": "VIOLATED", "I02": "HOLDS"}
    assert scenario.why == {"data-race": "the flags are read without the lock", "I02": "spelt out"}
    assert (scenario.setup, scenario.may_fail, scenario.workers_cpu) == ("prepare", ("item",), 1)
    assert [(r.kind, r.function, r.cpu, r.name) for r in scenario.run] == [
        ("process", "work", 0, "writer"),
        ("softirq", "sock_def_readable", 0, ""),
        ("hardirq", "sock_def_readable", -1, ""),
    ]


def test_the_sample_structs() -> None:
    structs = load_program(FOLDER, [FOLDER / "everything.py"]).structs
    assert (structs["item"].short, structs["sock"].short) == ("it", "sock")
    assert structs["spinlock_t"].lock
    protocol, puts, flags = (structs["sock"].field(name) for name in ("protocol", "puts", "flags"))
    assert protocol is not None
    assert protocol.const
    assert isinstance(protocol.default, tree.Literal)
    assert puts is not None
    assert puts.ghost
    assert flags is not None
    assert isinstance(flags.default, tree.Literal)
    assert flags.default.value == 3


def test_the_sample_functions() -> None:
    functions = load_program(FOLDER, [FOLDER / "everything.py"]).functions
    freed, prop = functions["item_free"], functions["ends_empty"]
    assert (freed.role, freed.kernel_file, freed.recursion, freed.result) == ("kernel", "net/core/sock.c", 2, Void())
    assert (prop.role, prop.property_id, prop.sentence) == ("at_end", "I02", "queues end empty")
    worker = functions["rcu_do_batch"]
    assert (worker.per_struct, worker.per_kind) == ("rcu_head", "rcu_callback")


def test_the_sample_instances() -> None:
    instance = load_program(FOLDER, [FOLDER / "everything.py"]).instances["sock0"]
    assert instance.struct == "sock"
    assert isinstance(instance.values["ready"], tree.FunctionRef)


# ---------------------------------------------------------------- variants


def variant(tmp_path: Path, text: str) -> tree.Program:
    path = tmp_path / "variant.py"
    path.write_text(text, encoding="utf-8")
    return load_program(FOLDER, [FOLDER / "base.py"], [path])


def test_a_replacement_takes_the_name_and_the_role_of_the_original(tmp_path: Path) -> None:
    program = variant(
        tmp_path,
        """
from base import count_up, sock
from psockmc.lang import Ptr, replaces
@replaces(count_up)
def by_two(sk: Ptr[sock]) -> None:
    sk.n += 2
    if sk.n < 10:
        by_two(sk)
""",
    )
    assert "by_two" not in program.functions
    replacement = program.functions["count_up"]
    assert (replacement.variant, replacement.kernel_file, replacement.role) == ("count_up", "net/core/sock.c", "kernel")
    assert [e.function for e in all_expressions(replacement.body) if isinstance(e, tree.Call)] == ["count_up"]
    assert program.replaced["count_up"].span.file == "base.py"


def test_a_variant_may_define_further_functions(tmp_path: Path) -> None:
    program = variant(
        tmp_path,
        """
from base import count_up, sock
from psockmc.lang import Ptr, kernel, replaces, u32
STEP = 2
@kernel("net/core/sock.c")
def step() -> u32:
    return STEP
@replaces(count_up)
def count_up(sk: Ptr[sock]) -> None:
    sk.n += step()
""",
    )
    assert {"count_up", "count_down", "step"} <= set(program.functions)


def test_the_original_is_checked_too(tmp_path: Path) -> None:
    base = tmp_path / "base.py"
    base.write_text(
        (FOLDER / "base.py").read_text(encoding="utf-8").replace("sk.n += 1", "sk.m += 1"), encoding="utf-8"
    )
    path = tmp_path / "variant.py"
    path.write_text(
        "from base import count_up, sock\nfrom psockmc.lang import Ptr, replaces\n"
        "@replaces(count_up)\ndef count_up(sk: Ptr[sock]) -> None:\n    sk.n = 1\n",
        encoding="utf-8",
    )
    with pytest.raises(ModelErrors) as caught:
        load_program(tmp_path, [base], [path])
    assert [d.code for d in caught.value.diagnostics] == ["E0505"]


def test_c_integers_are_what_they_are_called() -> None:
    x = value("sk.n")
    assert x.type == CInt("u32", 32, False)
