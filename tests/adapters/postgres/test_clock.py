"""The database's time, independent of this machine's clock."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import event
from sqlalchemy.ext.asyncio import AsyncEngine
from structlog.testing import capture_logs

from adapters.postgres.clock import DatabaseClock
from adapters.postgres.engine import create_engine
from adapters.postgres.sqlstate import DatabaseAway
from adapters.tasks.background import end_tasks
from devstack.waiting import until

MINUTE = timedelta(minutes=1)


def tomorrow() -> datetime:
    """A machine's clock that is a day ahead."""
    return datetime.now(UTC) + timedelta(days=1)


def is_near(time_of_clock: datetime, wanted: datetime) -> bool:
    return abs(time_of_clock - wanted) < MINUTE


async def test_before_the_first_look_it_is_the_machines(engine: AsyncEngine) -> None:
    assert is_near(DatabaseClock(engine, machine=tomorrow)(), tomorrow())


async def test_after_a_look_the_clock_is_the_databases_and_keeps_running(engine: AsyncEngine) -> None:
    passed = 100.0
    clock = DatabaseClock(engine, machine=tomorrow, monotonic=lambda: passed)
    await clock.look()
    time_of_clock = clock()
    assert is_near(time_of_clock, datetime.now(UTC))
    passed += 7.5
    assert clock() - time_of_clock == timedelta(seconds=7.5)


async def test_it_is_followed(engine: AsyncEngine) -> None:
    clock = DatabaseClock(engine, machine=tomorrow)
    following = asyncio.create_task(clock.follow(every=MINUTE))

    async def follows() -> bool:
        return is_near(clock(), datetime.now(UTC)) and engine.pool.checkedout() == 0  # type: ignore[attr-defined]

    await until(follows)
    await end_tasks(following)


async def test_a_database_that_is_away_leaves_the_time_as_it_was(free_port: int) -> None:
    away = create_engine(f"postgresql://u:p@127.0.0.1:{free_port}/x")
    clock = DatabaseClock(away, machine=tomorrow)
    with pytest.raises(DatabaseAway):
        await clock.look()
    assert is_near(clock(), tomorrow())
    await away.dispose()


class Seconds:
    """A clock in seconds that tests set."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def answers_for(clock: DatabaseClock) -> float:
    """For how many seconds the database has been there without a break."""
    return (clock() - clock.answers_since()).total_seconds()


async def test_it_has_been_there_since_the_start_or_the_last_outage(engine: AsyncEngine) -> None:
    seconds = Seconds()
    clock = DatabaseClock(engine, monotonic=seconds)
    assert answers_for(clock) == 0
    for _ in range(3):
        seconds.now += 2
        await clock.look()
    assert answers_for(clock) == 6

    @event.listens_for(engine.sync_engine, "before_cursor_execute")
    def refuse(*_: object) -> None:
        raise ConnectionRefusedError

    seconds.now += 2
    with pytest.raises(DatabaseAway):
        await clock.look()
    seconds.now += 1
    assert answers_for(clock) == 0
    event.remove(engine.sync_engine, "before_cursor_execute", refuse)
    await clock.look()
    seconds.now += 2
    await clock.look()
    assert answers_for(clock) == 2


async def test_one_that_hangs_is_not_there(engine: AsyncEngine) -> None:
    seconds = Seconds()
    clock = DatabaseClock(engine, monotonic=seconds)
    await clock.look()
    seconds.now += 30
    assert answers_for(clock) == 0
    await clock.look()
    seconds.now += 2
    assert answers_for(clock) == 2


async def test_a_defect_ends_no_following(engine: AsyncEngine) -> None:
    clock = DatabaseClock(engine, machine=tomorrow)

    @event.listens_for(engine.sync_engine, "before_cursor_execute")
    def stumble(*_: object) -> None:
        raise RuntimeError("canary")

    with capture_logs() as logs:
        await clock.try_to_look()
    event.remove(engine.sync_engine, "before_cursor_execute", stumble)
    assert [each["event"] for each in logs] == ["clock.failed"]
    assert is_near(clock(), tomorrow())
    await clock.try_to_look()
    assert is_near(clock(), datetime.now(UTC))
