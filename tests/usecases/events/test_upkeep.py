"""Old events are deleted, and each text of a policy that comes into force has one event."""

from dataclasses import replace
from datetime import timedelta

import pytest

from adapters.store.event_upkeep import PgEventUpkeep
from adapters.store.events.log import append
from adapters.store.events.reader import PgEvents
from domain.errors import CursorExpired
from domain.events.event import EventType, NewEvent
from domain.views.events import EVERYTHING
from tests.support.workers.jobs import Jobs
from usecases.context import WorkerContext
from usecases.events.upkeep import Activations, forget_events


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
