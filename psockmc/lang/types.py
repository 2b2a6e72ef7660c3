"""The types of the modelling language, as plain data.

`CInt` are C integers (they wrap), `Bounded` are bounded integers (leaving the bounds cuts the run). Structs are named
by their name in the program (`Program.structs`); names are unique in a program.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Void:
    """No value: the result of a procedure."""


@dataclass(frozen=True, slots=True)
class Bool:
    """False or True."""


@dataclass(frozen=True, slots=True)
class Bounded:
    """Integers lo..hi. Integer constants have the type Bounded(v, v); arithmetic on bounded operands is exact."""

    lo: int
    hi: int


@dataclass(frozen=True, slots=True)
class CInt:
    """A C integer type: name is u8, u16, u32, u64 or s32."""

    name: str
    bits: int
    signed: bool


@dataclass(frozen=True, slots=True)
class EnumType:
    """An enumeration: members are (name, value)."""

    name: str
    members: tuple[tuple[str, int], ...]


@dataclass(frozen=True, slots=True)
class FlagsType:
    """A flag word: members are (name, bit number)."""

    name: str
    members: tuple[tuple[str, int], ...]


@dataclass(frozen=True, slots=True)
class BitName:
    """A member of a flag word used as a bit number: `SK_PSOCK_TX_ENABLED`."""

    flags: str


@dataclass(frozen=True, slots=True)
class Pointer:
    """NULL or an object of the struct. The literal NULL has the type Null."""

    struct: str


@dataclass(frozen=True, slots=True)
class Null:
    """The type of NULL, which fits every Pointer and FunctionPointer."""


@dataclass(frozen=True, slots=True)
class FunctionPointer:
    """NULL or a function with this signature."""

    params: tuple[Type, ...]
    result: Type


@dataclass(frozen=True, slots=True)
class StructType:
    """An (embedded) struct; as a parameter: a reference to one."""

    name: str


@dataclass(frozen=True, slots=True)
class ArrayType:
    """length elements; CONTEXTS (-1): as many as the scenario has contexts."""

    element: Type
    length: int


@dataclass(frozen=True, slots=True)
class ListType:
    """A bounded list of pointers to objects of the struct, each at most once."""

    struct: str


@dataclass(frozen=True, slots=True)
class ContextType:
    """NOBODY or an execution context."""


@dataclass(frozen=True, slots=True)
class ContextSet:
    """A set of execution contexts. grace_period: readers leave it by themselves (`GracePeriod`)."""

    grace_period: bool = False


CONTEXTS = -1

Type = (
    Void
    | Bool
    | Bounded
    | CInt
    | EnumType
    | FlagsType
    | BitName
    | Pointer
    | Null
    | FunctionPointer
    | StructType
    | ArrayType
    | ListType
    | ContextType
    | ContextSet
)

C_INTEGERS = {
    "u8": CInt("u8", 8, False),
    "u16": CInt("u16", 16, False),
    "u32": CInt("u32", 32, False),
    "u64": CInt("u64", 64, False),
    "s32": CInt("s32", 32, True),
}


def show(t: Type) -> str:
    """The type as one writes it in a model."""
    match t:
        case Void():
            return "None"
        case Bool():
            return "bool"
        case Bounded(lo, hi):
            return f"Int[{lo}, {hi}]"
        case CInt(name=name) | EnumType(name=name) | FlagsType(name=name) | StructType(name=name):
            return name
        case BitName(flags):
            return f"a bit of {flags}"
        case Pointer(struct):
            return f"Ptr[{struct}]"
        case Null():
            return "NULL"
        case FunctionPointer(params, result):
            return f"Callable[[{', '.join(map(show, params))}], {show(result)}]"
        case ArrayType(element, length):
            return f"Array[{show(element)}, {'CONTEXTS' if length == CONTEXTS else length}]"
        case ListType(struct):
            return f"ListHead[{struct}]"
        case ContextType():
            return "Ctx"
        case ContextSet(grace_period):
            return "GracePeriod" if grace_period else "CtxSet"
