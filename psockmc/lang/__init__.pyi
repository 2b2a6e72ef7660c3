"""What type checkers and editors know of this package, so that they accept model files.

The words of the language exist in source text only (psockmc/lang/words.py lists them): to a type checker each is Any.
psockmc itself checks models, far more closely than a type checker for Python could.
"""

from typing import Any

from psockmc.lang.diagnostics import Diagnostic as Diagnostic
from psockmc.lang.diagnostics import ModelErrors as ModelErrors
from psockmc.lang.program import load_program as load_program
from psockmc.lang.program import load_source as load_source

def __getattr__(word: str) -> Any: ...
