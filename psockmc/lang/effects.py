"""What functions can do, summed up over everything that they call."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from psockmc.lang import tree
from psockmc.lang.types import ArrayType, ListType, StructType, Type
from psockmc.lang.walk import all_expressions, statements
from psockmc.lang.words import WORDS

SIMPLE_STATEMENTS = (tree.If, tree.Return)
"""Statements of which a property function may consist."""


class Effects:
    """Answers about the functions of one program."""

    def __init__(
        self,
        functions: Mapping[str, tree.Function],
        structs: Mapping[str, tree.Struct],
        instances: Iterable[tree.Instance],
    ) -> None:
        self.functions = functions
        self.structs = structs
        self.instances = tuple(instances)
        self.targets = self._address_taken()
        self.stepping = self._closure(self._steps)
        self.choosing = self._closure(_chooses)
        self.impure = self._closure(lambda e: _does(e) is not None, lambda s: not _is_simple(s))

    def _closure(
        self, direct: Callable[[tree.Expr], bool], statement: Callable[[tree.Stmt], bool] = lambda s: False
    ) -> frozenset[str]:
        """Functions with an expression that is `direct` or a statement that is `statement`, and all their callers."""
        found: set[str] = set()
        callers: dict[str, set[str]] = {}
        for name, function in self.functions.items():
            for expr in all_expressions(function.body):
                for called in self.called(expr):
                    callers.setdefault(called, set()).add(name)
                if direct(expr):
                    found.add(name)
            if any(statement(s) for s in statements(function.body)):
                found.add(name)
        pending = list(found)
        while pending:
            new = callers.get(pending.pop(), set()) - found
            found |= new
            pending.extend(new)
        return frozenset(found)

    # ------------------------------------------------------------ calls

    def _address_taken(self) -> Mapping[Type, frozenset[str]]:
        """The functions that some code or some initial value uses as a value, by signature."""
        taken: dict[Type, frozenset[str]] = {}
        values = [value for instance in self.instances for value in instance.values.values()]
        values += [f.default for struct in self.structs.values() for f in struct.fields if f.default is not None]
        for function in self.functions.values():
            values.extend(all_expressions(function.body))
        for value in values:
            if isinstance(value, tree.FunctionRef):
                taken[value.type] = taken.get(value.type, frozenset()) | {value.name}
        return taken

    def called(self, expr: tree.Expr) -> frozenset[str]:
        """The functions that this node itself may call."""
        match expr:
            case tree.Call(function=name):
                return frozenset({name})
            case tree.CallPointer(target=target):
                return self.targets.get(target.type, frozenset())
            case _:
                return frozenset()

    # ------------------------------------------------------------ steps

    def _steps(self, expr: tree.Expr) -> bool:
        """Whether evaluating this node itself (not its operands) can be a step."""
        match expr:
            case tree.FieldOf(type=StructType() | ArrayType() | ListType()):
                return False
            case tree.FieldOf():
                return not self._is_quiet(expr)
            case tree.ElementOf(base=base):
                return not (isinstance(base, tree.FieldOf) and self._is_quiet(base))
            case tree.CallPointer():
                return True
            case tree.Intrinsic(name=name):
                return WORDS[name].step
            case _:
                return False

    def _is_quiet(self, place: tree.FieldOf) -> bool:
        """Whether accesses to a field are no steps."""
        field = self.structs[place.struct].field(place.name)
        return field is not None and (field.const or field.ghost)

    def is_step(self, expr: tree.Expr) -> bool:
        """Whether evaluating this node itself can be a step, with what it calls."""
        return self._steps(expr) or bool(self.called(expr) & self.stepping)

    def can_step(self, block: tuple[tree.Stmt, ...]) -> bool:
        """Whether anything in a block can take a step."""
        if any(isinstance(s, tree.WaitEvent | tree.ForList | tree.Check) for s in statements(block)):
            return True
        return any(self.is_step(expr) for expr in all_expressions(block))

    # ------------------------------------------------------------ effects

    def effect(self, expr: tree.Expr) -> str | None:
        """What evaluating this node itself does beyond reading memory, as messages say it; None: nothing."""
        if isinstance(expr, tree.Call):
            return f"calls `{expr.function}`, which does more than read" if expr.function in self.impure else None
        return _does(expr)


def _chooses(expr: tree.Expr) -> bool:
    """Whether this node makes a choice; an allocation may choose to fail."""
    return isinstance(expr, tree.Intrinsic) and expr.name in ("choose", "arbitrary", "kzalloc")


def _does(expr: tree.Expr) -> str | None:
    match expr:
        case tree.CallPointer():
            return "calls through a pointer"
        case tree.Intrinsic(name=name) if WORDS[name].effects:
            return f"does more than read: `{name}`"
        case tree.Intrinsic(name=name) if not WORDS[name].condition:
            return f"cannot ask for `{name}`"
        case _:
            return None


def _is_simple(statement: tree.Stmt) -> bool:
    """Whether a property may contain this statement: it reads as one expression."""
    return isinstance(statement, SIMPLE_STATEMENTS)
