"""A function in a process of its own."""

from __future__ import annotations

import os
import signal

import pytest

from psockmc.prove.kernel_tree.apart import Crashed, apart


def test_the_result_comes_back():
    assert apart(lambda: [1, 2]) == [1, 2]


def test_what_is_changed_there_is_not_changed_here():
    changed: list[int] = []
    apart(lambda: changed.append(1))
    assert changed == []


def test_a_crash_is_told_by_its_signal():
    with pytest.raises(Crashed, match="SIGKILL"):
        apart(lambda: os.kill(os.getpid(), signal.SIGKILL))


def test_an_early_end_is_told_by_its_status():
    with pytest.raises(Crashed, match="exit status 3"):
        apart(lambda: os._exit(3))


def test_an_exception_comes_back_with_its_traceback():
    with pytest.raises(RuntimeError, match="ZeroDivisionError"):
        apart(lambda: 1 // 0)


def test_ctrl_c_is_left_to_the_one_that_waits():
    assert apart(lambda: signal.getsignal(signal.SIGINT)) == signal.SIG_IGN
