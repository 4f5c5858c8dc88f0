"""A jump of the clock, and nothing less, makes arq plan its crons again."""

from datetime import UTC, datetime, timedelta
from typing import cast

import pytest
from arq.cron import CronJob, cron
from arq.typing import WorkerCoroutine

from workers.clock_watch import ClockWatch

NEXT = datetime(2026, 3, 7, 12, 0, tzinfo=UTC)


class Clocks:
    wall = 1_700_000_000.0
    monotonic = 50.0

    def pass_by(self, seconds: float) -> None:
        self.wall += seconds
        self.monotonic += seconds


async def sweep(_ctx: dict[str, object]) -> None:
    pass


@pytest.fixture
def planned() -> CronJob:
    job = cron(cast(WorkerCoroutine, sweep), second={0})
    job.next_run = NEXT
    return job


def watch(planned: CronJob, clocks: Clocks) -> ClockWatch:
    return ClockWatch([planned], wall=lambda: clocks.wall, monotonic=lambda: clocks.monotonic)


@pytest.mark.parametrize("hours", [25, -25])
def test_a_clock_jump_reschedules_the_crons_once(planned: CronJob, hours: int) -> None:
    clocks = Clocks()
    watching = watch(planned, clocks)
    clocks.wall += timedelta(hours=hours).total_seconds()
    clocks.pass_by(1)
    watching.look()
    assert planned.next_run is None
    planned.next_run = NEXT
    clocks.pass_by(1)
    watching.look()
    assert planned.next_run == NEXT


def test_a_clock_that_is_slewed_or_a_process_that_was_paused_changes_nothing(planned: CronJob) -> None:
    clocks = Clocks()
    watching = watch(planned, clocks)
    clocks.pass_by(3600)
    clocks.wall += 0.5
    watching.look()
    assert planned.next_run == NEXT
