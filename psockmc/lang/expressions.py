"""Expressions: from syntax to typed trees, names resolved and every type checked."""

from __future__ import annotations

import ast
from collections.abc import Mapping
from dataclasses import dataclass, field

from psockmc.lang import tree
from psockmc.lang.annotations import TypeReader, operator_text
from psockmc.lang.calls import Calls
from psockmc.lang.conversions import (
    SCALARS,
    OutOfRange,
    as_integer,
    assignable,
    comparison_type,
    constant_fits,
    is_condition,
    is_constant,
    join,
    operator_type,
    undefined,
    usual_conversions,
    value_range,
)
from psockmc.lang.diagnostics import Refused, did_you_mean
from psockmc.lang.quantifiers import Quantifiers
from psockmc.lang.refusals import EXPRESSION_HELP
from psockmc.lang.scope import Module, Symbol, SymbolKind
from psockmc.lang.types import (
    CONTEXTS,
    ArrayType,
    BitName,
    Bool,
    Bounded,
    CInt,
    ContextSet,
    ContextType,
    FlagsType,
    FunctionPointer,
    ListType,
    Null,
    Pointer,
    StructType,
    Type,
    Void,
    show,
)
from psockmc.lang.words import WORDS, Kind
from psockmc.lang.world import World

_COMPARISONS: dict[type[ast.cmpop], str] = {
    ast.Eq: "==",
    ast.NotEq: "!=",
    ast.Lt: "<",
    ast.LtE: "<=",
    ast.Gt: ">",
    ast.GtE: ">=",
}


_WHOLES: dict[type[Type], tuple[str, str]] = {
    StructType: ("struct", "name one of its fields, or pass it to a function that takes the struct"),
    ArrayType: ("array", "name one of its elements: `x.f[i]`"),
    ListType: ("list", "use `list_empty`, `list_first_entry_or_null` or `for entry in ...`"),
}


class Untyped(Refused):
    """A local is used whose type is not known (yet); that is reported where the local is assigned."""

    def __init__(self, name: str) -> None:
        super().__init__(None)
        self.name = name


@dataclass
class Surroundings:
    """Where an expression stands.

    role: of the function around it, "" at module level. locals: types of the function's locals; None: known, but its
    definition was refused. properties: in a property, `check` or `assume`, where quantifiers and `live` are allowed.
    """

    role: str = ""
    locals: dict[str, Type | None] = field(default_factory=dict)
    properties: bool = False


class Expressions:
    """Checks the expressions of one function (or of module level). Every method raises Refused."""

    def __init__(self, world: World, module: Module, around: Surroundings) -> None:
        self.world = world
        self.module = module
        self.file = module.file
        self.around = around
        self.types = TypeReader(world, module)
        self.calls = Calls(self)
        self.quantifiers = Quantifiers(self)

    # ------------------------------------------------------------ entry points

    def value(self, node: ast.expr) -> tree.Expr:
        """An expression that has a plain value: something a local could hold."""
        expr = self.any(node)
        self.require_scalar(node, expr)
        return expr

    def require_scalar(self, node: ast.expr, expr: tree.Expr) -> None:
        """Refuses what a local could not hold: nothing, an embedded struct, an array, a list."""
        if isinstance(expr.type, (*SCALARS, Null, BitName)):
            return
        if isinstance(expr.type, Void):
            message = "this call returns nothing"
            help = "call it in a statement of its own"
            raise self.file.refuse("E0513", node, message, label="no value", help=help)
        what, help = _WHOLES[type(expr.type)]
        message = f"an embedded {what} is not a value"
        raise self.file.refuse("E0513", node, message, label=f"of type `{show(expr.type)}`", help=help)

    def condition(self, node: ast.expr) -> tree.Expr:
        """An expression that is true or false as in C."""
        expr = self.value(node)
        if is_condition(expr.type):
            return expr
        help = "compare it: `==` or `!=`"
        message = f"a value of type `{show(expr.type)}` is neither true nor false"
        raise self.file.refuse("E0510", node, message, label="not a condition", help=help)

    def converted(self, node: ast.expr, target: Type, code: str, what: str) -> tree.Expr:
        """A value that fits `target`; else a diagnostic with `code` in which `what` says what it is for."""
        if isinstance(target, StructType):
            return self._reference(node, target, code, what)
        expr = self.value(node)
        self.require_fit(node, expr.type, target, code, what)
        return expr

    def require_fit(self, node: ast.AST, source: Type, target: Type, code: str, what: str) -> None:
        """Refuses a value of type `source` where `target` is required."""
        if not assignable(source, target):
            message = f"{what} has the type `{show(target)}`, not `{show(source)}`"
            label = f"this is `{show(source)}`"
            raise self.file.refuse(code, node, message, label=label, help=_conversion_help(source, target))
        if not constant_fits(source, target):
            assert isinstance(source, Bounded)
            range_ = value_range(target) if isinstance(target, CInt) else target
            help = f"its values are {range_.lo} to {range_.hi}" if isinstance(range_, Bounded) else ""
            message = f"{source.lo} is out of range for {what}, which has the type `{show(target)}`"
            raise self.file.refuse("E0211", node, message, label="out of range", help=help)

    def _reference(self, node: ast.expr, target: StructType, code: str, what: str) -> tree.Expr:
        """An argument for a parameter of struct type: a struct embedded in an object."""
        expr = self.any(node)
        if expr.type == target:
            return expr
        help = f"pass a field of type `{target.name}`, as in `f(object.field)`"
        if expr.type == Pointer(target.name):
            help = f"embed the `{target.name}` in a struct of its own and pass that field"
        message = f"{what} has the type `{show(target)}`, not `{show(expr.type)}`"
        raise self.file.refuse(code, node, message, label=f"this is `{show(expr.type)}`", help=help)

    # ------------------------------------------------------------ every form

    def any(self, node: ast.expr) -> tree.Expr:
        """Any expression, of any type (embedded structs and calls without a result too)."""
        match node:
            case ast.Constant():
                return self._literal(node)
            case ast.Name():
                return self._name(node)
            case ast.Attribute():
                return self._field(node)
            case ast.Subscript():
                return self._element(node)
            case ast.UnaryOp():
                return self._unary(node)
            case ast.BinOp():
                return self._binary(node)
            case ast.BoolOp():
                return self._logical(node)
            case ast.Compare():
                return self._comparison(node)
            case ast.IfExp():
                return self._conditional(node)
            case ast.Call():
                return self.calls.call(node)
            case ast.GeneratorExp() | ast.ListComp() | ast.SetComp() | ast.DictComp():
                help = "comprehensions stand inside of `all`, `any` and `count` in properties; use a loop here"
                raise self.file.refuse("E0503", node, "a comprehension is refused here", label="refused", help=help)
        help = EXPRESSION_HELP.get(type(node), "docs/language.md, section 3, lists the expressions")
        raise self.file.refuse("E0501", node, "this expression is refused", label=type(node).__name__, help=help)

    def _literal(self, node: ast.Constant) -> tree.Expr:
        match node.value:
            case bool(value):
                return tree.Literal(int(value), Bool(), self.file.span(node), str(value))
            case int(value):
                self.types.integer(node)
                return tree.Literal(value, Bounded(value, value), self.file.span(node), self.file.written(node))
        help = "write `NULL` for no object" if node.value is None else "values are integers, `True`, `False`, `NULL`"
        message = f"the constant {self.file.written(node) or '...'} is no value of the language"
        raise self.file.refuse("E0501", node, message.splitlines()[0], label="refused", help=help)

    def _name(self, node: ast.Name) -> tree.Expr:
        if node.id in self.around.locals:
            local = self.around.locals[node.id]
            if local is None:
                raise Untyped(node.id)
            return tree.Var(node.id, local, self.file.span(node))
        if (symbol := self.module.value_symbol(node)) is not None:
            return self._symbol(node, symbol)
        if (word := self.module.word(node)) is not None:
            return self._word(node, word.name)
        if node.id in self.module.types:
            help = "write a value of it; a type stands in annotations, `kzalloc` and `container_of` only"
            raise self.file.refuse("E0501", node, f"`{node.id}` is a type, not a value", label="a type", help=help)
        raise self.module.unknown_name(node, list(self.around.locals))

    def _word(self, node: ast.Name, name: str) -> tree.Expr:
        span = self.file.span(node)
        if name == "NULL":
            return tree.Literal(0, Null(), span, name)
        if name == "NOBODY":
            return tree.Literal(0, ContextType(), span, name)
        kind = WORDS[name].kind
        help = f"call it: `{name}(...)`" if kind is Kind.CALL else f"it is {kind.value}"
        raise self.file.refuse("E0415", node, f"the word `{name}` is not a value", label="not a value", help=help)

    def _symbol(self, node: ast.Name, symbol: Symbol) -> tree.Expr:
        span = self.file.span(node)
        match symbol.kind:
            case SymbolKind.MEMBER:
                member = self.world.members.get(symbol)
                if member is None:
                    raise Refused(None)
                return tree.Literal(member.value, member.type, span, node.id)
            case SymbolKind.CONSTANT:
                number = self.types.constant(symbol)
                return tree.Literal(number, Bounded(number, number), span, node.id)
            case SymbolKind.FUNCTION:
                return self._function_value(node, symbol)
            case SymbolKind.INSTANCE:
                struct = self.world.instances.get(symbol)
                if struct is None:
                    raise Refused(None)
                return tree.InstanceRef(symbol.name, Pointer(struct), span)
        message = f"`{node.id}` is a {symbol.kind.value}, not a value"
        raise self.file.refuse("E0501", node, message, label="not a value", help="use it in a scenario")

    def _function_value(self, node: ast.Name, symbol: Symbol) -> tree.Expr:
        signature = self.world.signatures.get(symbol)
        if signature is None:
            raise Refused(None)
        if signature.is_property:
            help = "only functions that contexts run can be stored in a function pointer"
            message = f"`{node.id}` exists for properties and has no address"
            raise self.file.refuse("E0601", node, message, label="a property function", help=help)
        return tree.FunctionRef(signature.name, signature.pointer, self.file.span(node))

    # ------------------------------------------------------------ places

    def _field(self, node: ast.Attribute) -> tree.Expr:
        if isinstance(node.value, ast.Name) and node.value.id not in self.around.locals:
            self._refuse_member_access(node, node.value)
        base = self.any(node.value)
        if not isinstance(base.type, Pointer | StructType):
            message = f"a value of type `{show(base.type)}` has no fields"
            help = "fields belong to structs: `pointer.field`"
            raise self.file.refuse("E0506", node, message, label=f"`.{node.attr}` of what?", help=help)
        name = base.type.struct if isinstance(base.type, Pointer) else base.type.name
        struct = self.world.structs.get(name)
        if struct is None or (name, node.attr) in self.world.broken_fields:
            raise Refused(None)
        if (found := struct.field(node.attr)) is None:
            help = did_you_mean(node.attr, [f.name for f in struct.fields]) or f"add it to `class {name}(Struct)`"
            message = f"struct `{name}` has no field `{node.attr}`"
            raise self.file.refuse("E0505", node, message, label="unknown field", help=help)
        return tree.FieldOf(base, name, node.attr, found.type, self.file.span(node))

    def _refuse_member_access(self, node: ast.Attribute, owner: ast.Name) -> None:
        """`verdict.SK_DROP`: in C, and so here, members are used by their bare names."""
        if owner.id in self.module.values or (symbol := self.module.type_symbol(owner)) is None:
            return
        if symbol.kind in (SymbolKind.ENUM, SymbolKind.FLAGS):
            help = f"write `{node.attr}`, and import that name"
            message = f"members of `{owner.id}` are used by their bare names"
            raise self.file.refuse("E0501", node, message, label="as in C", help=help)

    def _element(self, node: ast.Subscript) -> tree.Expr:
        base = self.any(node.value)
        if not isinstance(base.type, ArrayType):
            message = f"a value of type `{show(base.type)}` has no elements"
            raise self.file.refuse("E0515", node, message, label="not an array", help="only `Array[T, N]` has an index")
        index = self.value(node.slice)
        by_context = isinstance(index.type, ContextType) and base.type.length == CONTEXTS
        if not (isinstance(index.type, Bounded | CInt) or by_context):
            message = f"an index is an integer, not `{show(index.type)}`"
            help = "an array over CONTEXTS may also be indexed by a `Ctx`"
            raise self.file.refuse("E0515", node.slice, message, label="not an integer", help=help)
        if is_constant(index.type) and isinstance(index.type, Bounded):
            value = index.type.lo
            if value < 0 or (base.type.length != CONTEXTS and value >= base.type.length):
                message = f"index {value} is outside of the array"
                help = f"it has {show(base.type)} elements" if base.type.length == CONTEXTS else ""
                help = help or f"indices are 0 to {base.type.length - 1}"
                raise self.file.refuse("E0515", node.slice, message, label="out of bounds", help=help)
        return tree.ElementOf(base, index, base.type.element, self.file.span(node))

    # ------------------------------------------------------------ operators

    def _unary(self, node: ast.UnaryOp) -> tree.Expr:
        if isinstance(node.op, ast.Not):
            return tree.Unary("not", self.condition(node.operand), Bool(), self.file.span(node))
        if isinstance(node.op, ast.UAdd):
            raise self.file.refuse("E0501", node, "a unary `+` is refused", label="refused", help="drop it")
        operand = self.value(node.operand)
        if isinstance(node.op, ast.Invert):
            return self._complement(node, operand)
        if as_integer(operand.type) is None:
            message = f"`-` does not go with `{show(operand.type)}`"
            raise self.file.refuse("E0511", node, message, label="no integer", help="only integers have a sign")
        result = self._operated(node, "-", Bounded(0, 0), operand.type)
        return self._folded(operand, operand, tree.Unary("-", operand, result, self.file.span(node)), node)

    def _complement(self, node: ast.UnaryOp, operand: tree.Expr) -> tree.Expr:
        span = self.file.span(node)
        match operand.type:
            case FlagsType():
                return self._folded_flags(tree.Unary("~", operand, operand.type, span))
            case ContextSet():
                return tree.Unary("~", operand, ContextSet(), span)
            case Bounded(lo, hi):
                expr = tree.Unary("~", operand, Bounded(~hi, ~lo), span)
                return self._folded(operand, operand, expr, node)
            case Bool():
                message = "`~` of a bool is never false"
                raise self.file.refuse("E0511", node, message, label="a bool", help="write `not`")
        result = self._operated(node, "^", operand.type, Bounded(-1, -1))
        return tree.Unary("~", operand, result, span)

    def _binary(self, node: ast.BinOp) -> tree.Expr:
        op = operator_text(node.op)
        if op is None:
            symbols = {ast.Div: ("/", "`//` divides integers"), ast.Pow: ("**", "write it as `*` or `<<`")}
            symbol, help = symbols.get(type(node.op), ("@", "docs/language.md lists the operators"))
            raise self.file.refuse("E0501", node, f"the operator `{symbol}` is refused", label="refused", help=help)
        return self.binary(node, op, self.value(node.left), self.value(node.right))

    def binary(self, node: ast.AST, op: str, left: tree.Expr, right: tree.Expr) -> tree.Expr:
        """`left op right` for operands that are checked already; node: where it stands."""
        span = self.file.span(node)
        if isinstance(right.type, BitName) and op == "<<" and left.type == Bounded(1, 1):
            flags = self.world.flags[right.type.flags]
            return self._folded_flags(tree.Binary(op, left, right, flags, span))
        result = self._operated(node, op, left.type, right.type)
        expr = tree.Binary(op, left, right, result, span)
        return self._folded_flags(expr) if isinstance(result, FlagsType) else self._folded(left, right, expr, node)

    def _operated(self, node: ast.AST, op: str, left: Type, right: Type) -> Type:
        """The type of `left op right`, or the diagnostic that says why there is none."""
        if (why := undefined(op, left, right)) is not None:
            message = f"{why} is undefined"
            raise self.file.refuse("E0511", node, message, label="undefined in C", help="choose another right side")
        try:
            result = operator_type(op, left, right)
        except OutOfRange:
            raise self._out_of_range(node, left, right) from None
        if result is None:
            help = _operand_help(left, right)
            message = f"`{op}` does not go with `{show(left)}` and `{show(right)}`"
            raise self.file.refuse("E0511", node, message, label="no such operation", help=help)
        return result

    def _out_of_range(self, node: ast.AST, left: Type, right: Type) -> Refused:
        message = f"no type of the language holds both `{show(left)}` and `{show(right)}` here"
        help = "give one operand a wider type: assign it to a local `x: u64` first"
        return self.file.refuse("E0211", node, message, label="out of range", help=help)

    def _folded(self, left: tree.Expr, right: tree.Expr, expr: tree.Binary | tree.Unary, node: ast.AST) -> tree.Expr:
        """Arithmetic on constants is a constant, written as it was."""
        literals = isinstance(left, tree.Literal) and isinstance(right, tree.Literal)
        if literals and isinstance(expr.type, Bounded) and is_constant(expr.type):
            return tree.Literal(expr.type.lo, expr.type, expr.span, self.file.written(node))
        return expr

    def _folded_flags(self, expr: tree.Binary | tree.Unary) -> tree.Expr:
        """Constant flag words: `1 << BIT`, `|` and `~` of them; the bits that have no name stay clear."""
        assert isinstance(expr.type, FlagsType)
        mask = sum(1 << bit for _, bit in expr.type.members)
        match expr:
            case tree.Unary(operand=tree.Literal(value=value)):
                return tree.Literal(~value & mask, expr.type, expr.span)
            case tree.Binary(op=op, left=tree.Literal(value=a), right=tree.Literal(value=b)):
                value = {"<<": a << b, "|": a | b, "&": a & b, "^": a ^ b}[op]
                return tree.Literal(value, expr.type, expr.span)
        return expr

    def _logical(self, node: ast.BoolOp) -> tree.Expr:
        op = "and" if isinstance(node.op, ast.And) else "or"
        expr = self.condition(node.values[0])
        for value in node.values[1:]:
            span = self.file.span(node.values[0], until=value)
            expr = tree.Binary(op, expr, self.condition(value), Bool(), span)
        return expr

    def _comparison(self, node: ast.Compare) -> tree.Expr:
        if len(node.ops) > 1:
            first = self.file.span(node.left, until=node.comparators[0])
            second = self.file.span(node.comparators[0], until=node.comparators[1])
            help = f"write `{self.file.text_of(first)} and {self.file.text_of(second)}`"
            raise self.file.refuse("E0502", node, "comparisons cannot be chained", label="chained", help=help)
        op = _COMPARISONS.get(type(node.ops[0]))
        if op is None:
            help = EXPRESSION_HELP[type(node.ops[0])]
            raise self.file.refuse("E0501", node, "this comparison is refused", label="refused", help=help)
        left, right = self.value(node.left), self.value(node.comparators[0])
        try:
            common = comparison_type(op, left.type, right.type)
        except OutOfRange:
            raise self._out_of_range(node, left.type, right.type) from None
        if common is None:
            message = f"`{op}` does not compare `{show(left.type)}` with `{show(right.type)}`"
            help = _operand_help(left.type, right.type)
            raise self.file.refuse("E0511", node, message, label="different things", help=help)
        return tree.Binary(op, left, right, Bool(), self.file.span(node), common)

    def _conditional(self, node: ast.IfExp) -> tree.Expr:
        cond = self.condition(node.test)
        then, other = self.value(node.body), self.value(node.orelse)
        common = self._common(node, then.type, other.type)
        return tree.Conditional(cond, then, other, common, self.file.span(node))

    def _common(self, node: ast.IfExp, then: Type, other: Type) -> Type:
        if isinstance(then, CInt) and isinstance(other, CInt):
            return usual_conversions(then, other)
        common = join(then, other)
        if common is None:
            message = f"the two sides are `{show(then)}` and `{show(other)}`"
            help = "both sides of `a if c else b` must have one type"
            raise self.file.refuse("E0511", node, message, label="different things", help=help)
        return common

    # ------------------------------------------------------------ for calls and quantifiers

    def with_locals(self, extra: Mapping[str, Type]) -> Expressions:
        """The same surroundings with more names (the variable of a quantifier)."""
        locals = {**self.around.locals, **extra}
        return Expressions(self.world, self.module, Surroundings(self.around.role, locals, self.around.properties))


def _conversion_help(source: Type, target: Type) -> str:
    if isinstance(target, FunctionPointer) and isinstance(source, FunctionPointer):
        return "a function value must have exactly this signature"
    if isinstance(target, Bool):
        return "make it a bool: compare it, as in `x != 0` or `p != NULL`"
    if isinstance(source, Null):
        return "only pointers can be NULL; write 0 or a member of the type"
    if isinstance(source, BitName):
        return "a member of a flag word is a bit number: write `1 << NAME`, or `set_bit(NAME, x.f)`"
    return f"convert it, or change one of the two types to `{show(target)}`"


def _operand_help(left: Type, right: Type) -> str:
    if isinstance(left, BitName) or isinstance(right, BitName):
        return "a member of a flag word is a bit number: use `test_bit(NAME, x.f)`, or `1 << NAME`"
    if isinstance(left, Pointer) and isinstance(right, Pointer):
        return "pointers are compared with `==` and `!=`, and only with pointers to the same struct"
    if isinstance(left, Null) or isinstance(right, Null):
        return "only pointers are compared with NULL"
    return "both operands must be integers, or both of the same type where the operator has a meaning for it"
