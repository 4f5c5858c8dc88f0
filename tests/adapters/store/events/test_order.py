"""Many writers at once, and a reader that follows them by its cursor: it skips nothing, and all is in order.

FACEID_EVENTS_EACH sets how many events each writer writes: 300, or 100,000 for the whole proof.
"""

import asyncio
import os
import random

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from adapters.postgres.engine import create_engine
from adapters.store.events.log import append_in_bulk
from adapters.store.events.reader import PgEvents
from adapters.store.statements.bulk import bulk_connection
from domain.events.event import EventType, NewEvent
from domain.views.events import EVERYTHING, EventFilter

WRITERS = 8
EACH = int(os.environ.get("FACEID_EVENTS_EACH", "300"))
AT_ONCE = 10 if EACH < 1000 else 100


@pytest.mark.timeout(3600)
@pytest.mark.parametrize(
    "which", [EVERYTHING, EventFilter(app_ids=tuple(f"app-{n}" for n in range(WRITERS)))]
)
async def test_a_reader_behind_many_writers_skips_nothing(
    engine: AsyncEngine, database_url: str, which: EventFilter
) -> None:
    writing = create_engine(database_url, pool_size=WRITERS)
    writers = [asyncio.create_task(write(writing, f"app-{n}")) for n in range(WRITERS)]
    seen, order = await read(engine, which, until_done=writers)
    await writing.dispose()
    assert order == sorted(set(order))
    assert {app_id: seen[app_id] for app_id in sorted(seen)} == {
        f"app-{n}": list(range(EACH)) for n in range(WRITERS)
    }


async def write(engine: AsyncEngine, app_id: str) -> None:
    """Events in transactions of a few, which pause before their commit."""
    chance = random.Random(app_id)
    for begin in range(0, EACH, AT_ONCE):
        numbers = range(begin, min(begin + AT_ONCE, EACH))
        events = [
            NewEvent(EventType.ENDPOINT_DISABLED, app_id=app_id, detail={"k": number}) for number in numbers
        ]
        async with bulk_connection(engine, as_one=True) as connection:
            await append_in_bulk(connection, events)
            if chance.random() < 0.2:
                await asyncio.sleep(chance.random() / 100)


async def read(
    engine: AsyncEngine, which: EventFilter, *, until_done: list["asyncio.Task[None]"]
) -> tuple[dict[str, list[int]], list[int]]:
    """What the reader sees: each writer's numbers, and the order of the log."""
    events, after = PgEvents(engine), 0
    seen: dict[str, list[int]] = {}
    order: list[int] = []
    while True:
        are_done = all(task.done() for task in until_done)
        page = await events.page(which, after=after, limit=37)
        for event in page.items:
            seen.setdefault(str(event.app_id), []).append(event.body.detail["k"])
            order.append(event.seq)
        after = page.next
        if are_done and not page.items:
            await asyncio.gather(*until_done)
            return seen, order
