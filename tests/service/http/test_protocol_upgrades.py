"""Upgrades that are offered and not taken, and connections that end with their request."""

import asyncio

import pytest

from devstack.waiting import until
from tests.service.conftest import FakeIntake
from tests.support.http.requests_sent import BODY, DATA, GET, HEAD
from tests.support.http.sockets import Listener, post, statuses


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
    await until(listener.is_empty)


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


async def test_a_chunked_body_after_an_offered_upgrade_is_read(
    listener: Listener, intake: FakeIntake
) -> None:
    offer = b"connection: upgrade\r\nupgrade: h2c\r\ntransfer-encoding: chunked\r\n\r\n"
    client = await listener.connect()
    client.send(HEAD + offer + b"%x\r\n%b\r\n0\r\n\r\n" % (len(BODY), BODY))
    assert (await client.answer())[0] == 200
    assert len(intake.accepted) == 1
