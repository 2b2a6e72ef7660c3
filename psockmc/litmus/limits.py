"""When to give up on a test: a verdict is then not known, which is better than a wrong one or a full memory."""

from __future__ import annotations

import time


class TimeLimit(Exception):
    """The time for this test is over."""


class TooLarge(Exception):
    """The test has more possibilities than are worth listing; the text says of what."""


class Clock:
    """Says when the time for a test is over. seconds: None for no limit."""

    def __init__(self, seconds: float | None) -> None:
        self._end = None if seconds is None else time.monotonic() + seconds

    def check(self) -> None:
        """Raises TimeLimit when the time is over."""
        if self._end is not None and time.monotonic() > self._end:
            raise TimeLimit


def patient() -> None:
    """What is asked while lists are made, and raises TimeLimit to end that: there is time enough."""
