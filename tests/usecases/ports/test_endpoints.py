"""Endpoints are kept whole, limited per app, changed one by one, and invisible to other apps."""

import asyncio
from datetime import timedelta
from uuid import UUID, uuid4

import msgspec
import pytest

from domain.events.webhooks.endpoint import DisabledReason, Endpoint, EndpointState
from domain.events.webhooks.schedule import Health
from domain.model import Outcome
from tests.support.storage.actors import A_ROW
from tests.support.storage.stores import NOW
from tests.support.webhooks.endpoints import endpoint
from tests.usecases.ports.stores import PortsOfStore

LATER = NOW + timedelta(hours=1)
LIMIT = 5
MINE = ["demo"]


async def added(store: PortsOfStore, *endpoints: Endpoint) -> None:
    for each in endpoints:
        assert await store.endpoints.add(each, limit=LIMIT, audit=A_ROW)


async def disable(store: PortsOfStore, n: int = 1, *, reason: DisabledReason = DisabledReason.GONE) -> None:
    assert await store.endpoints.disable(UUID(int=n), None, reason=reason, now=LATER, audit=A_ROW)


async def test_an_endpoint_comes_back_as_it_was_stored(store: PortsOfStore) -> None:
    full = endpoint(
        types=("verification.*", "policy.activated"),
        outcomes=(Outcome.REJECTED, Outcome.REVIEW),
        max_in_flight=3,
        max_rate=2.5,
        schedule=(timedelta(seconds=5), timedelta(minutes=1)),
    )
    await added(store, full)
    assert await store.endpoints.find(full.id, MINE) == full
    assert await store.endpoints.page(None, limit=9) == [full]


async def test_an_app_has_a_limited_number_of_endpoints(store: PortsOfStore) -> None:
    await added(store, *(endpoint(n) for n in range(LIMIT)))
    assert not await store.endpoints.add(endpoint(LIMIT), limit=LIMIT, audit=A_ROW)
    assert await store.endpoints.add(endpoint(LIMIT + 1, app_id="other"), limit=LIMIT, audit=A_ROW)


async def test_of_many_that_are_added_at_once_only_as_many_as_allowed_are_stored(store: PortsOfStore) -> None:
    ends = await asyncio.gather(
        *(store.another().endpoints.add(endpoint(n), limit=LIMIT, audit=A_ROW) for n in range(3 * LIMIT))
    )
    assert ends.count(True) == LIMIT == len(await store.endpoints.page(None, limit=99))


async def test_another_apps_endpoint_is_not_there(store: PortsOfStore) -> None:
    await added(store, endpoint())
    key = endpoint().id
    for apps in (["other"], []):
        assert await store.endpoints.find(key, apps) is None
        assert await store.endpoints.page(apps, limit=9) == []
        assert await store.endpoints.change(key, apps, lambda found: found, audit=A_ROW) is None
        assert await store.endpoints.enable(key, apps, now=LATER, audit=A_ROW) is None
        assert (
            await store.endpoints.disable(key, apps, reason=DisabledReason.BY_HAND, now=LATER, audit=A_ROW)
            is None
        )
        assert await store.endpoints.delete(key, apps, audit=A_ROW) is None
    assert await store.endpoints.find(key, MINE) == endpoint()


async def test_pages_are_newest_first_and_continue_where_the_last_one_ended(store: PortsOfStore) -> None:
    all_of_them = [endpoint(n) for n in range(1, 6)]
    await added(store, *all_of_them)
    first = await store.endpoints.page(MINE, limit=2)
    rest = await store.endpoints.page(MINE, limit=9, after=(first[-1].created_at, first[-1].id))
    assert first + rest == all_of_them[::-1]


async def test_a_page_can_be_limited_to_a_state(store: PortsOfStore) -> None:
    await added(store, endpoint(1), endpoint(2))
    await disable(store, 1)
    for state, n in ((EndpointState.DISABLED, 1), (EndpointState.ENABLED, 2)):
        assert [each.id for each in await store.endpoints.page(None, state=state, limit=9)] == [UUID(int=n)]


async def test_changes_at_once_are_all_kept(store: PortsOfStore) -> None:
    await added(store, endpoint(max_in_flight=1))

    def one_more(found: Endpoint) -> Endpoint:
        settings = msgspec.structs.replace(found.settings, max_in_flight=found.settings.max_in_flight + 1)
        return msgspec.structs.replace(found, settings=settings)

    await asyncio.gather(
        *(store.another().endpoints.change(endpoint().id, None, one_more, audit=A_ROW) for _ in range(10))
    )
    found = await store.endpoints.find(endpoint().id, None)
    assert found == endpoint(max_in_flight=11)


async def test_a_change_that_fails_changes_nothing(store: PortsOfStore) -> None:
    await added(store, endpoint())

    def refuse(_found: Endpoint) -> Endpoint:
        raise LookupError

    with pytest.raises(LookupError):
        await store.endpoints.change(endpoint().id, None, refuse, audit=A_ROW)
    assert await store.endpoints.find(endpoint().id, None) == endpoint()


async def test_a_disabled_endpoint_keeps_its_first_reason(store: PortsOfStore) -> None:
    await added(store, endpoint())
    await disable(store, reason=DisabledReason.GONE)
    await disable(store, reason=DisabledReason.BY_HAND)
    found = await store.endpoints.find(endpoint().id, None)
    assert found is not None
    assert (found.state, found.disabled_reason, found.disabled_at) == (
        EndpointState.DISABLED, DisabledReason.GONE, LATER,
    )  # fmt: skip


async def test_an_enabled_endpoint_forgets_why_it_was_disabled(store: PortsOfStore) -> None:
    await added(store, endpoint())
    await disable(store)
    enabled = await store.endpoints.enable(endpoint().id, None, now=LATER, audit=A_ROW)
    assert enabled == msgspec.structs.replace(endpoint(), updated_at=LATER)
    assert enabled.health == Health()


async def test_enabling_an_enabled_endpoint_changes_nothing(store: PortsOfStore) -> None:
    await added(store, endpoint())
    assert await store.endpoints.enable(endpoint().id, None, now=LATER, audit=A_ROW) == endpoint()


async def test_a_deleted_endpoint_is_gone(store: PortsOfStore) -> None:
    await added(store, endpoint())
    assert await store.endpoints.delete(endpoint().id, MINE, audit=A_ROW) == endpoint()
    assert await store.endpoints.delete(endpoint().id, MINE, audit=A_ROW) is None
    assert await store.endpoints.find(endpoint().id, None) is None


async def test_an_unknown_endpoint_is_none(store: PortsOfStore) -> None:
    assert await store.endpoints.find(uuid4(), None) is None
    assert await store.endpoints.change(uuid4(), None, lambda found: found, audit=A_ROW) is None
