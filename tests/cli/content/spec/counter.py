"""What holds of the counter."""

from psockmc.lang import at_end

from models.counter import shared


@at_end("I01", "every addition is counted")
def every_addition_is_counted() -> bool:
    return shared.value == 2
