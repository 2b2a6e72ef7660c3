from psockmc.lang import Enum, Flags, Struct, u32


class sock(Struct):
    """A docstring is fine."""

    n: u32
    m = 3

    def method(self) -> None:
        pass


class verdict(Enum):
    SK_DROP = 0
    SK_PASS: u32 = 1


class nothing(Flags):
    pass
