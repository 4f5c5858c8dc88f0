"""Whatever happens in whatever order: nothing acknowledged is lost, one decision each, no call too many.

`pytest tests/stateful --hypothesis-profile=long` looks for longer, and elsewhere each time.
"""

from collections.abc import Iterator

import pytest
import structlog
from hypothesis import HealthCheck, settings
from hypothesis.stateful import run_state_machine_as_test

from tests.stateful.machines import CalmGateway, FaultyGateway, Gateway, RacingGateway

QUICK = settings(stateful_step_count=40, derandomize=True, database=None)


@pytest.fixture(autouse=True)
def _logs_go_to_the_machine() -> Iterator[None]:
    before = structlog.get_config()
    yield
    structlog.configure(**before)


@pytest.mark.timeout(0)  # the long profile takes as long as it takes
@pytest.mark.parametrize(
    ("machine", "examples"), [(CalmGateway, 50), (FaultyGateway, 120), (RacingGateway, 150)]
)
def test_the_promises_hold(machine: type[Gateway], examples: int) -> None:
    long = settings.get_current_profile_name() == "long"
    chosen = settings() if long else settings(QUICK, max_examples=examples)
    unhurried = settings(chosen, deadline=None, suppress_health_check=list(HealthCheck))
    run_state_machine_as_test(machine, settings=unhurried)
