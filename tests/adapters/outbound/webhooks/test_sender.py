"""A misbehaving receiver costs at most 15 seconds and 64 KiB, and its failure has a word."""

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest

from adapters.outbound.webhooks.sender import KEPT_OF_ANSWER, MAX_ANSWER, WebhookSender
from domain.events.webhooks.addresses import parse_allowed
from domain.events.webhooks.way import Answer, Fault, NotSent, Way
from tests.support.servers.vendor import (
    Ending,
    VendorServer,
    answers,
    closes,
    floods,
    gzipped,
    hangs,
    resets,
    sends,
    serving,
)

HERE = parse_allowed(["127.0.0.0/8"])
RESET = NotSent(Fault.RECEIVER, "reset")
TIMEOUT = NotSent(Fault.RECEIVER, "timeout")
BAD_ANSWER = NotSent(Fault.RECEIVER, "bad_answer")
SHORT = timedelta(seconds=0.3)


async def attempt(
    *endings: Ending, within: timedelta = timedelta(seconds=15)
) -> tuple[Answer | NotSent, VendorServer]:
    async with serving(*endings) as server, WebhookSender(allowed=HERE, timeout=within) as sender:
        return await sender.post(Way(f"{server.url}/hook?a=%2F"), b'{"n":1}', {"webhook-id": "e1"}), server


async def test_the_body_and_headers_arrive_as_they_were_signed() -> None:
    result, server = await attempt(answers(204, b""))
    assert result == Answer(204)
    assert server.bodies == [b'{"n":1}']
    assert server.requests[0].startswith("POST /hook?a=%2F HTTP/1.1\r\n")
    assert "webhook-id: e1\r\n" in server.requests[0]


async def test_headers_of_the_endpoint_are_added_and_ours_win() -> None:
    async with serving(answers(200)) as server, WebhookSender(allowed=HERE) as sender:
        way = Way(server.url, headers=(("Authorization", "Bearer x"), ("Webhook-Id", "forged")))
        await sender.post(way, b"{}", {"webhook-id": "e1"})
    assert "Authorization: Bearer x\r\n" in server.requests[0]
    assert "forged" not in server.requests[0]


@pytest.mark.parametrize(
    ("ending", "expected"),
    [
        (hangs, TIMEOUT),
        (sends(b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\n", b"1", pause=5), TIMEOUT),
        (sends(b"HTTP/1.1 200 OK\r\n", b"x: y\r\n", pause=5), TIMEOUT),
        (resets, RESET),
        (closes, RESET),
        (sends(b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\n1"), BAD_ANSWER),
        (sends(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\nab"), BAD_ANSWER),
        (sends(b"HTTP/1.1 200 OK\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\n12"), BAD_ANSWER),
        (sends(b"SSH-2.0-OpenSSH_9.6\r\n\r\n"), BAD_ANSWER),
        (sends(b"HTTP/1.1 200 OK\r\nx: " + b"y" * 100_000 + b"\r\n\r\n"), BAD_ANSWER),
        (sends(b"HTTP/1.1 200 OK\r\n" + b"x: y\r\n" * 5000 + b"\r\n"), BAD_ANSWER),
    ],
)
async def test_each_fault_of_a_receiver_has_a_word(ending: Ending, expected: NotSent) -> None:
    result, _ = await attempt(ending, within=SHORT if expected is TIMEOUT else timedelta(seconds=15))
    assert result == expected


async def test_endless_interim_answers_end_with_the_time() -> None:
    async def interim(writer: asyncio.StreamWriter) -> None:
        while True:
            writer.write(b"HTTP/1.1 102 Processing\r\n\r\n")
            await writer.drain()
            await asyncio.sleep(0.01)

    result, _ = await attempt(interim, within=SHORT)
    assert result == TIMEOUT


async def test_a_connection_refused_has_a_word() -> None:
    async with serving(answers(200)) as server:
        url = server.url
    async with WebhookSender(allowed=HERE) as sender:
        assert await sender.post(Way(url), b"", {}) == NotSent(Fault.RECEIVER, "connection_refused")


async def test_a_gigabyte_costs_64_kib() -> None:
    result, _ = await attempt(floods(1 << 30))
    assert isinstance(result, Answer)
    assert (result.status, len(result.head)) == (200, KEPT_OF_ANSWER)


async def test_the_first_2_kib_of_an_answer_are_kept() -> None:
    body = bytes(range(256)) * (MAX_ANSWER // 256)
    result, _ = await attempt(answers(500, body))
    assert result == Answer(500, head=body[:KEPT_OF_ANSWER])


async def test_a_compressed_answer_stays_compressed() -> None:
    result, _ = await attempt(gzipped(b"a" * 100_000))
    assert isinstance(result, Answer)
    assert result.head.startswith(b"\x1f\x8b")


async def test_cookies_are_not_kept() -> None:
    async with serving(answers(200, set_cookie="a=b")) as server, WebhookSender(allowed=HERE) as sender:
        for _ in range(2):
            await sender.post(Way(server.url), b"", {})
    assert "cookie" not in server.requests[1].lower()


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("120", timedelta(seconds=120)),
        ("0", timedelta(0)),
        ("-1", None),
        ("soon", None),
        ("9" * 400, timedelta(days=1)),
        ("Mon, 01 Jan 2024 00:00:00 +99999999999999999999", None),
        (format_datetime(datetime(2020, 1, 1, tzinfo=UTC), usegmt=True), timedelta(0)),
    ],
)
async def test_retry_after_is_seconds_or_a_date(value: str, expected: timedelta | None) -> None:
    result, _ = await attempt(answers(503, retry_after=value))
    assert isinstance(result, Answer)
    assert result.retry_after == expected


async def test_a_kept_connection_that_the_receiver_closed_is_replaced() -> None:
    async with serving(answers(200), closes, answers(200)) as server:
        results = await _one_after_the_other(server, 2)
    assert results == [Answer(200, head=b"{}")] * 2
    assert server.connections == 2


async def test_connections_are_kept() -> None:
    async with serving(answers(200)) as server:
        await _one_after_the_other(server, 5)
    assert server.connections == 1


async def _one_after_the_other(server: VendorServer, times: int) -> Sequence[Answer | NotSent]:
    async with WebhookSender(allowed=HERE) as sender:
        return [await sender.post(Way(server.url), b"", {}) for _ in range(times)]
