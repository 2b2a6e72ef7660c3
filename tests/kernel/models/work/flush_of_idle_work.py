# holds
# states: 3, transitions: 2, depth: 2
"""flush_work() of an idle item returns at once, with False."""

from psockmc.kernel.work import INIT_DELAYED_WORK, delayed_work, flush_delayed_work, work_struct
from psockmc.lang import Struct, check, instance, process, scenario, user


class thing(Struct):
    work: delayed_work


shared = instance(thing)


@user
def nothing(work: work_struct) -> None:
    pass


@user
def flush() -> None:
    INIT_DELAYED_WORK(shared.work, nothing)
    waited = flush_delayed_work(shared.work)
    check(not waited, "there was nothing to wait for")


test = scenario("a flush of idle work", run=[process(flush)])
