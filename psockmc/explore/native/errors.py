"""What goes wrong in the native engine itself, as opposed to in the model."""

from __future__ import annotations


class EngineError(Exception):
    """The native engine could not give an answer. The message is a sentence that says what to do instead.

    It never stands for a verdict: a search that raises it decided nothing.
    """


class BrokenPromiseError(EngineError):
    """The generated program met something that cannot be if the transition system keeps its contract.

    context, node: where, -1 when it is nowhere in particular.
    """

    def __init__(self, what: str, context: int, node: int) -> None:
        super().__init__(f"internal error: {what} in context {context}, node {node}; please report this model")
        self.what, self.context, self.node = what, context, node
