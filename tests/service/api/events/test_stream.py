"""`GET /v1/events/stream`: events as they happen, from where the reader was."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import fastapi.routing
import httpx2
import pytest
from faceid_gateway_client.sse import Message, Reader
from sqlalchemy.ext.asyncio import AsyncEngine

from adapters.store.events.reader import PgEvents
from adapters.tasks.background import end_tasks
from devstack.waiting import until
from domain.events.event import EventType, NewEvent
from domain.views.events import EVERYTHING, EventFilter, EventPage
from service.api.events import places
from service.api.events.feed import Feed
from tests.service.api.events.test_pages import OF_DEMO, OF_GATEWAY, OF_OTHER, write
from tests.service.conftest import assert_problem
from tests.support.http.api import RealApi
from tests.support.storage.stores import Store

STREAM = "/v1/events/stream"


class Stream:
    """The messages and comments of an open stream."""

    def __init__(self, answer: httpx2.Response) -> None:
        self.answer = answer
        self._lines = answer.aiter_lines()

    async def messages(self, count: int) -> list[Message]:
        """The next messages."""
        found: list[Message] = []
        reader = Reader()
        async with asyncio.timeout(10):
            while len(found) < count:
                found += reader.take(await anext(self._lines))
        return found

    async def lines(self) -> list[str]:
        """What is left until the stream ends."""
        async with asyncio.timeout(10):
            return [line async for line in self._lines]

    async def line(self) -> str:
        """The next line."""
        async with asyncio.timeout(10):
            return await anext(self._lines)


@asynccontextmanager
async def opened(
    client: httpx2.AsyncClient, *, headers: dict[str, str] | None = None, **parameters: Any
) -> AsyncIterator[Stream]:
    async with client.stream("GET", STREAM, params=parameters, headers=headers) as answer:
        assert answer.status_code == 200
        yield Stream(answer)


async def test_a_stream_goes_on_from_the_cursor_and_on_and_on(
    sockets: httpx2.AsyncClient, store: Store
) -> None:
    await write(store, OF_DEMO, OF_GATEWAY)
    async with opened(sockets, after=0) as stream:
        first, second = await stream.messages(2)
        assert stream.answer.headers["content-type"].startswith("text/event-stream")
        assert (first.event, second.event) == ("dead_letter.created", "policy.activated")
        await write(store, OF_OTHER)
        [third] = await stream.messages(1)
    [page] = [(await sockets.get("/v1/events")).json()["items"]]
    assert [int(each.id) for each in (first, second, third)] == [event["seq"] for event in page]
    assert httpx2.Response(200, text=third.data).json() == page[2]


async def test_without_a_cursor_only_what_happens_from_now_on(
    sockets: httpx2.AsyncClient, store: Store
) -> None:
    await write(store, OF_DEMO)
    async with opened(sockets) as stream:
        await write(store, OF_OTHER)
        assert [each.event for each in await stream.messages(1)] == ["endpoint.disabled"]


async def test_the_last_id_counts_more_than_the_cursor_of_the_address(
    sockets: httpx2.AsyncClient, store: Store
) -> None:
    await write(store, OF_DEMO, OF_OTHER)
    first = (await sockets.get("/v1/events")).json()["items"][0]["seq"]
    async with opened(sockets, after=0, headers={"last-event-id": str(first)}) as stream:
        assert [each.event for each in await stream.messages(1)] == ["endpoint.disabled"]


async def test_a_stream_has_only_the_selected_types(sockets: httpx2.AsyncClient, store: Store) -> None:
    async with opened(sockets, after=0, type="endpoint.*") as stream:
        await write(store, OF_DEMO, OF_OTHER, OF_DEMO)
        await write(store, OF_OTHER)
        assert [each.event for each in await stream.messages(2)] == ["endpoint.disabled"] * 2


async def test_a_token_for_one_app_streams_its_events_alone(
    sockets: httpx2.AsyncClient, store: Store, api_context: RealApi
) -> None:
    await api_context.tokens.put("other", "other-token", apps=["other"])
    mine = {"authorization": "Bearer other-token"}
    async with opened(sockets, after=0, headers=mine) as stream:
        await write(store, OF_DEMO, OF_GATEWAY, OF_OTHER)
        assert [each.event for each in await stream.messages(1)] == ["endpoint.disabled"]


async def test_a_quiet_stream_shows_that_it_lives(
    sockets: httpx2.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    # The interval that the docs promise, and that the clients' patience of 45 seconds goes by.
    assert vars(fastapi.routing)["_PING_INTERVAL"] == 15
    monkeypatch.setattr(fastapi.routing, "_PING_INTERVAL", 0.05)
    async with opened(sockets, after=0) as stream:
        while (line := await stream.line()) != ": ping":
            assert line in {"id: 0", ""}


async def test_a_stream_begins_and_ends_with_the_position_whatever_is_selected(
    sockets: httpx2.AsyncClient, api_context: RealApi, store: Store
) -> None:
    async with opened(sockets, after=0, type="verification.*") as stream:
        assert await stream.line() == "id: 0"
        await write(store, OF_DEMO)
        newest = await api_context.events.newest()
        await until(lambda: _has_come_to(api_context.feed, newest))
        api_context.lifecycle.draining = True
        api_context.feed.wake_all()
        lines = await stream.lines()
    assert f"id: {newest}" in lines
    assert not any(line.startswith("data:") for line in lines)


async def test_a_text_with_other_line_ends_is_one_line(sockets: httpx2.AsyncClient, store: Store) -> None:
    # httpx ends lines there, and the event would stop its readers for ever.
    text = "a\u2028b\u2029c\x85d"
    await write(store, NewEvent(EventType.DEAD_LETTER_CREATED, app_id="demo", detail={"word": text}))
    async with opened(sockets, after=0) as stream:
        [message] = await stream.messages(1)
    assert json.loads(message.data)["detail"] == {"word": text}


async def test_a_stream_ends_when_the_process_drains(
    sockets: httpx2.AsyncClient, api_context: RealApi, store: Store
) -> None:
    await write(store, OF_DEMO)
    async with opened(sockets, after=0) as stream:
        await stream.messages(1)
        api_context.lifecycle.first_calls.append(api_context.feed.wake_all)
        api_context.lifecycle.draining = True
        api_context.lifecycle.drain()
        await stream.lines()
    await until(lambda: _nobody_reads(api_context))


async def test_a_reader_that_hangs_up_is_forgotten(
    sockets: httpx2.AsyncClient, api_context: RealApi, store: Store
) -> None:
    await write(store, OF_DEMO)
    async with opened(sockets, after=0) as stream:
        await stream.messages(1)
        assert api_context.streams._open.total() == 1
    await until(lambda: _nobody_reads(api_context))


async def test_a_token_has_a_limited_number_of_streams(
    sockets: httpx2.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(places, "MOST_OF_TOKEN", 2)
    async with opened(sockets), opened(sockets):
        problem = assert_problem(await sockets.get(STREAM), 429, "too_many_requests")
        assert problem["status"] == 429


async def test_many_readers_cost_no_query_each(
    sockets: httpx2.AsyncClient, api_context: RealApi, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Readers that have caught up get what is new from the feed."""
    await write(store, OF_DEMO)
    after = await api_context.events.newest()
    with api_context.feed.reading():
        await until(lambda: _follows(api_context.feed))
        looks: list[int] = []
        page = PgEvents.page

        async def counted(self: PgEvents, which: Any, *, after: int, limit: int) -> Any:
            looks.append(limit)
            return await page(self, which, after=after, limit=limit)

        monkeypatch.setattr(PgEvents, "page", counted)
        streams = [opened(sockets, after=after) for _ in range(5)]
        readers = [await each.__aenter__() for each in streams]
        begun = [limit for limit in looks if limit != _FEEDS]
        await write(store, OF_OTHER)
        for reader in readers:
            assert [each.event for each in await reader.messages(1)] == ["endpoint.disabled"]
        for each in streams:
            await each.__aexit__(None, None, None)
    assert begun == [1] * 5
    assert [limit for limit in looks if limit != _FEEDS] == begun


_FEEDS = 500


async def test_a_reader_behind_what_the_feed_keeps_gets_everything(engine: AsyncEngine, store: Store) -> None:
    events = PgEvents(engine)
    feed = Feed(events, keep=3)
    following = asyncio.create_task(feed.follow())
    with feed.reading():
        await until(lambda: _follows(feed))
        await write(store, *[OF_DEMO] * 10)
        newest = await events.newest()
        await feed.wait(newest - 1, seconds=10)
        seen: list[int] = []
        after = 0
        while after < newest:
            page = await feed.page(EVERYTHING, after=after, limit=2)
            seen += [event.seq for event in page.items]
            after = page.next
    following.cancel()
    assert len(seen) == 10
    assert seen == sorted(set(seen))


async def test_a_bug_does_not_end_the_feed(
    engine: AsyncEngine, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("service.api.events.feed._LOOK_EVERY", 0.01)
    events = PgEvents(engine)
    read, failures = events.page, iter([RuntimeError("a bug")])

    async def broken_once(which: EventFilter, *, after: int, limit: int) -> EventPage:
        for failure in failures:
            raise failure
        return await read(which, after=after, limit=limit)

    monkeypatch.setattr(events, "page", broken_once)
    feed = Feed(events)
    following = asyncio.create_task(feed.follow())
    with feed.reading():
        await write(store, OF_DEMO)
        newest = await events.newest()
        await until(lambda: _has_come_to(feed, newest))
    await end_tasks(following)


async def _follows(feed: Feed) -> bool:
    return feed._to >= 0


async def _has_come_to(feed: Feed, seq: int) -> bool:
    return feed._to >= seq


async def _nobody_reads(context: RealApi) -> bool:
    return context.feed._readers == 0 and context.streams._open.total() == 0


async def test_a_stream_ends_when_its_token_is_revoked_or_replaced(
    sockets: httpx2.AsyncClient, api_context: RealApi
) -> None:
    tokens = api_context.tokens
    for end in (tokens.revoke("reader"), tokens.put("reader", "reader-token", apps=["other"])):
        await tokens.put("reader", "reader-token", apps=["demo"])
        async with opened(sockets, headers={"authorization": "Bearer reader-token"}) as stream:
            assert (await stream.line()).startswith("id:")
            await end
            assert "data:" not in "".join(await stream.lines())
