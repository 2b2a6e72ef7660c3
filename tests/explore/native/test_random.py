"""The native engine agrees with the reference on random transition systems, in every number and every path."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, assume, given, settings

from psockmc.explore.limits import Limits
from psockmc.explore.native.errors import EngineError
from psockmc.ir.system import TransitionSystem
from tests.explore.native.agreement import agreed
from tests.explore.native.random_systems import systems

RELAXED = [
    HealthCheck.too_slow,
    HealthCheck.data_too_large,
    HealthCheck.filter_too_much,
    HealthCheck.function_scoped_fixture,
]


def agree_unless_too_wide(ts: TransitionSystem, limits: Limits) -> None:
    try:
        agreed(ts, limits)
    except EngineError as error:
        assume("computes with 128 bits" not in str(error))
        raise


@settings(max_examples=20, deadline=None, suppress_health_check=RELAXED)
@given(systems())
def test_engines_agree_on_random_systems(ts: TransitionSystem) -> None:
    agree_unless_too_wide(ts, Limits(max_states=400))


@pytest.mark.slow
@settings(max_examples=1000, deadline=None, suppress_health_check=RELAXED)
@given(systems())
def test_engines_agree_on_many_random_systems(ts: TransitionSystem) -> None:
    agree_unless_too_wide(ts, Limits(max_states=2000))
