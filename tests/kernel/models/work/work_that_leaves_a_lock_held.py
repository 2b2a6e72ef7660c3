# violated: lock-usage
# states: 6, transitions: 5, depth: 5
"""A work function that returns with a lock held is a finding, though its worker never ends."""

from psockmc.kernel.mutex import mutex, mutex_lock
from psockmc.kernel.work import INIT_WORK, queue_work, work_struct
from psockmc.lang import Struct, instance, process, scenario, user


class thing(Struct):
    work: work_struct
    lock: mutex


shared = instance(thing)


@user
def forget(work: work_struct) -> None:
    mutex_lock(shared.lock)


@user
def queue_it() -> None:
    INIT_WORK(shared.work, forget)
    queue_work(shared.work)


test = scenario("a work function that forgets to unlock", run=[process(queue_it)])
