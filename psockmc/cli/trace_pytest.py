"""`psockmc trace --format pytest`: a test that performs the run again. It is run here before anybody gets it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from psockmc.content import UsageError

if TYPE_CHECKING:
    from psockmc.explore.tracedata import Trace


def tried_pytest(trace: Trace) -> str:
    """The source of the test, which passes with the models as they are now.

    Raises UsageError when it does not, or when the trace cannot be a test.
    """
    from psockmc.render.trace_pytest import NoTest, trace_pytest
    from psockmc.rerun import NoLongerViolated, RunIsGone

    try:
        source = trace_pytest(trace)
        names: dict[str, object] = {}
        exec(compile(source, f"<test of {trace.scenario}>", "exec"), names)
        for test in [value for name, value in names.items() if name.startswith("test_") and callable(value)]:
            test()
    except NoTest as error:
        raise UsageError(str(error)) from error
    except (NoLongerViolated, RunIsGone) as error:
        raise UsageError(f"this trace is not one of the models as they are now: {error}") from error
    return source
