"""A worker counts by PostgreSQL's clock from its first moment, also on a machine whose clock is wrong."""

from datetime import UTC, datetime, timedelta
from functools import partial

import pytest
from redis.asyncio import BlockingConnectionPool

from adapters.intake.queue import create_queue
from adapters.postgres.clock import DatabaseClock
from adapters.settings import load_settings
from workers import main


def tomorrow() -> datetime:
    return datetime.now(UTC) + timedelta(days=1)


@pytest.mark.usefixtures("environment", "engine")
async def test_no_work_is_begun_by_the_machines_own_clock(
    redis_pool: BlockingConnectionPool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(main, "DatabaseClock", partial(DatabaseClock, machine=tomorrow))
    async with main.worker_context(load_settings(), create_queue(redis_pool)) as context:
        assert abs(context.clock() - datetime.now(UTC)) < timedelta(minutes=1)
