"""`all(...)`, `any(...)` and `count(...)`: statements about every object, element or list entry."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from psockmc.lang import tree
from psockmc.lang.types import ArrayType, Bool, Bounded, ListType, Pointer, StructType, Type, show
from psockmc.lang.words import Word

if TYPE_CHECKING:
    from psockmc.lang.expressions import Expressions

MOST = 2**16 - 1
"""No pool, list or array has more members: the upper bound of what `count` gives."""


class Quantifiers:
    """Checks quantifiers inside of the expressions that it belongs to."""

    def __init__(self, expressions: Expressions) -> None:
        self.expressions = expressions
        self.file = expressions.file

    def quantifier(self, node: ast.Call, word: Word) -> tree.Expr:
        """`word(body for x in domain if cond)`; raises Refused."""
        form = f"write `{word.name}(condition for x in T)`, with a struct, an array or a list behind `in`"
        if not self.expressions.around.properties:
            message = f"`{word.name}` is reserved for properties, `check` and `assume`"
            help = "code looks at one object after the other: use a loop"
            raise self.file.refuse("E0603", node, message, label="not in code", help=help)
        match node:
            case ast.Call(
                args=[ast.GeneratorExp(elt=body, generators=[ast.comprehension(target=ast.Name() as var) as part])],
                keywords=[],
            ) if not part.is_async:
                return self._over(node, word, var, part, body)
        message = f"`{word.name}` takes one comprehension with one `for`"
        raise self.file.refuse("E0503", node, message, label="not this form", help=form)

    def _over(self, node: ast.Call, word: Word, var: ast.Name, part: ast.comprehension, body: ast.expr) -> tree.Expr:
        var_type, struct, place = self._domain(part.iter)
        if var.id in self.expressions.around.locals or var.id in self.expressions.module.values:
            help = "choose another name for the variable"
            raise self.file.refuse("E0416", var, f"`{var.id}` has a meaning here already", label="hidden", help=help)
        inner = self.expressions.with_locals({var.id: var_type})
        cond: tree.Expr | None = None
        for test in part.ifs:
            tested = inner.condition(test)
            span = self.file.span(part.ifs[0], until=test)
            cond = tested if cond is None else tree.Binary("and", cond, tested, Bool(), span)
        result: Type = Bounded(0, MOST) if word.name == "count" else Bool()
        span = self.file.span(node)
        return tree.Quantifier(word.name, var.id, var_type, struct, place, cond, inner.condition(body), result, span)

    def _domain(self, node: ast.expr) -> tuple[Type, str, tree.Expr | None]:
        """The type of the variable, the struct whose objects it ranges over ("" for a place), and the place."""
        is_local = isinstance(node, ast.Name) and node.id in self.expressions.around.locals
        is_type = isinstance(node, ast.Name) and self.expressions.module.type_symbol(node) is not None
        if isinstance(node, ast.Name) and not is_local and (is_type or node.id not in self.expressions.module.values):
            struct = self.expressions.types.struct(node)
            return Pointer(struct), struct, None
        place = self.expressions.any(node)
        match place.type:
            case ListType(struct):
                return Pointer(struct), "", place
            case ArrayType(element) if not isinstance(element, StructType):
                return element, "", place
        message = f"a value of type `{show(place.type)}` cannot be ranged over"
        help = "range over a struct (its live objects), a `ListHead` or an `Array` of plain values"
        raise self.file.refuse("E0503", node, message, label="not a domain", help=help)
