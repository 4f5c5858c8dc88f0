"""A connection that is given up on the way is closed, wherever that happens."""

import asyncio
import gc
import warnings
from collections.abc import Coroutine, Generator
from typing import Any

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from adapters.configuration.urls.database_url import read_database_url
from adapters.postgres.connections import Connector, Opened
from adapters.postgres.engine import create_engine


class CancelledAt:
    """Runs `work`, and cancels it where it waits for the `n`-th time."""

    def __init__(self, work: Coroutine[Any, Any, object], n: int) -> None:
        self._work = work
        self._n = n
        self.waits = 0

    def __await__(self) -> Generator[Any, Any, object]:
        steps = self._work.__await__()
        waited_for = next(steps)
        while True:
            self.waits += 1
            try:
                if self.waits == self._n:
                    waited_for = steps.throw(asyncio.CancelledError())
                else:
                    yield waited_for
                    waited_for = steps.send(None)
            except StopIteration as end:
                return end.value


async def unclosed_after(work: Coroutine[Any, Any, object], *, cancelled_at: int) -> list[str] | None:
    """Connections that the garbage collector finds unclosed; None: the work ended before the cancellation."""
    with warnings.catch_warnings(record=True) as found:
        warnings.simplefilter("always")
        run = CancelledAt(work, cancelled_at)
        try:
            await run
        except asyncio.CancelledError:
            pass
        else:
            return None
        # A transport that is told to close says so in its next turn.
        for _ in range(3):
            await asyncio.sleep(0)
        gc.collect()
    return [str(warning.message) for warning in found]


async def opened(url: str) -> Opened:
    opened = await Connector().open(read_database_url(url) | {"timeout": 5})
    opened.driver.terminate()
    return opened


async def used(url: str) -> None:
    engine: AsyncEngine = create_engine(url, pool_size=1)
    try:
        async with engine.connect() as connection:
            await connection.exec_driver_sql("SELECT 1")
    finally:
        await engine.dispose()


@pytest.mark.parametrize("use", [opened, used])
async def test_a_cancelled_opening_leaves_no_connection(use: Any, database_url: str) -> None:
    gc.collect()
    waits = 0
    while (unclosed := await unclosed_after(use(database_url), cancelled_at=waits + 1)) is not None:
        waits += 1
        assert unclosed == [], f"cancelled where it waits for the {waits}th time"
    assert waits >= 4
