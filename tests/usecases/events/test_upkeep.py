"""Old events are deleted, and each text of a policy that comes into force has one event."""

import asyncio
from collections import Counter
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import text

from adapters.store.event_upkeep import PgEventUpkeep
from adapters.store.events.log import append
from adapters.store.events.reader import PgEvents
from adapters.store.lookups.figures import PgFigures
from domain.errors import CursorExpired
from domain.events.event import EventType, NewEvent
from domain.views.events import EVERYTHING
from tests.support.workers.jobs import Jobs
from usecases.context import WorkerContext
from usecases.events import upkeep
from usecases.events.upkeep import Activations, count_events, forget_events


@pytest.fixture
def context(jobs: Jobs) -> WorkerContext:
    return replace(jobs.context, events=PgEventUpkeep(jobs.store.engine))


async def test_events_are_deleted_when_they_are_old(jobs: Jobs, context: WorkerContext) -> None:
    old = NewEvent(EventType.ENDPOINT_DISABLED, jobs.clock(), app_id="demo")
    young = NewEvent(EventType.ENDPOINT_DISABLED, jobs.clock() + timedelta(days=2), app_id="demo")
    async with jobs.store.engine.begin() as connection:
        await append(connection, [old] * 5 + [young, old])
    events = PgEvents(jobs.store.engine)
    seqs = [event.seq for event in (await events.page(EVERYTHING, after=0, limit=10)).items]
    jobs.clock.go_on(context.events_kept + timedelta(days=1))
    assert await context.events.forget(before=jobs.clock() - context.events_kept, limit=2) == 2
    await forget_events(context)
    left = (await events.page(EVERYTHING, after=0, limit=10)).items
    assert [event.at for event in left] == [young.at]
    with pytest.raises(CursorExpired):
        await events.page(EVERYTHING, after=seqs[0], limit=10)


async def test_events_are_counted_by_type_once(
    jobs: Jobs, context: WorkerContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(upkeep, "COUNTED_AT_ONCE", 2)
    figures = PgFigures(jobs.store.engine)
    async with jobs.store.engine.begin() as connection:
        await connection.execute(text("INSERT INTO event_log (one) VALUES (true) ON CONFLICT DO NOTHING"))
    before = Counter((await figures.read(jobs.clock())).events.counts)
    kinds = [EventType.ENDPOINT_DISABLED] * 3 + [EventType.DEAD_LETTER_CREATED] * 2
    async with jobs.store.engine.begin() as connection:
        await append(connection, [NewEvent(kind, jobs.clock(), app_id="demo") for kind in kinds])
    await asyncio.gather(*(count_events(context) for _ in range(3)))
    await count_events(context)
    after = Counter((await figures.read(jobs.clock())).events.counts)
    assert after - before == Counter(kinds)


async def test_a_cursor_behind_the_deleted_events_goes_on(jobs: Jobs, context: WorkerContext) -> None:
    async with jobs.store.engine.begin() as connection:
        await append(connection, [NewEvent(EventType.ENDPOINT_DISABLED, jobs.clock(), app_id="demo")] * 3)
    events = PgEvents(jobs.store.engine)
    newest = await events.newest()
    jobs.clock.go_on(context.events_kept + timedelta(days=1))
    await forget_events(context)
    assert await events.newest() == newest
    assert (await events.page(EVERYTHING, after=newest, limit=10)).next == newest


async def test_a_policy_that_comes_into_force_has_one_event(jobs: Jobs, context: WorkerContext) -> None:
    for _ in range(2):
        activations = Activations(context)
        await activations.tell()
        await activations.tell()
    events = (await PgEvents(jobs.store.engine).page(EVERYTHING, after=0, limit=10)).items
    [policy] = context.policies.all()
    expected = {"name": policy.name, "version": policy.version, "hash": policy.content_hash}
    assert [(event.type, event.app_id, event.body.detail) for event in events] == [
        (EventType.POLICY_ACTIVATED, None, expected)
    ]
