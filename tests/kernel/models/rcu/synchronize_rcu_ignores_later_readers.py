# holds
# states: 32, transitions: 48, depth: 8
"""A grace period ends although a reader that began after it is still there."""

from psockmc.kernel.rcu import synchronize_rcu
from psockmc.lang import (
    READ_ONCE,
    WRITE_ONCE,
    Struct,
    cover,
    instance,
    process,
    rcu_read_lock,
    rcu_read_unlock,
    scenario,
    user,
)


class box(Struct):
    began: bool
    over: bool


shared = instance(box)


@user
def wait_for_readers() -> None:
    WRITE_ONCE(shared.began, True)
    synchronize_rcu()
    WRITE_ONCE(shared.over, True)


@user
def read() -> None:
    rcu_read_lock()
    before = READ_ONCE(shared.over)
    began = READ_ONCE(shared.began)
    after = READ_ONCE(shared.over)
    if began and not before and after:
        cover("the grace period ends inside a reader that began late")
    rcu_read_unlock()


test = scenario("a reader that comes late", run=[process(wait_for_readers), process(read)])
