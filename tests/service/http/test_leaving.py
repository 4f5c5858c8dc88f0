"""Connections that give way: closed at a steady pace, so that a client that comes back comes at that pace."""

import asyncio

import pytest
from fastapi import FastAPI
from starlette.types import Receive, Scope, Send

from devstack.waiting import until
from service.http import connections
from service.http.connections import Limits
from service.http.leaving import Leaving
from tests.support.http.requests_sent import BODY, GET, HEAD
from tests.support.http.sockets import Client, Listener, post, protocols_alive, served, statuses

LIMITS = Limits(per_address=2, leaving=5, header_bytes=2048)


class NotedTransport:
    """A socket that notes when it is closed."""

    def __init__(self) -> None:
        self.protocol: asyncio.Protocol | None = None
        self.closed = False

    def set_protocol(self, protocol: asyncio.Protocol) -> None:
        """Note it."""
        self.protocol = protocol

    def abort(self) -> None:
        """Note it."""
        self.closed = True


def taken(leaving: Leaving, count: int, *, spare: int = 0) -> list[NotedTransport]:
    transports = [NotedTransport() for _ in range(count)]
    for transport in transports:
        leaving.take(transport, spare=spare)
    return transports


def closed(transports: list[NotedTransport]) -> list[int]:
    return [number for number, transport in enumerate(transports) if transport.closed]


@pytest.mark.parametrize(("most", "gone"), [(0, [0, 1, 2, 3]), (3, [0]), (4, [])])
def test_the_first_to_leave_is_closed_where_too_many_do(most: int, gone: list[int]) -> None:
    leaving = Leaving(most)
    assert closed(taken(leaving, 4)) == gone
    assert len(leaving) == 4 - len(gone)


def test_they_are_closed_in_order_a_few_at_a_time() -> None:
    leaving = Leaving(9)
    transports = taken(leaving, 5)
    leaving.close(2)
    assert closed(transports) == [0, 1]
    leaving.close(9)
    assert closed(transports) == [0, 1, 2, 3, 4]
    assert len(leaving) == 0


@pytest.mark.parametrize(("spare", "sent", "ends"), [(0, 1, True), (9, 9, False), (9, 10, True)])
def test_one_that_sends_more_than_it_may_is_closed_at_once(spare: int, sent: int, ends: bool) -> None:
    leaving = Leaving(9)
    (transport,) = taken(leaving, 1, spare=spare)
    assert transport.protocol is not None
    for _ in range(sent):
        transport.protocol.data_received(b"a")
    assert transport.closed == ends
    assert len(leaving) == (0 if ends else 1)


def test_a_request_whose_client_disconnects_is_forgotten() -> None:
    leaving = Leaving(9)
    (transport,) = taken(leaving, 1)
    assert transport.protocol is not None
    transport.protocol.connection_lost(None)
    assert len(leaving) == 0


async def test_clients_that_come_back_at_once_come_at_the_pace_of_the_listener(ingress: FastAPI) -> None:
    """Each close lets one client in, which makes another give way: without the pace, as fast as it goes."""
    came = 0

    async with served(ingress, Limits(per_address=20, leaving=500)) as listener:

        async def come_back() -> None:
            nonlocal came
            while True:
                came += 1
                await (await listener.connect()).reader.read()

        storm = [asyncio.create_task(come_back()) for _ in range(60)]
        await asyncio.sleep(1)
        for client in storm:
            client.cancel()
        assert listener.connections.count == 20
        assert 0 < len(listener.connections.leaving) <= 40
    assert came <= 60 + 250, "four in 20 ms"


@pytest.fixture
def no_pace(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connections, "_LEAVE_AT_ONCE", 0)


@pytest.mark.parametrize("first", [b"", b"GET /hea", GET, HEAD + b"content-length: 9\r\n\r\nab"])
@pytest.mark.usefixtures("no_pace", "no_garbage_collection")
async def test_one_that_gives_way_stays_open_and_holds_nothing(ingress: FastAPI, first: bytes) -> None:
    before = protocols_alive()
    async with served(ingress, LIMITS) as listener:
        client = await listener.connect()
        client.send(first)
        if first == GET:
            await client.answer()
        await until_it_left(listener)
        assert not client.reader.at_eof()
        assert protocols_alive() == before + 2, "its protocol is freed without the garbage collector"


async def until_it_left(listener: Listener) -> None:
    for _ in range(2):
        good = await listener.connect()
        good.send(GET)
        assert (await good.answer())[0] == 200
    assert len(listener.connections.leaving) == 1
    assert listener.connections.count == 2


@pytest.mark.parametrize("first", [b"", GET])
@pytest.mark.usefixtures("no_pace")
async def test_a_request_on_a_connection_that_gave_way_is_not_left_waiting(
    ingress: FastAPI, first: bytes
) -> None:
    async with served(ingress, LIMITS) as listener:
        client = await listener.connect()
        client.send(first)
        if first:
            await client.answer()
        await until_it_left(listener)
        client.send(post(BODY))
        assert statuses(await asyncio.wait_for(client.rest(), 3)) == []


@pytest.mark.usefixtures("no_pace")
async def test_an_app_that_waits_for_a_body_learns_that_its_client_gave_way() -> None:
    received: list[str] = []

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["path"] == "/large":
            while (message := await receive()).get("more_body"):
                pass
            received.append(message["type"])
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"0")]})
        await send({"type": "http.response.body"})

    async def is_received() -> bool:
        return bool(received)

    async with served(app, LIMITS) as listener:
        client = await listener.connect()
        client.send(b"POST /large HTTP/1.1\r\nexpect: 100-continue\r\ncontent-length: 9\r\n\r\n")
        assert await client.reader.readuntil(b"\r\n\r\n") == b"HTTP/1.1 100 Continue\r\n\r\n"
        await until_it_left(listener)
        await until(is_received)
    assert received == ["http.disconnect"]


@pytest.mark.usefixtures("no_pace")
async def test_the_end_of_the_process_does_not_wait_for_them(ingress: FastAPI) -> None:
    async with served(ingress, LIMITS) as listener:
        client: Client = await listener.connect()
        await until_it_left(listener)
        listener.clients.remove(client)
    assert len(listener.connections.leaving) == 0
    assert await client.rest() == b""
