"""Constant values of any type: defaults of fields, values of instances, arguments in scenarios."""

from __future__ import annotations

import ast

from psockmc.lang import tree
from psockmc.lang.conversions import SCALARS
from psockmc.lang.expressions import Expressions, Surroundings
from psockmc.lang.scope import Module
from psockmc.lang.types import StructType, Type, show
from psockmc.lang.world import World


def constant(
    world: World,
    module: Module,
    node: ast.expr,
    target: Type,
    what: str,
    code: str = "E0509",
    *,
    instances: bool = False,
) -> tree.Expr:
    """A literal, a function or (where allowed) an instance of the type `target`; raises Refused.

    what: what it is for, as messages say it; code: of the diagnostic when the type is wrong.
    """
    if not isinstance(target, (*SCALARS, StructType)):
        help = "leave it out and fill it in the setup function"
        message = f"{what} has the type `{show(target)}`, which has no constants"
        raise module.file.refuse("E0210", node, message, label="no constant", help=help)
    value = Expressions(world, module, Surroundings()).converted(node, target, code, what)
    allowed = (tree.Literal, tree.FunctionRef, tree.InstanceRef) if instances else (tree.Literal, tree.FunctionRef)
    if isinstance(value, allowed):
        return value
    help = "write a literal, a member of an enumeration, a function" + (" or an instance" if instances else "")
    raise module.file.refuse("E0210", node, f"{what} must be a constant", label="not constant", help=help)
