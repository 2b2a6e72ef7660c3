# violated: work-usage
# says: flushes a work item that was never initialised
# states: 2, transitions: 1, depth: 1
"""Flushing before INIT_WORK() is a finding."""

from psockmc.kernel.work import flush_work, work_struct
from psockmc.lang import Struct, instance, process, scenario, user


class thing(Struct):
    work: work_struct


shared = instance(thing)


@user
def flush() -> None:
    flush_work(shared.work)


test = scenario("a flush without INIT_WORK()", run=[process(flush)])
