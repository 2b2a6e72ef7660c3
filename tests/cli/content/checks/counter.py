"""Two who add, and one who looks without the lock."""

from psockmc.lang import VIOLATED, process, scenario, user

from models.counter import counter_add, shared
from spec.counter import every_addition_is_counted


@user
def look() -> None:
    seen = shared.value


two_additions = scenario(
    "two additions at the same time",
    run=[process(counter_add), process(counter_add)],
    properties=[every_addition_is_counted],
)

a_look_without_the_lock = scenario(
    "an addition while somebody looks without the lock",
    run=[process(counter_add), process(look)],
    properties=[],
    expect={"data-race": VIOLATED},
    why={"data-race": "look() reads plainly and without the lock"},
)
