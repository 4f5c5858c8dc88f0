"""A worker counts by PostgreSQL's clock from its first moment, also on a machine whose clock is wrong."""

from datetime import UTC, datetime, timedelta
from functools import partial

import pytest

from adapters.postgres import clock
from adapters.processes.process import ProcessContext
from adapters.settings.settings import load_settings
from workers.building import worker_context
from workers.main import following_clock


def tomorrow() -> datetime:
    return datetime.now(UTC) + timedelta(days=1)


@pytest.mark.usefixtures("environment", "engine")
async def test_no_work_is_begun_by_the_machines_own_clock(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clock, "DatabaseClock", partial(clock.DatabaseClock, machine=tomorrow))
    settings = load_settings()
    async with (
        ProcessContext.of(settings, timeout=timedelta(seconds=5)) as process,
        following_clock(process),
        worker_context(settings, process) as context,
    ):
        assert abs(context.clock() - datetime.now(UTC)) < timedelta(minutes=1)
