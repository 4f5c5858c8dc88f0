"""Whatever happens in whatever order: nothing acknowledged is lost, one decision each, no call too many.

`pytest tests/whole/stateful --hypothesis-profile=long` looks for longer, and elsewhere each time.
"""

import pytest
from hypothesis import HealthCheck, settings
from hypothesis.stateful import run_state_machine_as_test

from tests.whole.stateful.machines import CalmGateway, FaultyGateway, Gateway, RacingGateway

QUICK = settings(derandomize=True, database=None)


@pytest.mark.timeout(0)  # the long profile takes as long as it takes
@pytest.mark.parametrize(
    ("machine", "examples", "steps"),
    [(CalmGateway, 50, 40), (FaultyGateway, 120, 40), (RacingGateway, 400, 15)],
)
def test_the_promises_hold(machine: type[Gateway], examples: int, steps: int) -> None:
    long = settings.get_current_profile_name() == "long"
    chosen = settings() if long else settings(QUICK, max_examples=examples, stateful_step_count=steps)
    unhurried = settings(chosen, deadline=None, suppress_health_check=list(HealthCheck))
    run_state_machine_as_test(machine, settings=unhurried)
