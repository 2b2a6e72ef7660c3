# holds
# states: 15, transitions: 19, depth: 7
"""After flush_work() what was queued before has run."""

from psockmc.kernel.work import INIT_WORK, flush_work, queue_work, work_struct
from psockmc.lang import Struct, check, instance, process, scenario, user


class thing(Struct):
    work: work_struct
    done: bool


shared = instance(thing)


@user
def finish(work: work_struct) -> None:
    shared.done = True


@user
def queue_and_flush() -> None:
    INIT_WORK(shared.work, finish)
    queue_work(shared.work)
    flush_work(shared.work)
    done = shared.done
    check(done, "it has run")


test = scenario("queue, then flush", run=[process(queue_and_flush)])
