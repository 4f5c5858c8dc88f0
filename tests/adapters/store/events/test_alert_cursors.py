"""A sink's cursor begins at the newest event, and only one worker at a time may move it."""

from datetime import timedelta

import msgspec

from adapters.store.events.alert_cursors import PgAlertCursors
from adapters.store.events.log import append
from adapters.store.events.reader import PgEvents
from domain.events.alerts.sink import AlertCursor
from domain.events.event import EventType, NewEvent
from tests.support.storage.stores import NOW, Store

LEASE = timedelta(minutes=1)
LATER = NOW + timedelta(seconds=4)


async def begun(store: Store, *names: str) -> PgAlertCursors:
    cursors = PgAlertCursors(store.engine)
    assert await cursors.due(names, now=NOW) == []
    return cursors


async def test_a_new_sink_begins_behind_the_newest_event(store: Store) -> None:
    async with store.engine.begin() as connection:
        await append(connection, [NewEvent(EventType.POLICY_ACTIVATED, NOW)])
    newest = await PgEvents(store.engine).newest()
    cursors = await begun(store, "ops")
    assert await cursors.due(["ops"], now=NOW) == [AlertCursor("ops", newest)]


async def test_only_one_worker_claims_a_cursor(store: Store) -> None:
    cursors = await begun(store, "ops", "dev")
    [cursor] = [each for each in await cursors.due(["ops", "dev"], now=NOW) if each.name == "ops"]
    claimed = await cursors.claim(cursor, until=NOW + LEASE)
    assert claimed is not None
    assert claimed.fence == cursor.fence + 1
    assert await cursors.claim(cursor, until=NOW + LEASE) is None
    assert [each.name for each in await cursors.due(["ops", "dev"], now=NOW)] == ["dev"]


async def test_the_end_of_a_claim_moves_the_cursor(store: Store) -> None:
    cursors = await begun(store, "ops")
    [cursor] = await cursors.due(["ops"], now=NOW)
    claimed = await cursors.claim(cursor, until=NOW + LEASE)
    assert claimed is not None
    assert await cursors.finish(msgspec.structs.replace(claimed, seq=9, failures=2), due_at=LATER)
    assert await cursors.due(["ops"], now=NOW) == []
    assert await cursors.due(["ops"], now=LATER) == [AlertCursor("ops", 9, 2, claimed.fence)]


async def test_a_worker_whose_lease_ended_moves_nothing(store: Store) -> None:
    cursors = await begun(store, "ops")
    [cursor] = await cursors.due(["ops"], now=NOW)
    late = await cursors.claim(cursor, until=NOW + LEASE)
    [again] = await cursors.due(["ops"], now=NOW + LEASE)
    assert late is not None
    assert await cursors.claim(again, until=NOW + 2 * LEASE) is not None
    assert not await cursors.finish(msgspec.structs.replace(late, seq=99), due_at=LATER)
    assert await cursors.due(["ops"], now=LATER) == []
