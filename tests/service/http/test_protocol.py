"""The listener's protocol: invalid HTTP, pipelined requests, and when the app gets a request."""

import asyncio

import pytest
from fastapi import FastAPI
from starlette.types import Receive, Scope, Send
from structlog.testing import capture_logs

from devstack.waiting import until
from service.http.connections import Limits
from service.http.protocol import MAX_PIPELINED
from tests.support.http.requests_sent import BODY, CHUNKED, GET, HEAD, LIMITS
from tests.support.http.sockets import NOTIFY, Listener, post, protocols_alive, served, statuses


@pytest.mark.parametrize(
    "sent",
    [
        b"nonsense\r\n\r\n",
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        b"CONNECT evil:443 HTTP/1.1\r\nhost: x\r\n\r\n",
        HEAD + b"content-length: 5\r\ntransfer-encoding: chunked\r\n\r\n",
        HEAD + b"content-length: +5\r\n\r\n",
        CHUNKED + b"zz\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
    ],
)
async def test_a_request_that_is_not_http_gets_a_problem_and_is_closed(
    listener: Listener, sent: bytes
) -> None:
    received = await asyncio.wait_for(listener.exchange(sent), 3)
    assert statuses(received) == [400]
    assert b'"malformed_request"' in received
    assert b"connection: close" in received.lower()


async def test_the_answer_before_a_broken_request_is_still_given(listener: Listener) -> None:
    received = await asyncio.wait_for(listener.exchange(post(BODY) + b"\x00\x00\x00"), 3)
    assert statuses(received) == [200]


async def test_requests_in_a_row_are_answered_in_order_up_to_a_number(listener: Listener) -> None:
    client = await listener.connect()
    client.send((post(b"") + GET) * (MAX_PIPELINED // 2))
    answers = [(await client.answer())[0] for _ in range(MAX_PIPELINED)]
    assert answers == [400, 200] * (MAX_PIPELINED // 2)
    flood = await listener.exchange(GET * 5000)
    assert 1 <= len(statuses(flood)) <= MAX_PIPELINED + 1


async def test_a_client_that_does_not_read_its_answers_is_dropped(listener: Listener) -> None:
    client = await listener.connect()
    client.writer.transport.pause_reading()  # type: ignore[attr-defined]
    page = b"GET /callbacks/demo/return?biz_id=1700000000,abcdefgh HTTP/1.1\r\nhost: x\r\n\r\n"

    async def is_dropped() -> bool:
        if listener.connections.count:
            client.send(page * 10)
        return listener.connections.count == 0

    await until(listener.is_in_use)
    await until(is_dropped)
    client.writer.transport.abort()


async def test_an_expected_continue_comes_and_a_giant_is_not_asked_for(listener: Listener) -> None:
    client = await listener.connect()
    client.send(post(BODY, "expect: 100-continue")[: -len(BODY)])
    assert await client.reader.readuntil(b"\r\n\r\n") == b"HTTP/1.1 100 Continue\r\n\r\n"
    client.send(BODY)
    assert (await client.answer())[0] == 200
    giant = await listener.exchange(HEAD + b"content-length: 30000\r\nexpect: 100-continue\r\n\r\n")
    assert statuses(giant) == [413]


async def test_a_refused_request_is_not_asked_to_continue(ingress: FastAPI) -> None:
    async with served(ingress, LIMITS) as listener:
        with capture_logs() as logged:
            sent = CHUNKED[:-2] + b"expect: 100-continue\r\n\r\nzz\r\n"
            assert statuses(await listener.exchange(sent)) == [400]
            await until(listener.is_empty)
    assert [line for line in logged if line["log_level"] == "error"] == []


async def test_trailers_are_not_taken_for_headers(ingress: FastAPI) -> None:
    seen: list[object] = []

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        while (await receive()).get("more_body"):
            pass
        seen.append(scope["headers"])
        await send({"type": "http.response.start", "status": 204, "headers": []})
        await send({"type": "http.response.body"})

    async with served(app, LIMITS) as listener:
        client = await listener.connect()
        head = b"POST / HTTP/1.1\r\ntransfer-encoding: chunked\r\n\r\n"
        client.send(head + b"1\r\na\r\n0\r\nx-forwarded-for: evil\r\n\r\n")
        assert (await client.answer())[0] == 204
    assert seen == [[(b"transfer-encoding", b"chunked")]]


async def test_an_app_learns_that_its_client_has_gone_and_not_before() -> None:
    received: list[dict[str, object]] = []

    async def app(_scope: Scope, receive: Receive, _send: Send) -> None:
        received.append(dict(await receive()))
        received.append(dict(await receive()))

    async with served(app, LIMITS) as listener:
        client = await listener.connect()
        client.send(post(b"abc"))

        async def are_received(count: int) -> bool:
            return len(received) >= count

        await until(lambda: are_received(1))
        await asyncio.sleep(0.05)
        assert received == [{"type": "http.request", "body": b"abc", "more_body": False}]
        client.abort()
        await until(lambda: are_received(2))
    assert received[1]["type"] == "http.disconnect"


async def answer_once_it_has_hung_up(_scope: Scope, receive: Receive, send: Send) -> None:
    received = [await receive() for _ in range(3)]
    right = [message["type"] for message in received] == ["http.request", *["http.disconnect"] * 2]
    headers = [(b"content-length", b"0")]
    await send({"type": "http.response.start", "status": 200 if right else 500, "headers": headers})
    await send({"type": "http.response.body"})


async def test_a_client_that_closes_its_side_gets_its_answer() -> None:
    async with served(answer_once_it_has_hung_up, LIMITS) as listener:
        client = await listener.connect()
        client.send(post(BODY))
        client.writer.write_eof()
        assert statuses(await asyncio.wait_for(client.rest(), 3)) == [200]
        await until(listener.is_empty)


@pytest.mark.parametrize("sent", [b"", b"GET /hea", post(BODY)[:-5], GET])
async def test_a_client_that_closes_its_side_with_nothing_to_wait_for_is_closed(
    ingress: FastAPI, sent: bytes
) -> None:
    async with served(ingress, Limits()) as listener:
        client = await listener.connect()
        client.send(sent)
        if sent == GET:
            await client.answer()
        client.writer.write_eof()
        assert await asyncio.wait_for(client.rest(), 5) == b"", "sooner than any deadline"
        await until(listener.is_empty)


@pytest.mark.parametrize("sent", [b"", b"GET /hea", post(BODY)[:-5], post(BODY), GET, b"nonsense\r\n\r\n"])
@pytest.mark.usefixtures("no_garbage_collection")
async def test_a_connection_that_ends_leaves_nothing_to_the_garbage_collector(
    listener: Listener, sent: bytes
) -> None:
    """Its runs stop everything: over the cycles of 2,000 connections for a tenth of a second or more."""
    before = protocols_alive()
    for _ in range(3):
        client = await listener.connect()
        client.send(sent)
        await until(listener.is_in_use)
        if sent.endswith((BODY, b"\r\n\r\n")):
            await client.answer()
        client.abort()
        await until(listener.is_empty)

    async def are_freed() -> bool:
        return protocols_alive() == before

    await until(are_freed)


async def test_no_app_is_begun_for_a_request_that_never_is_whole() -> None:
    begun: list[str] = []

    async def app(scope: Scope, _receive: Receive, send: Send) -> None:
        begun.append(scope["path"])
        await send({"type": "http.response.start", "status": 204, "headers": []})
        await send({"type": "http.response.body"})

    async with served(app, LIMITS) as listener:
        cut = await listener.connect()
        cut.send(post(BODY, path="/half")[:-5])
        whole = await listener.connect()
        whole.send(post(BODY, path="/whole"))
        assert (await whole.answer())[0] == 204
        cut.abort()
        await until(lambda: _has_one(listener))
        large = await listener.connect()
        large.send(HEAD + b"content-length: 90000\r\n\r\n")
        assert (await large.answer())[0] == 204
    assert begun == ["/whole", NOTIFY], "but a declared giant is refused at once"


async def _has_one(listener: Listener) -> bool:
    return listener.connections.count == 1
