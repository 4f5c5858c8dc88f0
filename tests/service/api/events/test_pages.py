"""`GET /v1/events`: pages of the log, narrowed to what the token may see."""

import asyncio
from typing import Any

import httpx2
import pytest
from sqlalchemy import text

from adapters.store.events.log import append
from devstack.waiting import until
from domain.events.event import EventType, NewEvent
from service.api.models.events import EventModel
from tests.service.conftest import ClientOf, assert_problem
from tests.support.http.api import RealApi
from tests.support.storage.stores import NOW, Store, callback, payload

OF_GATEWAY = NewEvent(EventType.POLICY_ACTIVATED, NOW)
OF_DEMO = NewEvent(EventType.DEAD_LETTER_CREATED, NOW, app_id="demo")
OF_OTHER = NewEvent(EventType.ENDPOINT_DISABLED, NOW, app_id="other")


async def write(store: Store, *events: NewEvent) -> None:
    async with store.engine.begin() as connection:
        await append(connection, events)


async def page_of(api: httpx2.AsyncClient, **parameters: Any) -> tuple[list[str], int]:
    """The types of a page's events, and the cursor behind them."""
    answer = await api.get("/v1/events", params=parameters)
    assert answer.status_code == 200, answer.text
    page = answer.json()
    return [event["type"] for event in page["items"]], page["next"]


async def test_pages_go_on_where_the_one_before_ended(api: httpx2.AsyncClient, store: Store) -> None:
    await write(store, *[OF_DEMO, OF_GATEWAY, OF_OTHER] * 3)
    seen: list[str] = []
    after = 0
    while page := (await page_of(api, after=after, limit=2)):
        types, after = page
        seen += types
        if not types:
            break
    assert seen == ["dead_letter.created", "policy.activated", "endpoint.disabled"] * 3
    assert await page_of(api, after=after) == ([], after)


async def test_an_event_has_the_members_of_its_model(api: httpx2.AsyncClient, store: Store) -> None:
    recorded = await store.record()
    await write(store, NewEvent(EventType.CONFLICT, NOW, verification_id=recorded.verification_id))
    [event] = (await api.get("/v1/events")).json()["items"]
    assert EventModel.model_validate(event).n == 1
    assert event.keys() == EventModel.model_fields.keys() - {"detail"}


@pytest.mark.parametrize(
    ("patterns", "types"),
    [
        (["endpoint.disabled"], ["endpoint.disabled"]),
        (["endpoint.*", "policy.activated"], ["policy.activated", "endpoint.disabled"]),
        (["*"], ["dead_letter.created", "policy.activated", "endpoint.disabled"]),
        (["verification.*"], []),
    ],
)
async def test_types_and_patterns_select(
    api: httpx2.AsyncClient, store: Store, patterns: list[str], types: list[str]
) -> None:
    await write(store, OF_DEMO, OF_GATEWAY, OF_OTHER)
    found, after = await page_of(api, type=patterns)
    assert found == types
    await write(store, OF_DEMO, OF_GATEWAY, OF_OTHER)
    assert (await page_of(api, type=patterns, after=after))[0] == types


async def test_a_token_sees_its_apps_alone(store: Store, api_context: RealApi, client_of: ClientOf) -> None:
    await write(store, OF_DEMO, OF_GATEWAY, OF_OTHER)
    await api_context.tokens.put("demo", "demo-token", apps=["demo"])
    demo = client_of("demo-token")
    assert (await page_of(demo))[0] == ["dead_letter.created"]
    assert (await page_of(demo, type="*"))[0] == ["dead_letter.created"]
    assert (await page_of(demo, app_id="other"))[0] == []


async def test_an_app_narrows_to_its_events(api: httpx2.AsyncClient, store: Store) -> None:
    await write(store, OF_DEMO, OF_GATEWAY, OF_OTHER)
    assert (await page_of(api, app_id="other"))[0] == ["endpoint.disabled"]


async def test_an_old_cursor_is_refused_and_zero_is_not(api: httpx2.AsyncClient, store: Store) -> None:
    await write(store, *[OF_DEMO] * 3)
    first, second, _ = [seq for (seq,) in await store.rows("SELECT seq FROM events ORDER BY seq")]
    async with store.engine.begin() as connection:
        await connection.execute(text(f"DELETE FROM events WHERE seq <= {second}"))
        await connection.execute(text(f"INSERT INTO event_log (one, deleted_to) VALUES (true, {second})"))
    problem = assert_problem(await api.get("/v1/events", params={"after": first}), 410, "cursor_expired")
    assert problem["deleted_to"] == second
    assert_problem(await api.get("/v1/events/stream", params={"after": first}), 410, "cursor_expired")
    for after in (0, second):
        assert (await page_of(api, after=after))[0] == ["dead_letter.created"]


@pytest.mark.parametrize(
    "query",
    ["type=verification", "type=verification.*&type=x", "type=", "after=-1", "after=x", "limit=0",
     "limit=1001", "wait=31", "tpye=*", "after=9223372036854775808"],
)  # fmt: skip
async def test_odd_parameters_are_refused(api: httpx2.AsyncClient, query: str) -> None:
    assert_problem(await api.get(f"/v1/events?{query}"), 422, "invalid_request")


async def test_reading_needs_the_scope(api_context: RealApi, client_of: ClientOf) -> None:
    await api_context.tokens.put("operator", "t", scopes=["operate"])
    for path in ("/v1/events", "/v1/events/stream"):
        assert_problem(await client_of("t").get(path), 403, "missing_scope")


@pytest.mark.usefixtures("following")
async def test_a_held_page_is_answered_with_the_first_event(
    api: httpx2.AsyncClient, store: Store, api_context: RealApi
) -> None:
    await write(store, OF_DEMO)
    _, after = await page_of(api)
    request = asyncio.create_task(page_of(api, after=after, type="endpoint.*", wait=20))
    await until(lambda: is_read(api_context))
    await write(store, OF_DEMO)
    api_context.feed.hint()
    await write(store, OF_OTHER)
    types, after = await asyncio.wait_for(request, 10)
    assert types == ["endpoint.disabled"]
    assert await page_of(api, after=after, wait=0.1) == ([], after)


@pytest.mark.usefixtures("following")
async def test_a_held_page_is_answered_empty_when_the_process_leaves(
    api: httpx2.AsyncClient, api_context: RealApi
) -> None:
    request = asyncio.create_task(page_of(api, wait=30))
    await until(lambda: is_read(api_context))
    api_context.lifecycle.last_calls.append(api_context.feed.wake_all)
    api_context.lifecycle.leave()
    assert (await asyncio.wait_for(request, 10))[0] == []


async def test_conflicts_of_verifications_are_read_by_app(api: httpx2.AsyncClient, store: Store) -> None:
    mine = await store.record()
    other = await store.record(callback(payload(2), app_id="other"))
    for recorded in (mine, other):
        await write(store, NewEvent(EventType.CONFLICT, NOW, verification_id=recorded.verification_id))
    assert (await page_of(api, app_id="other", type="verification.*"))[0] == ["verification.conflict"]


async def is_read(context: RealApi) -> bool:
    """Whether somebody waits for news."""
    return context.feed._readers > 0


@pytest.mark.usefixtures("following")
async def test_a_token_that_is_revoked_during_the_wait_gets_no_event(
    client_of: ClientOf, store: Store, api_context: RealApi
) -> None:
    await api_context.tokens.put("mine", "mine-token")
    request = asyncio.create_task(client_of("mine-token").get("/v1/events", params={"wait": 30}))

    async def waits() -> bool:
        return api_context.feed._readers == 1

    await until(waits)
    await api_context.tokens.revoke("mine")
    await write(store, OF_DEMO)
    api_context.feed.hint()
    assert_problem(await asyncio.wait_for(request, 20), 401, "unauthenticated")
