"""What goes wrong in the native engine itself, as opposed to in the model."""

from __future__ import annotations


class EngineError(Exception):
    """The native engine could not give an answer. The message is a sentence that says what to do instead.

    It never stands for a verdict: a search that raises it decided nothing.
    """
