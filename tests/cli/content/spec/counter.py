"""What holds of the counter."""

from models.counter import shared

from psockmc.lang import at_end


@at_end("I01", "every addition is counted")
def every_addition_is_counted() -> bool:
    return shared.value == 2
