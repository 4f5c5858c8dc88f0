"""Secrets, headers and TLS of an endpoint are encrypted; without the key the rest can still be read."""

import base64

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from adapters.sealing.envelope import KeyRing
from adapters.store.events.reader import PgEvents
from adapters.store.webhooks.endpoints import PgEndpoints
from domain.errors import BrokenSeal
from domain.events.event import EventType
from domain.events.webhooks.endpoint import DisabledReason
from domain.views.events import EventFilter
from tests.support.storage.dumps import dump_database, traces
from tests.support.storage.stores import NOW, Store
from tests.support.webhooks.endpoints import CA, HEADER, SECRET, SEED, endpoint


async def test_nothing_secret_is_in_the_database(store: Store, engine: AsyncEngine) -> None:
    assert await store.endpoints.add(endpoint(), limit=1)
    await store.endpoints.change(endpoint().id, None, lambda found: found)
    dumped = await dump_database(engine)
    key = base64.b64decode(SECRET.removeprefix("whsec_")).decode()
    assert traces(dumped, SECRET, key, SEED.decode(), CA, *HEADER) == []


async def test_without_its_key_an_endpoint_is_shown_and_can_be_disabled_but_not_changed(
    store: Store, engine: AsyncEngine
) -> None:
    assert await store.endpoints.add(endpoint(), limit=1)
    others = PgEndpoints(engine, keys=KeyRing([b"o" * 32]))
    [shown] = await others.page(None, limit=1)
    assert shown.private is None
    assert shown.way is None
    assert shown.settings == endpoint().settings
    with pytest.raises(BrokenSeal):
        await others.change(endpoint().id, None, lambda found: found)
    assert await others.disable(endpoint().id, None, reason=DisabledReason.BY_HAND, now=NOW)
    assert await others.delete(endpoint().id, None)


async def test_disabling_writes_one_event_and_nothing_if_nothing_changes(
    store: Store, engine: AsyncEngine
) -> None:
    assert await store.endpoints.add(endpoint(), limit=1)
    for apps in (["other"], ["demo"], ["demo"]):
        await store.endpoints.disable(endpoint().id, apps, reason=DisabledReason.BY_HAND, now=NOW)
    page = await PgEvents(engine).page(EventFilter(), after=0, limit=9)
    [event] = page.items
    assert (event.type, event.app_id, event.at) == (EventType.ENDPOINT_DISABLED, "demo", NOW)
    assert event.body.detail == {"endpoint_id": str(endpoint().id), "reason": "by_hand"}


async def test_the_private_part_of_one_endpoint_does_not_open_for_another(
    store: Store, engine: AsyncEngine
) -> None:
    for n in (1, 2):
        assert await store.endpoints.add(endpoint(n), limit=2)
    async with engine.begin() as connection:
        await connection.execute(
            text(
                "UPDATE endpoints e SET private_ct = o.private_ct, wrapped_key = o.wrapped_key"
                " FROM endpoints o WHERE o.id <> e.id"
            )
        )
    assert [each.private for each in await store.endpoints.page(None, limit=2)] == [None, None]
