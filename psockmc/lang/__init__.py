"""The modelling language: from source text to the typed program (docs/language.md is its reference).

Models import the words of the language from here (`from psockmc.lang import Ptr, READ_ONCE`), but only in source text
that is parsed and never run.
"""

from psockmc.lang.diagnostics import Diagnostic, ModelErrors
from psockmc.lang.program import load_program, load_source

__all__ = ["Diagnostic", "ModelErrors", "load_program", "load_source"]
