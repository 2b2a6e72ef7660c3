# holds
# states: 46, transitions: 70, depth: 15
"""mod_delayed_work() queues an idle item (False) and leaves a pending one pending (True)."""

from psockmc.kernel.work import INIT_DELAYED_WORK, delayed_work, mod_delayed_work, work_struct
from psockmc.lang import Int, Struct, at_end, cover, instance, process, scenario, user


class thing(Struct):
    work: delayed_work
    runs: Int[0, 2]
    queued: Int[0, 2]


shared = instance(thing)


@user
def count_run(work: work_struct) -> None:
    shared.runs += 1


@user
def modify_twice() -> None:
    INIT_DELAYED_WORK(shared.work, count_run)
    for i in range(2):
        if mod_delayed_work(shared.work, 1):
            cover("pending already")
        else:
            shared.queued += 1


@at_end("as_queued", "it ran as often as it was queued")
def as_queued() -> bool:
    return shared.runs == shared.queued


test = scenario("mod_delayed_work() twice", run=[process(modify_twice)], properties=[as_queued])
