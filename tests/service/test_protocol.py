"""The listener's own protocol: deadlines, sizes, ends of connections, and upgrades that are not taken."""

import asyncio
from collections.abc import AsyncIterator

import pytest
from fastapi import FastAPI
from starlette.types import Receive, Scope, Send
from structlog.testing import capture_logs

from service.connections import Limits
from service.protocol import MAX_PIPELINED
from tests.adapters.builders import payload, until
from tests.domain.builders import dump
from tests.service.asgi import FORM, signed
from tests.service.conftest import FakeIntake
from tests.service.sockets import NOTIFY, Listener, post, served, statuses

DATA = dump(payload())
BODY = signed(DATA)
HEAD = f"POST {NOTIFY} HTTP/1.1\r\nhost: x\r\ncontent-type: {FORM}\r\n".encode()
GET = b"GET /healthz HTTP/1.1\r\nhost: x\r\n\r\n"
CHUNKED = HEAD + b"transfer-encoding: chunked\r\n\r\n"
LIMITS = Limits(
    header_bytes=2048,
    headers=20,
    body_bytes=20_000,
    request_seconds=0.5,
    idle_seconds=0.5,
    closing_seconds=0.5,
)


@pytest.fixture
async def listener(ingress: FastAPI) -> AsyncIterator[Listener]:
    async with served(ingress, LIMITS) as listening:
        yield listening


@pytest.mark.parametrize(
    "offer",
    [
        ["connection: Upgrade, HTTP2-Settings", "upgrade: h2c", "http2-settings: AAMAAABkAAQAoAAAAAIAAAAA"],
        ["connection: upgrade", "upgrade: websocket", "sec-websocket-key: x"],
        ["Connection: keep-alive, Upgrade", "Upgrade: TLS/1.0, h2c"],
        ["upgrade: h2c"],
    ],
    ids=["h2c", "websocket", "tls", "no connection header"],
)
async def test_an_offered_upgrade_is_not_taken_and_the_request_is_read(
    listener: Listener, intake: FakeIntake, offer: list[str]
) -> None:
    client = await listener.connect()
    client.send(post(BODY, *offer) + post(BODY, *offer))
    assert [await client.answer() for _ in range(2)] == [(200, b'{"status":"accepted"}')] * 2
    client.send(GET)
    assert (await client.answer())[0] == 200, "the connection goes on"
    assert [callback.data for callback in intake.accepted] == [DATA], "the second is its duplicate"


@pytest.mark.parametrize(
    "sent",
    [
        post(BODY, "connection: close"),
        post(BODY).replace(b"HTTP/1.1", b"HTTP/1.0"),
        post(BODY, "connection: keep-alive").replace(b"HTTP/1.1", b"HTTP/1.0"),
        post(BODY, "connection: close, upgrade", "upgrade: h2c"),
    ],
    ids=["close", "1.0", "1.0 keep-alive", "close and upgrade"],
)
async def test_a_connection_that_ends_with_its_request_is_answered(
    listener: Listener, intake: FakeIntake, sent: bytes
) -> None:
    received = await asyncio.wait_for(listener.exchange(sent), 0.4)
    assert statuses(received) == [200]
    assert received.endswith(b'{"status":"accepted"}')
    assert len(intake.accepted) == 1
    await until(lambda: _is_empty(listener))


async def test_an_upgrade_is_not_taken_wherever_the_bytes_are_cut(
    listener: Listener, intake: FakeIntake
) -> None:
    whole = post(BODY, "connection: upgrade", "upgrade: h2c")
    client = await listener.connect()
    for at in range(0, len(whole), 97):
        client.send(whole[at : at + 97])
        await asyncio.sleep(0)
    assert (await client.answer())[0] == 200
    assert [callback.data for callback in intake.accepted] == [DATA]


async def test_a_chunked_body_behind_an_upgrade_is_read(listener: Listener, intake: FakeIntake) -> None:
    offer = b"connection: upgrade\r\nupgrade: h2c\r\ntransfer-encoding: chunked\r\n\r\n"
    client = await listener.connect()
    client.send(HEAD + offer + b"%x\r\n%b\r\n0\r\n\r\n" % (len(BODY), BODY))
    assert (await client.answer())[0] == 200
    assert len(intake.accepted) == 1


WAITING: list[tuple[str, bytes, list[int]]] = [
    ("nothing", b"", []),
    ("a line end", b"\r\n", [408]),
    ("half a request line", b"POST /callb", [408]),
    ("half a head", HEAD, [408]),
    ("no body", HEAD + b"content-length: 5\r\n\r\n", [408]),
    ("half a body", post(BODY)[:-9], [408]),
    ("no last chunk", CHUNKED + b"1\r\na\r\n", [408]),
    ("no end of the trailers", CHUNKED + b"1\r\na\r\n0\r\nx: y\r\n", [408]),
    ("half a head behind an answer", GET + HEAD, [200, 408]),
    ("nothing behind an answer", GET, [200]),
]


@pytest.mark.parametrize(("sent", "answers"), [row[1:] for row in WAITING], ids=[row[0] for row in WAITING])
async def test_what_does_not_come_is_not_waited_for(
    listener: Listener, sent: bytes, answers: list[int]
) -> None:
    received = await asyncio.wait_for(listener.exchange(sent), 3)
    assert statuses(received) == answers
    await until(lambda: _is_empty(listener))


@pytest.mark.parametrize(
    ("first", "drip"),
    [
        (HEAD, b"x: y\r\n"),
        (b"\r\n", b"\r\n"),
        (HEAD + b"content-length: 999\r\n\r\n", b"a"),
        (CHUNKED, b"1\r\na\r\n"),
    ],
    ids=["headers", "line ends", "body", "chunks"],
)
async def test_dripping_does_not_move_the_deadline_and_the_socket_goes(
    listener: Listener, first: bytes, drip: bytes
) -> None:
    client = await listener.connect()
    client.send(first)

    async def go_on() -> None:
        while True:
            client.send(drip)
            await asyncio.sleep(0.05)

    dripping = asyncio.create_task(go_on())
    received = await asyncio.wait_for(client.rest(), 3)
    dripping.cancel()
    assert statuses(received) == [408]
    await until(lambda: _is_empty(listener))


async def _is_empty(listener: Listener) -> bool:
    return listener.connections.count == 0


MANY = b"".join(b"x%d: y\r\n" % n for n in range(30))
TOO_LARGE: list[tuple[str, bytes, int]] = [
    ("many headers", HEAD + MANY + b"\r\n", 431),
    ("one large header", HEAD + b"x: " + b"a" * 5_000_000, 431),
    ("many small headers", HEAD + b"a: b\r\n" * 500_000, 431),
    ("a large name", HEAD + b"a" * 5_000_000, 431),
    ("many languages", b"GET /callbacks/demo/return HTTP/1.1\r\naccept-language: " + b"," * 2_000_000, 431),
    ("a long target", b"GET /" + b"a" * 500_000, 431),
    ("a long query", b"GET /healthz?" + b"%41" * 100_000, 431),
    ("many trailers", CHUNKED + b"1\r\na\r\n0\r\n" + MANY + b"\r\n", 431),
    ("a large trailer", CHUNKED + b"1\r\na\r\n0\r\nx: " + b"a" * 5_000_000, 413),
    ("a long chunk extension", CHUNKED + b"1;x=" + b"a" * 5_000_000, 413),
    ("many chunk extensions", CHUNKED + b"1;x=aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\r\na\r\n" * 9_000, 413),
    ("a declared giant", HEAD + b"content-length: 99999999\r\n\r\n" + b"a" * 5_000_000, 413),
    ("an endless body", CHUNKED + (b"1000\r\n" + b"a" * 4096 + b"\r\n") * 1000, 413),
    ("line ends", b"\r\n" * 3000, 431),
]


@pytest.mark.parametrize(
    ("sent", "status"), [row[1:] for row in TOO_LARGE], ids=[row[0] for row in TOO_LARGE]
)
async def test_what_is_too_large_is_refused_and_the_connection_ends(
    listener: Listener, intake: FakeIntake, sent: bytes, status: int
) -> None:
    client = await listener.connect()
    client.send(sent)
    assert (await client.answer())[0] == status
    await asyncio.wait_for(client.rest(), 3)
    await until(lambda: _is_empty(listener))
    assert intake.accepted == []


@pytest.mark.parametrize("extra", [-1, 0, 1])
async def test_the_size_of_a_head_is_exact_however_it_arrives(listener: Listener, extra: int) -> None:
    start, end = b"GET /healthz HTTP/1.1\r\nhost: x\r\nx: ", b"\r\n\r\n"
    head = start + b"a" * (LIMITS.header_bytes + extra - len(start) - len(end)) + end
    expected = 431 if extra > 0 else 200
    for cut in (len(head), 700, len(head) - 1):
        client = await listener.connect()
        client.send(head[:cut])
        await asyncio.sleep(0.02)
        client.send(head[cut:])
        assert (await client.answer())[0] == expected
        client.writer.close()


async def test_a_large_head_behind_another_request_is_refused_too(listener: Listener) -> None:
    large = b"GET /healthz HTTP/1.1\r\nx: " + b"a" * 5000 + b"\r\n\r\n"
    received = await listener.exchange(post(b"a" * 3000) + large)
    assert statuses(received) == [400], "the first one is answered, then the connection ends"


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
async def test_what_is_no_http_is_a_problem_and_the_connection_ends(listener: Listener, sent: bytes) -> None:
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

    await until(lambda: _is_added(listener))
    await until(is_dropped)
    client.writer.transport.abort()


async def _is_added(listener: Listener) -> bool:
    return listener.connections.count > 0


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
            await until(lambda: _is_empty(listener))
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
