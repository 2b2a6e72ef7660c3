"""Nobody puts a reference on a file."""

from psockmc.lang import Ptr, replaces

from models.sock import file, fput


@replaces(fput)
def fput(f: Ptr[file]) -> None:
    """Nothing."""
    pass
