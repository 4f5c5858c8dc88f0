"""Deadlines and sizes: what does not come is not waited for, and what is too large is not read."""

import asyncio

import pytest

from devstack.waiting import until
from tests.service.conftest import FakeIntake
from tests.support.http.requests_sent import BODY, CHUNKED, GET, HEAD, LIMITS
from tests.support.http.sockets import Listener, post, statuses

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
async def test_a_request_that_never_completes_is_ended(
    listener: Listener, sent: bytes, answers: list[int]
) -> None:
    received = await asyncio.wait_for(listener.exchange(sent), 3)
    assert statuses(received) == answers
    await until(listener.is_empty)


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
async def test_a_slow_drip_does_not_extend_the_deadline(
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
    await until(listener.is_empty)


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
async def test_a_request_that_is_too_large_is_refused_and_closed(
    listener: Listener, intake: FakeIntake, sent: bytes, status: int
) -> None:
    client = await listener.connect()
    client.send(sent)
    assert (await client.answer())[0] == status
    await asyncio.wait_for(client.rest(), 3)
    await until(listener.is_empty)
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


async def test_a_large_head_after_another_request_is_refused_too(listener: Listener) -> None:
    large = b"GET /healthz HTTP/1.1\r\nx: " + b"a" * 5000 + b"\r\n\r\n"
    received = await listener.exchange(post(b"a" * 3000) + large)
    assert statuses(received) == [400], "the first one is answered, then the connection ends"
